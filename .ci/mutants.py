"""`make mutants`: change the pure core in every small way, and see whether its own tests notice.

Runs mutmut over the modules of `[tool.mutmut]` in a copy of the tree, for at most MUTANT_SECONDS (1200). What cannot be
noticed, because the changed program does the same, is listed in `equivalent_mutants.txt` with the reason. Ends with 1
if 5 % or more of a module's other mutants survive, or if the time did not suffice.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENTS = Path(__file__).with_name("equivalent_mutants.txt")
SECONDS = float(os.environ.get("MUTANT_SECONDS", "1200"))
MOST_SURVIVORS = 0.05
MUTMUT = (sys.executable, "-m", "mutmut")
KILLED = {1, 3, 36, 24, 152, -24, 255}  # failed, broken off, out of time


@dataclass(frozen=True)
class Change:
    """One mutant: what its line was and what it became."""

    module: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.module} | {self.before} | {self.after}"


def main() -> int:
    """Run, count, print."""
    modules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]["only_mutate"]
    equivalents = known_equivalents()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        tree = copy_of_the_tree(Path(name))
        complete = run_mutmut(tree)
        results = [examine(tree, module, equivalents) for module in modules]
    print(f"{'module':36} killed survived equivalent")
    for module, count, survivors in results:
        print(f"{module:36} {count['killed']:6} {len(survivors):8} {count['equivalent']:10}")
        for change in survivors:
            print(f"    survived: {change}")
    if not complete:
        print(f"not finished within {SECONDS:.0f} s: MUTANT_SECONDS=3600 make mutants")
    return 0 if complete and all(share(count, survivors) < MOST_SURVIVORS for _, count, survivors in results) else 1


def share(count: Counter[str], survivors: list[Change]) -> float:
    """Of the mutants that could be noticed, those that were not."""
    return len(survivors) / max(1, count["killed"] + len(survivors))


def known_equivalents() -> dict[str, str]:
    """Changes that do nothing, and why: `module | before | after | reason` on each line."""
    lines = [line for line in EQUIVALENTS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return {change.strip(): reason.strip() for change, _, reason in (line.rpartition(" | ") for line in lines)}


def copy_of_the_tree(folder: Path) -> Path:
    """What is under version control or about to be, so that the tree itself stays clean."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def run_mutmut(tree: Path) -> bool:
    """Whether it finished in time."""
    with (tree / "mutmut.log").open("w") as log:
        try:
            command = [*MUTMUT, "run", "--max-children", str(os.cpu_count() or 2)]
            done = subprocess.run(command, cwd=tree, stdout=log, stderr=log, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False
    if done.returncode:
        print((tree / "mutmut.log").read_text()[-3000:])
    return done.returncode == 0


def examine(tree: Path, module: str, equivalents: dict[str, str]) -> tuple[str, Counter[str], list[Change]]:
    """How many mutants of a module were killed or are equivalent, and those that survived."""
    meta = tree / "mutants" / f"{module}.meta"
    codes: dict[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"] if meta.exists() else {}
    count: Counter[str] = Counter(killed=sum(code in KILLED for code in codes.values()))
    survivors = []
    for mutant, code in codes.items():
        if code in KILLED or code is None:
            continue
        change = change_of(tree, module, mutant)
        if str(change) in equivalents:
            count["equivalent"] += 1
        else:
            survivors.append(change)
    return module, count, survivors


def change_of(tree: Path, module: str, mutant: str) -> Change:
    """What a mutant changes, by mutmut's own diff."""
    shown = subprocess.run([*MUTMUT, "show", mutant], cwd=tree, capture_output=True, text=True, check=False).stdout
    lines = [line for line in shown.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    before, after = ("; ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return Change(module, before, after)


if __name__ == "__main__":
    sys.exit(main())
