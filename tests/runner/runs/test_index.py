"""The index of a runs folder: whatever happens to the folders and to the index, its answers are those of run.json."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from runner.runs import index
from runner.runs.brief import RunBrief, brief_of
from runner.runs.folder import RunFolder
from runner.runs.index import AT_REST_NS, INDEX
from runner.runs.known_runs import briefs
from runner.runs.run_json import ManifestDocument, RunDocument, StepDocument, totals_of
from runner.system.console import json_text

NAMES = st.sampled_from(["a", "b", "c", "run=d", "with space", "é"])
STATUSES = st.sampled_from(["planned", "running", "finished"])


def document(run: str, status: str, pending: int = 0) -> RunDocument:
    """A run.json whose size is the same for all statuses of the same length."""
    source = ManifestDocument(path="m.csv", sha256="0" * 64, bytes=1, rows=2)
    steps = (StepDocument(number=1, do="regenerate", options={"x": 1}, manifests=(source,)),)
    return RunDocument(run=run, status=status, steps=steps, counts=totals_of({1: {"pending": pending}}))


def written(runs: Path, of: RunDocument) -> None:
    """As `RunFolder.put_document` writes it, but nobody waits for the disk."""
    (runs / of.run).mkdir(exist_ok=True)
    draft = runs / of.run / ".draft"
    draft.write_bytes(json_text(of.as_json(), indent=2).encode())
    draft.replace(runs / of.run / "run.json")


def truth(runs: Path) -> list[tuple[str, RunBrief | None]]:
    """What the folders themselves say."""
    read = []
    for path in sorted(path for path in runs.iterdir() if not path.name.startswith(".")):
        if (path / "run.json").exists():
            known = RunFolder(path).document()
            read.append((path.name, None if known is None else brief_of(known)))
    return read


def let_time_pass(runs: Path) -> None:
    """Until the disk's clock has gone on: what is written from now on has another time than what was before."""
    probe = runs / ".probe"
    probe.touch()
    before = index.touched(probe)
    while index.touched(probe) <= before:
        time.sleep(0)


class Folders(RuleBasedStateMachine):
    """Run folders that people and programs change in every way, between looks through the index."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = Path(tempfile.mkdtemp(prefix="regen-index-"))

    def teardown(self) -> None:
        shutil.rmtree(self.runs)

    @rule(name=NAMES, status=STATUSES, pending=st.integers(0, 9))
    def program_writes(self, name: str, status: str, pending: int) -> None:
        """By renaming: the file's inode is another one."""
        if not (self.runs / name / "run.json").is_dir():
            written(self.runs, document(name, status, pending))

    @rule(name=NAMES, pending=st.integers(0, 9), text=st.sampled_from([None, "", "{}", "[1]", '{"run": 1}', "\0\n"]))
    def person_edits(self, name: str, pending: int, text: str | None) -> None:
        """In the file itself, and sets its time back, as `cp -p` and `touch -r` do."""
        path = self.runs / name / "run.json"
        if path.is_file():
            times = path.stat()
            same_size = re.sub(r'"pending": \d', f'"pending": {pending}', path.read_text())
            path.write_text(same_size if text is None else text)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    @rule(name=NAMES, other=NAMES)
    def renamed_or_swapped(self, name: str, other: str) -> None:
        """Folders change names."""
        if name != other and (self.runs / name).exists():
            spare = self.runs / ".spare"
            if (self.runs / other).exists():
                (self.runs / other).rename(spare)
            (self.runs / name).rename(self.runs / other)
            if spare.exists():
                spare.rename(self.runs / name)

    @rule(name=NAMES, other=NAMES)
    def copied(self, name: str, other: str) -> None:
        """With its times."""
        if (self.runs / name).exists() and not (self.runs / other).exists():
            shutil.copytree(self.runs / name, self.runs / other)

    @rule(name=NAMES)
    def removed(self, name: str) -> None:
        shutil.rmtree(self.runs / name, ignore_errors=True)

    @rule(name=NAMES)
    def no_file(self, name: str) -> None:
        """A folder without run.json, or with a folder of that name."""
        shutil.rmtree(self.runs / name, ignore_errors=True)
        (self.runs / name / "run.json").mkdir(parents=True)

    @rule(cut=st.floats(0, 1), junk=st.binary(max_size=40), at=st.floats(0, 1))
    def index_is_damaged(self, cut: float, junk: bytes, at: float) -> None:
        """A write that was cut off, other bytes in the middle, or lines of something else."""
        path = self.runs / INDEX
        if path.is_file():
            content = path.read_bytes()
            content = content[: int(len(content) * cut) + 1]
            middle = int(len(content) * at)
            path.write_bytes(content[:middle] + junk + content[middle + len(junk) :])

    @rule(what=st.sampled_from(["removed", "folder", "doubled", "backwards"]))
    def index_is_something_else(self, what: str) -> None:
        """Nothing, not a file, or with its lines in another order."""
        path = self.runs / INDEX
        content = path.read_bytes() if path.is_file() else b""
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        if what == "folder":
            path.mkdir()
        elif what != "removed":
            lines = content.split(b"\n")
            path.write_bytes(b"\n".join(lines * 2 if what == "doubled" else reversed(lines)))

    @rule()
    def at_rest(self) -> None:
        """Seconds pass, so that what was written before is kept in the index at the next look."""
        let_time_pass(self.runs)
        with pytest.MonkeyPatch.context() as patch:
            real = index.touched
            patch.setattr(index, "touched", lambda path: real(path) + AT_REST_NS)
            list(briefs(self.runs))
        let_time_pass(self.runs)

    @invariant()
    def answers_are_those_of_the_folders(self) -> None:
        assert list(briefs(self.runs)) == truth(self.runs)


