"""Packages that are functions of the Python API too: `runner.plan` is the package, `runner.plan(files)` the call."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        module, name = self.__dict__["_call"]
        return getattr(import_module(module), name)(*args, **kwargs)


def make_callable(package: str, module: str, name: str) -> None:
    """Let a call of the package be a call of the function `name` in `module`, which is loaded at the first call."""
    itself = sys.modules[package]
    itself.__dict__["_call"] = (module, name)
    itself.__class__ = _CallablePackage
