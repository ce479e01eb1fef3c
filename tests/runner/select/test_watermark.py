"""The watermark: it moves over confirmed windows only, never over a gap."""

from __future__ import annotations

import msgspec
import pytest

from runner.domain.errors import Refused
from runner.domain.run_status import RunStatus
from runner.runs.folder import RunFolder
from runner.runs.run_json import ManifestDocument, RunDocument, StepDocument
from runner.select.watermark import Pending, Watermark, load, path_of, save


def pending(since: int, until: int, sha256: str, rows: int = 1) -> Pending:
    return Pending(since=since, until=until, sha256=sha256, path="m.csv", rows=rows, recent={sha256: until})


def watermark(since: int, *windows: Pending) -> Watermark:
    return Watermark(name="n", host="h", tenant="t", query="q", since=since, pending=windows)


def run_of(runs, name: str, sha256: str, counts: dict[str, int], **more) -> RunFolder:
    folder = RunFolder(runs / name)
    folder.make()
    manifest = ManifestDocument(path="m.csv", sha256=sha256, bytes=1, rows=1)
    steps = (
        StepDocument(number=1, do="regenerate", manifests=(manifest,), counts=counts),
        StepDocument(number=2, do="journal-run", counts={"failed": 1}),
    )
    document = RunDocument(run=name, status=RunStatus.FINISHED, host="h", tenant="t", steps=steps)
    folder.put_document(msgspec.structs.replace(document, counts=document.counts | counts, **more))
    return folder


def test_it_moves_over_confirmed_windows_in_order(tmp_path):
    """A later selection begins where the earlier one did until that is confirmed; then all within it is."""
    path = path_of(tmp_path, "n", "h", "t")
    save(path, watermark(10, pending(10, 20, "a"), pending(10, 30, "b"), pending(10, 40, "c")))
    assert load(path, tmp_path).since == 10
    run_of(tmp_path, "b", "b", {"succeeded": 1})
    moved = load(path, tmp_path)
    assert (moved.since, moved.recent, [each.sha256 for each in moved.pending]) == (30, {"b": 30}, ["c"])
    run_of(tmp_path, "a", "a", {"succeeded": 1})
    assert load(path, tmp_path).since == 30


@pytest.mark.parametrize(
    ("counts", "facts", "since"),
    [
        ({"succeeded": 2}, {}, 20),  # another step failed, but not this one
        ({"succeeded": 2, "duplicate": 1, "failed": 0}, {"status": RunStatus.HALTED}, 20),
        ({"succeeded": 2}, {"status": RunStatus.RUNNING}, 20),
        *(({"succeeded": 2, state: 1}, {}, 10) for state in ("failed", "rejected", "unknown", "pending")),
        ({}, {"status": RunStatus.PLANNED}, 10),
        ({"succeeded": 2}, {"tenant": "another"}, 10),
        ({"succeeded": 2}, {"host": "another"}, 10),
    ],
)
def test_what_confirms_a_window(tmp_path, counts, facts, since):
    path = path_of(tmp_path, "n", "h", "t")
    save(path, watermark(10, pending(10, 20, "a")))
    run_of(tmp_path, "a", "a", counts, **facts)
    assert load(path, tmp_path).since == since


@pytest.mark.parametrize(("answers", "since"), [(["done", "done"], 20), (["done", "not done"], 10), (["done"], 10)])
def test_unknown_rows_that_the_tenant_says_are_done_confirm_too(tmp_path, answers, since):
    path = path_of(tmp_path, "n", "h", "t")
    save(path, watermark(10, pending(10, 20, "a")))
    run = run_of(tmp_path, "a", "a", {"unknown": 2})
    text = "regen_line,object,outcome,answer,ids,updated,reason\n"
    text += "".join(f"{line},x,unknown,{answer},,,\n" for line, answer in enumerate(answers, 1))
    (run.path / "reconcile-unknown.csv").write_text(text)
    assert load(path, tmp_path).since == since


def test_a_window_after_a_gap_moves_nothing():
    """An explicit later date is a selection like others, but what is before it stays to be confirmed."""
    mark = watermark(10, later := pending(15, 30, "a"))
    assert mark.confirmed(later) == mark
    assert mark.confirmed(pending(5, 30, "b")).since == 30
    assert mark.with_pending(pending(10, 20, "c", rows=0)).since == 20


def test_names_and_files_that_cannot_be(tmp_path):
    """Two tenants never share a name's file; one that cannot be read is not begun anew unseen."""
    assert path_of(tmp_path, "n", "h", "t") != path_of(tmp_path, "n", "h", "u")
    for name in ("", "../n", ".n", "a/b", "x" * 81):
        with pytest.raises(Refused):
            path_of(tmp_path, name, "h", "t")
    path = path_of(tmp_path, "n", "h", "t")
    assert load(path, tmp_path) is None
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(Refused, match="cannot be read"):
        load(path, tmp_path)