def test_whatever_happens_the_answers_are_those_of_the_folders():
    """Also where the index was damaged, and where a file has the size and the time that it had before."""
    run_state_machine_as_test(Folders, settings=settings(max_examples=30, stateful_step_count=14, deadline=None))


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Path:
    """Three runs at rest that are in the index."""
    for name in ("a", "b", "c"):
        written(tmp_path, document(name, "finished"))
    let_time_pass(tmp_path)
    real = index.touched
    monkeypatch.setattr(index, "touched", lambda path: real(path) + AT_REST_NS)
    assert list(briefs(tmp_path)) == truth(tmp_path)
    return tmp_path


@pytest.fixture
def files_read(monkeypatch) -> list[str]:
    """The run.json files that are read, by folder."""
    read: list[str] = []
    real = index.Index._read

    def noted(self: index.Index, name: str, path: Path) -> RunBrief | None:
        read.append(name)
        return real(self, name, path)

    monkeypatch.setattr(index.Index, "_read", noted)
    return read


def test_only_what_changed_is_read_again(runs, files_read):
    """That is what the index is for."""
    assert list(briefs(runs)) == truth(runs) and files_read == []
    written(runs, document("b", "running"))
    written(runs, document("d", "planned"))
    let_time_pass(runs)
    for _ in range(2):
        assert list(briefs(runs)) == truth(runs) and files_read == ["b", "d"]


@pytest.mark.parametrize("how", ["edited", "renamed over", "folders swapped", "copied over"])
def test_a_file_of_the_same_size_and_time_is_another(runs, files_read, how):
    """Neither its size nor its time tells, which programs can set."""
    path, other = runs / "a" / "run.json", runs / "b" / "run.json"
    times = path.stat()
    other.write_text(path.read_text().replace('"pending": 0', '"pending": 7'))
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    list(briefs(runs))
    files_read.clear()
    if how == "edited":
        path.write_bytes(other.read_bytes())
    elif how == "renamed over":
        other.replace(path)
    elif how == "copied over":
        shutil.copy2(other, path)
    else:
        (runs / "a").rename(runs / "x")
        (runs / "b").rename(runs / "a")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size and path.stat().st_mtime_ns == times.st_mtime_ns
    assert list(briefs(runs)) == truth(runs)
    assert dict(briefs(runs))["a"].counts["pending"] == 7


def test_a_file_is_not_kept_before_it_is_at_rest(runs, files_read, monkeypatch):
    """Two writes within a tick of the clock may have the same time, and a freed inode is used again."""
    monkeypatch.undo()
    written(runs, document("b", "running"))
    before = (runs / INDEX).read_bytes()
    assert list(briefs(runs)) == truth(runs) and (runs / INDEX).read_bytes() == before


def test_a_look_that_ends_early_keeps_what_it_read(runs, files_read):
    """Whoever looks for one run stops once it is there."""
    (runs / INDEX).unlink()
    assert next(iter(briefs(runs)))[0] == "a"
    assert list(briefs(runs)) == truth(runs) and files_read == ["a", "b", "c"]


@pytest.mark.parametrize("spoil", [lambda path: path.chmod(0o400), lambda path: path.unlink()], ids=["file", "folder"])
def test_an_index_that_cannot_be_written_is_no_fault(runs, files_read, spoil: Callable[[Path], None], monkeypatch):
    """A disk that is mounted read-only, or a folder of another user: the answers come from the files."""

    def refused(*_: object) -> int:
        raise PermissionError(13, "read-only")

    spoil(runs / INDEX)
    written(runs, document("b", "running"))
    monkeypatch.setattr(index.Index, "_open", refused)
    assert list(briefs(runs)) == truth(runs) and "b" in files_read


def test_a_link_in_place_of_the_index_is_not_written_through(runs, tmp_path_factory):
    """Whoever may write to the folder must not have other files changed."""
    victim = tmp_path_factory.mktemp("other") / "file"
    victim.write_bytes(b"precious")
    (runs / INDEX).unlink()
    (runs / INDEX).symlink_to(victim)
    assert list(briefs(runs)) == truth(runs) and victim.read_bytes() == b"precious"


def test_lines_of_another_version_count_for_nothing(runs, files_read, monkeypatch):
    """Its briefs may mean something else."""
    monkeypatch.setattr(index, "_VERSION", index._VERSION ^ 1)
    assert list(briefs(runs)) == truth(runs) and files_read == ["a", "b", "c"]


def test_an_index_of_many_useless_lines_is_written_anew(runs, files_read, monkeypatch):
    """Every run that goes on adds lines to it."""
    monkeypatch.setattr(index, "SPARE_LINES", 0)
    content = (runs / INDEX).read_bytes()
    (runs / INDEX).write_bytes(content * 5 + b"junk\n" * 9)
    assert list(briefs(runs)) == truth(runs)
    assert len((runs / INDEX).read_bytes().splitlines()) == 3
    assert list(briefs(runs)) == truth(runs) and files_read == []


def test_on_a_network_disk_files_are_opened(runs, files_read, monkeypatch):
    """What another machine wrote is otherwise seen up to a minute later."""
    monkeypatch.setattr(index, "kind_of_disk", lambda folder: "nfs4")
    monkeypatch.setattr(index, "_state_by_path", lambda path: pytest.fail("the remembered attributes were used"))
    assert list(briefs(runs)) == truth(runs) and files_read == []
