"""What import-linter cannot say: the shape of the tree, one door for each library, sizes, names, and what loads when.

Which package may import which is in pyproject.toml, under `tool.importlinter`.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import subprocess
import sys
import tokenize
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


FILES = {module_of(path): path for top in ("runner", "manifests") for path in sorted((ROOT / top).rglob("*.py"))}
PACKAGES = [path.parent for path in (ROOT / "runner").glob("*/__init__.py")]


@cache
def trees() -> dict[str, ast.Module]:
    """The code of every module of ours, by its name."""
    return {module: ast.parse(path.read_text("utf-8")) for module, path in FILES.items()}


def test_imports_keep_the_contracts():
    """The same as `make lint` runs, so that a change is caught by the tests too."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run([*command, "--no-cache"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout[done.stdout.find("Contracts:") :]
    assert "0 broken" in done.stdout


def test_every_module_belongs_to_a_package():
    """Directly in `runner` there is only what Python needs there."""
    assert {path.name for path in (ROOT / "runner").glob("*.py")} == {"__init__.py", "__main__.py"}
    assert len(PACKAGES) <= 20


MIRRORED_SHARE = 0.80


def test_tests_mirror_the_tree():
    """`runner/x/y.py` is tested by `tests/runner/x/test_y.py`: whoever changes one opens the other."""
    modules = [path.relative_to(ROOT) for path in FILES.values() if not path.name.startswith("__")]
    without = [path for path in modules if not (ROOT / "tests" / path.parent / f"test_{path.name}").exists()]
    assert 1 - len(without) / len(modules) >= MIRRORED_SHARE, "\n".join(map(str, without))


@cache
def importers() -> dict[str, set[str]]:
    """The modules that import a library, by its name."""
    users: dict[str, set[str]] = defaultdict(set)
    for module, tree in trees().items():
        for library in top_level_imports(tree):
            users[library].add(module)
    return users


def top_level_imports(tree: ast.Module) -> set[str]:
    """The first part of every name that a module imports, also inside functions."""
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    return {name.partition(".")[0] for name in imported}


@pytest.mark.parametrize(
    ("library", "doors"),
    [
        ("sqlite3", ("runner.ledger", "runner.simulator")),
        ("aiolimiter", ("runner.dispatch.throttle",)),
        ("tqdm", ("runner.session.progress", "runner.fleet.bars")),
        ("click", ("runner.cli",)),
        ("filelock", ("runner.runs",)),
        ("platformdirs", ("runner.system",)),
        ("aiohttp", ("runner.zuora", "runner.notify", "runner.doctor", "runner.simulator")),
        (
            "pyarrow",
            (
                *("manifests", "runner.results", "runner.audit", "runner.history", "runner.select"),
                *("runner.simulator", "runner.remote"),
            ),
        ),
        ("duckdb", ("runner.history", "runner.simulator.tenant.engine")),
        ("fsspec", ("runner.remote",)),
        ("distributed", ("runner.fleet",)),
        ("prometheus_client", ("runner.notify",)),
    ],
)
def test_each_library_stands_behind_one_door(library, doors):
    """Elsewhere it is not seen."""
    assert {module for module in importers()[library] if not module.startswith(doors)} == set()


# Private names of libraries that some module of ours happens to use for itself, too.
LIBRARIES_OWN = {"_actions", "_fields", "_get_client", "_replace", "_request"}


def private_names(tree: ast.Module) -> set[str]:
    """The names with a leading underscore that a module defines: functions, classes, variables, attributes, slots."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Constant(value=str(name)) if name.isidentifier():  # in `__slots__`
                names.add(name)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def test_private_names_stay_in_their_module():
    """What another module needs has a public name; tests call what is public."""
    texts = {module_of(path): path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    tests = {module: ast.parse(text) for module, text in texts.items() if re.search(r"\b_[a-z]", text)}
    imported = [
        f"{module}:{node.lineno}: {alias.name} of {node.module}"
        for module, tree in (trees() | tests).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    own = {module: private_names(tree) for module, tree in trees().items()}
    ours = set().union(*own.values()) - LIBRARIES_OWN
    reached = [
        f"{module}:{node.lineno}: {ast.unparse(node)}"
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ours - own[module]
    ]
    assert imported + reached == []


def functions() -> dict[str, int]:
    """Every function and how many lines it has."""
    return {
        f"{module}:{node.name}:{node.lineno}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_functions_are_short():
    """Half of them fit in five or six lines; none needs scrolling."""
    lengths = functions()
    assert {name: lines for name, lines in lengths.items() if lines > 45} == {}
    assert statistics.median(lengths.values()) <= 6
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 16


def test_no_placeholder_of_sql_has_a_number():
    """From Python 3.14 on sqlite3 takes no sequence for `?1`; before 3.12 it says nothing."""
    ledger = [module for module in FILES if module.startswith("runner.ledger")]
    assert ledger
    assert [module for module in ledger if re.search(r"\?[0-9]", FILES[module].read_text("utf-8"))] == []


def test_modules_are_short():
    """A module is read in one sitting."""
    lengths = {module: len(path.read_text("utf-8").splitlines()) for module, path in FILES.items()}
    assert {module: lines for module, lines in lengths.items() if lines > 400} == {}
    assert statistics.median(lengths.values()) < 150


VAGUE = re.compile(r"told|asked|said|found|heard|place", re.IGNORECASE)
# Names of the language, of HTTP and of libraries that contain such a word.
FOREIGN = re.compile(
    r"replace|placeholder|FileNotFoundError|ModuleNotFoundError|PackageNotFoundError|not_found|NotFound|tasked|masked",
    re.IGNORECASE,
)


def vague_names() -> Counter[str]:
    """Names in the code with a part that could mean anything, and how often each is used."""
    names: Counter[str] = Counter()
    texts = [path.read_text("utf-8") for path in [*FILES.values(), *(ROOT / "tests").rglob("*.py")]]
    for text in filter(lambda text: VAGUE.search(FOREIGN.sub("", text)), texts):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and VAGUE.search(FOREIGN.sub("", token.string)):
                names[token.string] += 1
    return names


def test_names_say_what_they_are():
    """`response` and `path` can be searched for; `told` and `place` cannot."""
    names = vague_names()
    assert names.total() < VAGUE_NAMES_ALLOWED, names.most_common(20)


VAGUE_NAMES_ALLOWED = 20
HEAVY = {"aiohttp", "fsspec", "msgspec", "pandas", "pyarrow", "runner.remote", "sqlite3", "tqdm"}


@pytest.mark.parametrize(
    ("program", "loaded"),
    [
        ("from runner.cli import regen; regen.main(['--help'], standalone_mode=False)", set()),
        ("from runner.cli import regen; regen.main(['run', '--help'], standalone_mode=False)", set()),
        (
            "import runner.cli.output, runner.cli.plan_text, runner.session.session",
            HEAVY - {"fsspec", "pandas", "runner.remote"},
        ),  # a run that goes on reads no manifest, and without `remote` knows no storage
    ],
)
def test_what_takes_long_to_import_is_imported_when_it_is_needed(program, loaded):
    """Help answers at once."""
    script = f"import sys; {program}; print(*(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stderr.split()) <= loaded


def test_the_readme_is_short():
    """What it is, how to start, where the rest is."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 250
