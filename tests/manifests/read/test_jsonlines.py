"""Manifests in JSON Lines."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.manifests.read.test_detect_format import SLOW, tables


@SLOW
@given(tables(), st.integers(1, 5), st.booleans())
def test_json_lines_read_back(read, tmp_path: Path, table, size: int, ascii_only: bool) -> None:
    """Every cell and every null, escaped or not."""
    header, rows = table
    lines = [json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=ascii_only) for row in rows]
    (tmp_path / "m.jsonl").write_text("\n".join(lines), encoding="utf-8", newline="")
    assert read(tmp_path / "m.jsonl", size) == table


def test_json_values_stay_as_they_are_written(read, write) -> None:
    """Numbers keep their digits, nested values their JSON; keys unite in the order of their first appearance."""
    text = '{"a": 1e5, "b": "00"}\r\n{"c": [1.0, "x", {"y": null}], "a": -0.10}\r\n{"b": true, "c": null}\r\n\r\n'
    assert read(write("m.jsonl", text)) == (
        ["a", "b", "c"],
        [["1e5", "00", None], ["-0.10", None, '[1.0, "x", {"y": null}]'], [None, "true", None]],
    )
