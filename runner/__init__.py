"""Regeneration runner: re-sync Zuora Billing to Zuora Revenue from manifest files, without a row lost or doubled.

```python
import runner

run = runner.run("subscriptions.csv", profile="sandbox", re_migrate=True)
run.counts["succeeded"], run.exit_code
runner.results(run)
```

`check`, `plan`, `run`, `resume`, `runs`, `results`, and `aplan`, `arun`, `aresume` for a running loop; exceptions in
`runner.errors`; events through `logging`, logger `runner`. Everything is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

__all__ = ["Run", "aplan", "aresume", "arun", "check", "errors", "plan", "results", "resume", "run", "runs"]

_MODULES = {"runner.api.calls": ("aplan", "aresume", "arun", "check", "resume", "run"), "runner.api.run": ("Run",)}
_PACKAGES = ("plan", "results", "runs")  # packages that can be called


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("runner.domain.errors")
    if name in _PACKAGES:
        return import_module(f"runner.{name}")
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
