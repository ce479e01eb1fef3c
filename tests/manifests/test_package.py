"""The package from outside: light to import, and on its own."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import manifests

PACKAGE = Path(manifests.__file__).parent


def test_light_to_import() -> None:
    """Headers, schemas and opening a file need no pandas, or `--help` would be slow."""
    code = (
        "import sys, manifests, manifests.schemas, manifests.header_mapping, manifests.read; "
        "manifests.template('Invoice'); "
        "sys.exit(bool({'pandas', 'numpy', 'pyarrow', 'openpyxl'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent).returncode == 0


def test_public_names() -> None:
    """Every name of `__all__` is there; others are not."""
    assert all(getattr(manifests, name) for name in manifests.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        manifests.nothing  # noqa: B018


def test_imports_point_downward() -> None:
    """Nothing of runner, nothing of HTTP; errors and schemas know nobody, reading does not know checking."""
    for path in PACKAGE.rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        names = {node.module or "" for node in tree if isinstance(node, ast.ImportFrom)}
        assert not {name for name in names if name.split(".")[0] in {"runner", "aiohttp", "http", "urllib"}}
        if path.parent.name == "read":
            assert not names & {"manifests.validate", "manifests.rules"}
        if path.name in ("errors.py", "schemas.py"):
            assert not {name for name in names if name.startswith("manifests")}


def test_digest(tmp_path: Path) -> None:
    """The SHA-256 and the size of the file as it stands."""
    data = bytes(range(256)) * 5_000
    (tmp_path / "m.csv").write_bytes(data)
    assert manifests.digest(str(tmp_path / "m.csv")) == manifests.Digest(hashlib.sha256(data).hexdigest(), len(data))


def test_no_module_has_the_name_of_what_the_package_offers():
    """Importing it would put the module where the function was."""
    names = {path.stem for path in PACKAGE.glob("*.py")} | {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert not names & set(manifests.__all__)
