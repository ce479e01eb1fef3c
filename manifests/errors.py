"""What can be wrong with a manifest as a whole. (A wrong row is no exception but data: `check.Checked.problems`.)

```
Exception
└── ManifestError            the manifest cannot be used; the message names the file, the line and the remedy
    ├── UnreadableManifest   its bytes: missing, no permission, truncated, another format, another encoding
    ├── MalformedManifest    its shape: ragged row, open quote, duplicate header
    │   └── NoRows           a header and nothing else
    └── UnsuitableHeader     its columns: none that identifies an object, or one that could be two things
```
"""


class ManifestError(Exception):
    """The manifest cannot be used as a whole. The message is meant for the person who made the file."""


class UnreadableManifest(ManifestError):
    """The bytes cannot be had, or are not what they should be."""


class MalformedManifest(ManifestError):
    """The bytes are text, or a table, but not a well-formed one."""


class NoRows(MalformedManifest):
    """A header and nothing else."""


class UnsuitableHeader(ManifestError):
    """The columns do not say which objects are meant."""


def location(path: str, number: int | None = None, unit: str = "line") -> str:
    """How a message begins: `subscriptions.csv, line 17`. A path of `-` is standard input."""
    name = "standard input" if path == "-" else path
    return name if number is None else f"{name}, {unit} {number:,}"
