"""What is noted beside the ledger is never more than the ledger has, whenever a process is killed."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.ledger import Claim, Journal, Record, open_writable
from runner.runs import send_notes
from runner.runs.send_notes import SendNotes, forget, noted
from runner.system import recovery_points
from tests.harness.virtual import enrolled


@pytest.fixture
def notes(tmp_path):
    notes = SendNotes(tmp_path, tmp_path / "run.log")
    yield notes
    notes.close()


def lines(tmp_path) -> list[dict]:
    return [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]


def test_the_last_note_is_exact_and_the_log_has_the_first_of_each_second(tmp_path, notes, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(send_notes.time, "monotonic", lambda: now[0])
    now[0] = 10.0
    for attempts in range(1, 31):
        notes.note(attempts, attempts // 2)
        now[0] += 0.1
    known = noted(tmp_path, tmp_path / "run.log")
    assert (known.attempts, known.outcomes) == (30, 15)
    logged = [line["attempts"] for line in lines(tmp_path)]
    assert logged[0] == 1 and len(logged) in (3, 4)
    (tmp_path / ".sends").unlink()
    assert noted(tmp_path, tmp_path / "run.log").attempts == logged[-1]


def test_a_number_that_falls_is_in_the_log_at_once(tmp_path, notes):
    notes.note(100, 7)
    notes.note(40, 7)
    assert [line["attempts"] for line in lines(tmp_path)] == [100, 40]
    assert noted(tmp_path, tmp_path / "run.log").attempts == 40


def test_a_full_disk_stops_no_run(tmp_path, notes, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr(os, "pwrite", full)
    notes.note(1, 1)
    assert noted(tmp_path, tmp_path / "run.log") is None


@pytest.mark.parametrize("content", [b"", b"\x00" * 128, b"{", b'{"attempts": 3}', b'"event":"sends"\n', b"\xff\n"])
def test_damaged_notes_are_none(tmp_path, content):
    (tmp_path / ".sends").write_bytes(content)
    (tmp_path / "run.log").write_bytes(content)
    assert noted(tmp_path, tmp_path / "run.log") is None


def test_a_line_cut_off_leaves_the_one_before(tmp_path, notes):
    notes.note(5, 1)
    with (tmp_path / "run.log").open("ab") as file:
        file.write(b'{"at":"2026-11-27T10:00:00Z","event":"sends","attem')
    forget(tmp_path)
    assert noted(tmp_path, tmp_path / "run.log").attempts == 5


def test_a_planted_note_is_replaced_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / ".sends").symlink_to(target)
    SendNotes(tmp_path, tmp_path / "run.log").close()
    assert target.read_text() == "precious"


STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8)


@given(steps=STEPS, failing=st.integers(0, 20))
def test_whatever_is_written_and_wherever_it_breaks_the_ledger_has_what_was_noted(tmp_path_factory, steps, failing):
    """Claims, answers and claims given back, with a write that fails somewhere: a kill may come at any call."""
    folder = tmp_path_factory.mktemp("ledger")
    history: list[tuple[int, int]] = []
    with open_writable(enrolled(folder / "ledger.db", 60)) as store:

        def ledger_has() -> tuple[int, int]:
            row = store.row("SELECT (SELECT count(*) FROM attempt), (SELECT count(*) FROM outcome)")
            assert row is not None
            return row[0], row[1]

        def note(attempts: int, outcomes: int) -> None:
            history.append((attempts, outcomes))
            assert attempts <= ledger_has()[0] and outcomes <= ledger_has()[1]

        journal, fresh, open_claims = Journal(store, note), iter(range(1, 61)), []
        for number, (claims, answers, returns) in enumerate(steps):
            made = [Claim(request, 1, 0, 1) for request in (next(fresh) for _ in range(claims))]
            answered = [open_claims.pop() for _ in range(min(answers, len(open_claims)))]
            returned = [open_claims.pop() for _ in range(min(returns, len(open_claims)))]
            records = [Record(claim.request, 1, 1, 2, "done", False, False, 0) for claim in answered]
            try:
                recovery_points.install(lambda point, at=number: _fail(point, at == failing))
                journal.write(records, made, returned)
                open_claims += made
            except OSError:
                open_claims += answered + returned
            finally:
                recovery_points.install(None)
            assert history[-1][0] <= ledger_has()[0]


def _fail(point: str, now: bool) -> None:
    if now and point == "writing":
        raise OSError("the write failed")
