"""The bodies of a batch whose rows are all of one type and are named by the same fields, made column by column.

Most manifests have nothing else. The text is that of `canonical`, row by row; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runner.domain.identity import canonical
from runner.zuora.operations import BY_TYPE, Operation

if TYPE_CHECKING:
    from manifests import Checked
    from manifests.validate import Value

_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f]')  # what JSON writes otherwise than it stands, and one more to be sure


def uniform_bodies(checked: Checked, billing_id_field: str) -> tuple[Operation, list[str]] | None:
    """The operation of all rows and the body of each; None for a batch that must be taken row by row."""
    type_ = checked.types[0] if checked.types else None
    if type_ is None or checked.types.count(type_) != len(checked.types) or any(checked.problems):
        return None
    operation = BY_TYPE[type_]
    missing = {name: values.count(None) for name, values in checked.fields.items()}
    if not operation.typed or any(0 < count < len(checked.types) for count in missing.values()):
        return None
    columns = {name: values for name, values in checked.fields.items() if not missing[name]}
    texts = {billing_id_field if name == "id" else name: _texts(values) for name, values in columns.items()}
    literals = {name: canonical(name).decode() for name in (*texts, "type")}
    parts: list[str | None] = []  # None: the value of the next column
    for name in sorted(literals):
        parts += [literals[name] + ":", canonical(type_).decode() if name == "type" else None]
    return operation, _joined(parts, [texts[name] for name in sorted(texts)])


def _texts(values: Sequence[Value]) -> list[str]:
    """Each value of a column as JSON."""
    if all(type(value) is int for value in values):
        return list(map(str, values))
    if all(type(value) is str for value in values) and not _ESCAPED.search("".join(values)):  # type: ignore[arg-type]
        return [f'"{value}"' for value in values]
    return [canonical(value).decode() for value in values]


def _joined(parts: Sequence[str | None], columns: Sequence[list[str]]) -> list[str]:
    """Rows of `{"a":…,"b":…}` by one format for all of them."""
    pairs = zip(parts[::2], parts[1::2], strict=True)
    members = [f"{name}{'%s' if value is None else value.replace('%', '%%')}" for name, value in pairs if name]
    return list(map(("{" + ",".join(members) + "}").__mod__, zip(*columns, strict=True)))
