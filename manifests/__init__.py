"""Reading: from manifest files to checked rows. Knows files and rows, nothing of HTTP.

```
file ─ read.open_manifest ─▶ Source ─ batches ─▶ Batch (text frame) ─ check.Checker ─▶ Checked (columns of verdicts)
```

The public names are loaded when they are first used: pandas takes longer to import than `regen --help` may take.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from manifests.errors import ManifestError
    from manifests.read import Batch, Digest, Reading, Source, Typed, digest, open_manifest
    from manifests.schemas import TYPES, Schema, template
    from manifests.unsettled_rows import UNSETTLED, unsettled
    from manifests.validate import Checked, Checker, checker

__all__ = [
    "TYPES",
    "UNSETTLED",
    "Batch",
    "Checked",
    "Checker",
    "Digest",
    "ManifestError",
    "Reading",
    "Schema",
    "Source",
    "Typed",
    "checker",
    "digest",
    "open_manifest",
    "template",
    "unsettled",
]

_HOMES = {
    "unsettled_rows": ("UNSETTLED", "unsettled"),
    "validate": ("Checked", "Checker", "checker"),
    "errors": ("ManifestError",),
    "read": ("Batch", "Digest", "Reading", "Source", "Typed", "digest", "open_manifest"),
    "schemas": ("TYPES", "Schema", "template"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"manifests.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
