"""`make audit`: bandit over the code, and every locked package against the published weaknesses.

Ends with 1 if anything was reported, if a package could not be looked up, or if nothing was looked up at all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKED = ("runtime", "build", "audit")


def main() -> int:
    """Audit the code and each lock file."""
    bandit = subprocess.run([tool("bandit"), "-q", "-c", "pyproject.toml", "-r", "runner", "manifests"], cwd=ROOT)
    return max([1 if bandit.returncode else 0, *(audit(name) for name in LOCKED)])


def tool(name: str) -> Path:
    """A program beside this interpreter."""
    return Path(sys.executable).with_name(name)


def audit(name: str) -> int:
    """Look up the packages of one lock file, print what was learned; 0 if all is well."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        lock = ROOT / ".ci" / "locked" / f"{name}.txt"
        command = [tool("pip-audit"), "--strict", "--disable-pip", "--require-hashes", "-r", lock]
        done = subprocess.run([*command, "-f", "json", "-o", report], capture_output=True, text=True)
        packages = json.loads(report.read_text())["dependencies"] if report.exists() else []
    if problem := verdict(packages):
        print(f"{name}: {problem}", *done.stderr.strip().splitlines()[-1:], sep="\n  ")
        return 1
    if done.returncode:
        print(f"{name}: pip-audit ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
        return 1
    print(f"{name}: {len(packages)} packages, no known weakness")
    return 0


def verdict(packages: list[dict[str, Any]]) -> str | None:
    """What is wrong with what was looked up, or None."""
    if not packages:
        return "nothing was audited: the lock file is empty or the database could not be reached"
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    weak = [
        f"{package['name']} {package['version']}: {weakness['id']}"
        for package in packages
        for weakness in package.get("vulns", [])
    ]
    if skipped:
        return f"not audited: {', '.join(skipped)}"
    return "; ".join(weak) or None


if __name__ == "__main__":
    sys.exit(main())
