"""The audit fails when it looked up nothing, and the lock files name what the package needs, each by hash."""

from __future__ import annotations

import importlib.util
import re
import tomllib

import pytest

from tests import ROOT

spec = importlib.util.spec_from_file_location("ci_audit", ROOT / ".ci" / "audit.py")
assert spec is not None and spec.loader is not None
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)

SOUND = {"name": "click", "version": "8.1", "vulns": []}


@pytest.mark.parametrize(
    ("packages", "problem"),
    [
        ([], "nothing was audited"),
        ([SOUND, {"name": "ours", "skip_reason": "not found"}], "not audited: ours"),
        ([SOUND, {**SOUND, "vulns": [{"id": "PYSEC-1"}]}], "click 8.1: PYSEC-1"),
    ],
)
def test_an_audit_that_says_nothing_is_no_audit(packages, problem):
    """Empty, skipped and weak are all failures."""
    assert problem in audit.verdict(packages)


def test_sound_packages_pass():
    """And only those."""
    assert audit.verdict([SOUND]) is None


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~!; ]", name, maxsplit=1)[0].lower().replace("_", "-") for name in requirements}


@pytest.mark.parametrize("lock", ["runtime", "build", "audit"])
def test_every_locked_package_has_a_version_and_hashes(lock):
    """Nothing is installed that is not known byte by byte."""
    text = (ROOT / ".ci" / "locked" / f"{lock}.txt").read_text()
    entries = re.split(r"\n(?=\S)", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.]+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


def test_the_runtime_lock_has_all_that_the_package_requires():
    """A dependency that is added is locked too: `make lock`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = names(project["dependencies"]) | names(project["optional-dependencies"].get("xlsx", []))
    text = (ROOT / ".ci" / "locked" / "runtime.txt").read_text()
    assert required <= names(re.findall(r"^[\w.-]+(?===)", text, re.MULTILINE))
