"""A ledger takes its name only once it is whole and on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.domain.run_status import RunStatus
from runner.ledger import Facts, enrolment, open_read_only
from tests.harness.virtual import enrolled


def test_a_ledger_is_on_disk_before_it_has_its_name_and_its_folder_after(tmp_path, monkeypatch):
    """Otherwise a power cut leaves an empty ledger, or none, under a run that is about to send."""
    calls, replace, fsync = [], Path.replace, os.fsync

    def syncing(handle):
        calls.append("fsync")
        return fsync(handle)

    def replacing(path, target):
        calls.append("rename")
        return replace(path, target)

    monkeypatch.setattr(enrolment.os, "fsync", syncing)
    monkeypatch.setattr(Path, "replace", replacing)
    monkeypatch.setattr(enrolment, "sync_folder", lambda folder: calls.append(f"folder {folder}"))
    enrolled(tmp_path / "ledger.db", 2)
    assert calls == ["fsync", "rename", f"folder {tmp_path}"]


@pytest.mark.parametrize("leftover", ["-wal", "-shm"])
def test_a_log_of_an_earlier_ledger_is_not_taken_for_its_own(tmp_path, leftover):
    """SQLite would read it into the new file."""
    (tmp_path / f"ledger.db{leftover}").write_bytes(b"of another ledger")
    with open_read_only(enrolled(tmp_path / "ledger.db", 2)) as store:
        assert store.row("SELECT count(*) FROM request") == (2,)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("rows", [1, enrolment.ROWS - 1, enrolment.ROWS, 2 * enrolment.ROWS + 7])
def test_rows_that_are_alike_are_enrolled_as_if_each_came_alone(tmp_path, rows):
    """Column by column is quicker, and no other ledger: the same tables, the same digests of them."""
    at = range(1, rows + 1)
    columns = (
        at,
        [number + number // 3 for number in at],
        [f'["é{number}"]' for number in at],
        [None if number % 5 == 0 else f"object {number}" for number in at],
        [f'{{"n":{number}}}' for number in at],
        [number.to_bytes(20, "big") for number in at],
        [number % 7 - 3 for number in at],
    )
    alike = enrolment.AlikeRows(1, 1, "op", "T", "a=1", *columns)
    lines = [
        enrolment.Line(number, 1, row, cells, "op", "T", object_, number, None)
        for number, row, cells, object_ in zip(*columns[:4], strict=True)
    ]
    requests = [
        enrolment.RequestRecord(number, 1, "op", "a=1", body, digest, lane)
        for number, body, digest, lane in zip(at, *columns[4:], strict=True)
    ]
    dumps = []
    for name in ("alike", "alone"):
        with enrolment.Enrolment(tmp_path / name) as ledger:
            if name == "alike":
                ledger.alike(alike)
            else:
                ledger.lines(lines)
                ledger.requests(requests)
            ledger.finish(Facts(run_id="it", status=RunStatus.PLANNED))
        with open_read_only(tmp_path / name) as store:
            dumps.append([*store.connection.iterdump()])
    assert dumps[0] == dumps[1] and len(dumps[0]) > 2 * rows
