"""The rows of an extract with their numbers and times."""

from __future__ import annotations

from contextlib import ExitStack

from manifests import open_manifest
from runner.audit.extract_columns import Columns
from runner.audit.extract_rows import CodedRows, Extract
from runner.audit.hash_partition import PARTS, Partition

HOUR = 3_600_000_000


def test_each_id_with_its_number_and_when_it_was_updated(tmp_path):
    """Before the run, in its time, after it, at no known time; a row without an id has a number as well."""
    times = {"a": "1970-01-01T00:59:59Z", "b": "1970-01-01T01:30:00Z", " ": "", "c": "1970-01-01T03:00:00Z", "d": "?"}
    (tmp_path / "x.csv").write_text("Id,At,Note\n" + "".join(f"{id_},{time},x\n" for id_, time in times.items()))
    with open_manifest(str(tmp_path / "x.csv")) as source, ExitStack() as stack:
        extract = Extract(source, Columns("Id", "At"), HOUR, 2 * HOUR)
        parts = Partition(tmp_path, "part", stack)
        extract.read(parts)
        parts.close()
        tables = [parts.read(part) for part in range(PARTS)]
    rows = {}
    for table in tables:
        coded = CodedRows(table["at"].to_numpy())
        facts = zip(coded.ordinals.tolist(), coded.before.tolist(), coded.elsewhen.tolist(), strict=True)
        rows |= dict(zip(table["id"].to_pylist(), facts, strict=True))
    assert rows == {
        "a": (0, True, True),
        "b": (1, False, False),
        "c": (3, False, True),
        "d": (4, False, False),
    }
    assert (extract.rows, extract.blank, extract.untimed, extract.elsewhen) == (5, 1, 2, 2)
