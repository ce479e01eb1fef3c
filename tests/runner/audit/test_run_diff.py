"""`regen diff`: what changed between two nights, object by object."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from runner.audit.run_diff import kind_of
from runner.ledger.comparison import Change


def night(folder: Path, name: str, started: str, **rows: str) -> None:
    """A run of the past: its rows by object and fate (`ok`, `ok:id`, `failed`, `unknown`, `rejected`, `pending`)."""
    from runner.domain.model import Outcome, State
    from runner.domain.run_status import RunStatus
    from runner.ledger import Claim, Enrolment, Facts, Journal, Manifest, Record, open_writable
    from runner.ledger.enrolment import Line, RequestRecord

    run_folder = folder / "runs" / name
    run_folder.mkdir(parents=True)
    with Enrolment(run_folder / "ledger.db") as enrolment:
        enrolment.step(1, "regenerate", {})
        for number, (label, fate) in enumerate(rows.items(), 1):
            rejected = fate == "rejected"
            request, problem = (None, "rule: bad") if rejected else (number, None)
            line = Line(number, 1, number, "[]", "booking-transaction", "Subscription", label, request, problem)
            enrolment.lines([line])
            if not rejected:
                enrolment.requests(
                    [RequestRecord(number, 1, "booking-transaction", "", "{}", bytes([number] * 20), number)]
                )
        enrolment.manifest(Manifest(1, 1, "m.csv", "0", 1, ()), len(rows))
        enrolment.finish(Facts(run_id=name, status=RunStatus.FINISHED))
    with open_writable(run_folder / "ledger.db") as store:
        journal = Journal(store)
        for number, fate in enumerate(rows.values(), 1):
            word, _, made = fate.partition(":")
            if word in ("rejected", "pending"):
                continue
            ids = (made or f"id-{number}",) if word == "ok" else ()
            state = {"ok": State.SUCCEEDED, "failed": State.FAILED, "unknown": State.UNKNOWN}[word]
            outcome = Outcome(state, ids, message=None if ids else f"{word} it is")
            journal.write([], [Claim(number, 1, 0, 1)])
            journal.write([Record(number, 1, 1, 2, "done", False, False, 0, 200, outcome=outcome)], [])
        store.settle_down()
    (run_folder / "run.json").write_text(json.dumps({"run": name, "status": "finished", "started_at": started}))


def test_every_kind_of_change(tmp_path, regen):
    """One object each; exit 3 for those that fail and did not."""
    one = {"A": "ok", "B": "failed", "C": "failed", "D": "ok:x", "E": "ok", "G": "ok", "H": "failed", "J": "rejected"}
    two = {"A": "failed", "B": "ok", "C": "unknown", "D": "ok:y", "F": "ok", "G": "ok", "H": "pending", "I": "failed"}
    night(tmp_path, "one", "2026-01-01", **one)
    night(tmp_path, "two", "2026-01-02", **two, J="rejected")
    done = regen("diff", "one", "two", "--json")
    assert done.code == 3
    kinds = done.document["kinds"]
    assert {name: [change["name"] for change in kind["objects"]] for name, kind in kinds.items()} == {
        "newly failing": ["Subscription A"],
        "appeared failing": ["Subscription I"],
        "pending failing": [],
        "still failing": ["Subscription C", "Subscription J"],
        "fixed": ["Subscription B"],
        "ids changed": ["Subscription D"],
        "appeared": ["Subscription F"],
        "disappeared": ["Subscription E"],
        "pending": ["Subscription H"],
    }
    assert done.document["new_failures"] == 2
    output = regen("diff", "one", "two").out
    assert 'Subscription D: ["x"] then, ["y"] now (row 4)' in output
    assert "Subscription A: failed it is (row 1)" in output


def test_a_row_that_is_rejected_now_fails_newly(tmp_path, regen):
    """A refusal by the loader is a failure, too."""
    night(tmp_path, "one", "2026-01-01", A="ok")
    night(tmp_path, "two", "2026-01-02", A="rejected")
    assert regen("diff", "one", "two", "--json").document["kinds"]["newly failing"]["count"] == 1


def test_no_new_failure_is_exit_0(tmp_path, regen):
    """Whatever else changed; a run differs in nothing from itself."""
    night(tmp_path, "one", "2026-01-01", A="failed", B="ok")
    night(tmp_path, "two", "2026-01-02", A="failed", C="ok")
    assert regen("diff", "one", "two").code == 0
    same = regen("diff", "two", "two")
    assert same.code == 0
    assert "1  still failing" in same.out


def test_for_how_many_runs_an_object_has_been_failing(tmp_path, regen):
    """Counted back over earlier runs until one in which it did not; a run without it is no gap."""
    night(tmp_path, "n1", "2026-01-01", A="failed", B="failed")
    night(tmp_path, "n2", "2026-01-02", A="ok", B="failed")
    night(tmp_path, "n3", "2026-01-03", A="failed")
    night(tmp_path, "n4", "2026-01-04", A="failed", B="failed")
    night(tmp_path, "n5", "2026-01-05", A="failed", B="unknown")
    objects = regen("diff", "n4", "n5", "--json").document["kinds"]["still failing"]["objects"]
    assert {change["name"]: change["failing_runs"] for change in objects} == {"Subscription A": 3, "Subscription B": 4}
    assert "Subscription A, for 3 runs" in regen("diff", "n4", "n5").out


def test_ids_in_another_order_are_the_same_ids(tmp_path):
    """An idList is a set."""
    change = Change("A", "succeeded", "succeeded", 1, 1, '["a","b"]', '["b","a"]', None, None)
    assert kind_of(change) is None
    assert kind_of(change._replace(ids_after='["b"]')) == "ids changed"


def test_ledgers_are_not_changed(tmp_path, regen):
    """They are opened read-only."""
    night(tmp_path, "one", "2026-01-01", A="ok")
    before = (tmp_path / "runs/one/ledger.db").read_bytes()
    (tmp_path / "runs/one/ledger.db").chmod(0o400)
    assert regen("diff", "one", "one").code == 0
    assert (tmp_path / "runs/one/ledger.db").read_bytes() == before
    assert sqlite3.sqlite_version_info >= (3, 37)


def test_what_was_pending_and_fails_is_a_new_failure(tmp_path, regen):
    """It did not fail then: exit 3."""
    night(tmp_path, "one", "2026-01-01", A="pending", B="pending")
    night(tmp_path, "two", "2026-01-02", A="failed", B="ok")
    done = regen("diff", "one", "two")
    assert done.code == 3
    assert "1  pending failing   had no outcome then, fails now" in done.out
