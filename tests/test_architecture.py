"""Imports point one way, and each library stands behind one door."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


FILES = {module_of(path): path for top in ("runner", "manifests") for path in (ROOT / top).rglob("*.py")}


def imports(path: Path, *, lazily: bool = True) -> set[str]:
    """The modules that a file imports; without those inside functions or for type checkers if not `lazily`."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = ast.walk(tree) if lazily else iter(tree.body)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def ours(path: Path, *, lazily: bool = True) -> set[str]:
    return {name for name in imports(path, lazily=lazily) if name in FILES}


def users_of(library: str) -> set[str]:
    return {
        module for module, path in FILES.items() if library in {name.partition(".")[0] for name in imports(path)}
    } - {module for module in FILES if module.startswith("runner.simulator")}


def test_manifests_know_nothing_of_the_runner():
    """Files and rows, nothing of HTTP."""
    for module, path in FILES.items():
        if module.startswith("manifests"):
            assert not {name for name in ours(path) if name.startswith("runner")}, module


def test_the_simulator_shares_no_code_with_the_runner():
    """It imitates the tenant; it must not share our mistakes."""
    for module, path in FILES.items():
        inside = module.startswith("runner.simulator")
        used = {name for name in ours(path) if name.startswith("runner.simulator")}
        if inside:
            assert ours(path) <= {"runner"} | used, module
        elif used:
            assert module == "runner.cli.simulate", module


def test_the_vocabulary_imports_nothing_of_ours():
    """The words lie at the bottom."""
    assert ours(FILES["runner.domain.model"]) == set()
    assert ours(FILES["runner.domain.errors"]) == set()


@pytest.mark.parametrize("package", ["ledger", "domain", "system"])
def test_only_one_package_knows_zuora(package):
    """Dispatch is handed how to send and what an answer means."""
    for module, path in FILES.items():
        if module.startswith(f"runner.{package}"):
            assert not {name for name in ours(path) if name.startswith("runner.zuora")}, module


def test_nothing_below_imports_the_commands():
    """The command line is the top."""
    for module, path in FILES.items():
        if not module.startswith(("runner.cli", "runner.__main__")):
            above = {name for name in ours(path) if name.startswith("runner.cli")}
            assert not above, module


def test_there_is_no_cycle():
    """Among the modules, as they are imported at the start."""
    graph = {module: ours(path, lazily=False) - {module} for module, path in FILES.items()}
    packages = {module for module, path in FILES.items() if path.name == "__init__.py"}
    TopologicalSorter(
        {
            module: needs - {package for package in packages if module.startswith(f"{package}.")}
            for module, needs in graph.items()
        }
    ).prepare()


@pytest.mark.parametrize(
    ("library", "doors"),
    [
        ("sqlite3", ("runner.ledger",)),
        ("aiolimiter", ("runner.dispatch.throttle",)),
        ("tqdm", ("runner.session.progress",)),
        ("click", ("runner.cli",)),
        ("filelock", ("runner.runs",)),
    ],
)
def test_each_library_stands_behind_one_door(library, doors):
    """Elsewhere it is not seen."""
    assert {module for module in users_of(library) if not module.startswith(doors)} == set()


HEAVY = {"aiohttp", "msgspec", "pandas", "pyarrow", "sqlite3", "tqdm"}


@pytest.mark.parametrize(
    ("program", "loaded"),
    [
        ("from runner.cli import regen; regen.main(['--help'], standalone_mode=False)", set()),
        ("from runner.cli import regen; regen.main(['run', '--help'], standalone_mode=False)", set()),
        (
            "import runner.cli.output, runner.cli.plan_text, runner.session.session",
            HEAVY - {"pandas"},
        ),  # a run that goes on reads no manifest
    ],
)
def test_what_takes_long_to_import_is_imported_when_it_is_needed(program, loaded):
    """Help answers at once."""
    told = f"import sys; {program}; print(*(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stderr.split()) <= loaded
