"""run.json is read whatever version wrote it, and differences from the ledger are named."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from runner.domain.run_status import RunStatus
from runner.runs.run_json import RunDocument, differences, parsed
from tests import ROOT

OF_0_1_0 = {
    "run": "2026-11-21-demo-1234abcd",
    "name": "demo",
    "status": "paused",
    "exit_code": 5,
    "reason": "the deadline (--until) has come",
    "base_url": "https://rest.test.zuora.com",
    "host": "rest.test.zuora.com",
    "tenant": "t",
    "tenant_kind": "central-sandbox",
    "profile": None,
    "entity_ids": ["e"],
    "org_ids": [],
    "fingerprint": "f",
    "steps": [
        {
            "step": 1,
            "do": "regenerate",
            "on_failure": "halt",
            "re_migrate": True,
            "canary": None,
            "counts": {"succeeded": 2, "pending": 1},
            "manifests": [{"path": "demo.csv", "sha256": "0", "bytes": 9, "rows": 3}],
        }
    ],
    "carried": {"from": "another", "rows": 1, "given_up": 0},
    "formats": ["parquet", "csv"],
    "counts": {
        "rows": 3, "pending": 1, "succeeded": 2, "failed": 0, "unknown": 0, "rejected": 0, "duplicate": 0
    },
    "requests": {"pending": 1, "sent": 2},
    "planned_at": "2026-11-21T10:00:00.000000Z",
    "started_at": "2026-11-21T10:00:01.000000Z",
    "ended_at": "2026-11-21T10:00:02.000000Z",
    "first_claimed_at": None,
    "last_answered_at": None,
    "head": "h",
    "user": "somebody",
    "machine": "host",
    "version": "0.1.0",
}  # fmt: skip


def text(**changes: object) -> bytes:
    return json.dumps(OF_0_1_0 | changes).encode()


def test_a_document_of_version_0_1_0_is_read_and_written_again_unchanged():
    document = parsed(text())
    assert document is not None
    assert document.status is RunStatus.PAUSED
    assert document.unfinished
    assert document.steps[0].options == {"on_failure": "halt", "re_migrate": True, "canary": None}
    assert document.carried is not None and document.carried.source == "another"
    again = document.as_json()
    assert {name: again[name] for name in OF_0_1_0} == OF_0_1_0
    assert list(differences(text(), document)) == []


def test_every_member_that_differs_is_named_also_one_that_was_added():
    document = parsed(text())
    assert document is not None
    changed = text(exit_code=0, steps=[], added=1, breaches=[{"at": "x", "check": "seal"}])
    assert [difference.name for difference in differences(changed, document)] == [
        "added",
        "breaches",
        "exit_code",
        "steps",
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"run": "x"}',
        text(status="fixed"),
        text(counts=[]),
        text(steps=[1]),
        text(steps={"step": 1}),
        text(run=None),
        b"\xff\xfe",
        b'{"run": "\xff", "status": "planned"}',
    ],
)
def test_what_is_no_document_is_none(content):
    assert parsed(content) is None


def test_a_minimal_document_has_every_state():
    document = parsed(b'{"run": "x", "status": "planned"}')
    assert document is not None
    assert document.counts["pending"] == document.counts["rows"] == 0
    assert not document.unfinished


@pytest.mark.parametrize("status", RunStatus)
@pytest.mark.parametrize("pending", [0, 1])
@pytest.mark.parametrize("begun", [None, "2026-11-21T10:00:01Z"])
def test_unfinished_is_begun_and_pending_or_killed(status, pending, begun):
    document = RunDocument(run="x", status=status, started_at=begun, counts={"rows": 1, "pending": pending})
    closed = status in {"finished", "halted", "abandoned", "refused"}
    assert document.unfinished is (begun is not None and not closed and (pending > 0 or status == "running"))


def test_many_threads_may_read_it_first():
    """As those of a fleet do. msgspec (0.22) crashes where several threads make the first use of a type at once."""
    script = """
import sys, threading
sys.setswitchinterval(1e-7)
import msgspec
from runner.ledger.facts import decoded
from runner.runs.run_json import RunDocument
barrier = threading.Barrier(16)
def read():
    barrier.wait()
    msgspec.convert({"run": "r", "status": "finished", "starts": [{"at": "x"}]}, RunDocument)
    decoded({"run_id": '"r"', "status": '"finished"', "starts": '[{"at": "x"}]'})
threads = [threading.Thread(target=read) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
