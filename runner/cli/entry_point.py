"""Where the programs `regen` and `regeneration-runner` begin.

It is installed as the module `regeneration_runner`, a name of its own: packages named `runner` or `manifests` may come
from elsewhere, and the first on the path wins.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

OURS = {"runner": "zuora/operations.py", "manifests": "schemas.py"}  # a package, and a file that only ours has


def foreign_package() -> tuple[str, str] | None:
    """A package that hides one of ours: its name, and where it is; None if there is none."""
    for name, file in OURS.items():
        spec = find_spec(name)
        folders = list(spec.submodule_search_locations or ()) if spec else []
        if not any((Path(folder) / file).exists() for folder in folders):
            return name, (folders or [spec.origin if spec and spec.origin else "nowhere"])[0]
    return None


def main() -> None:
    """Run the command line; where another package hides ours, say which and end with 2."""
    if (foreign := foreign_package()) is not None:
        name, location = foreign
        sys.stderr.write(
            f"regen: the package {name!r} that Python finds at {location} is not that of regeneration-runner, which it "
            "hides. Take its folder out of PYTHONPATH, or install regeneration-runner in an environment of its own: "
            "uv tool install regeneration-runner\n"
        )
        sys.exit(2)
    import_module("runner.__main__").main()
