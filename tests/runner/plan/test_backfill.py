"""Backfills: parts, checks, one outcome a row; nothing uploaded twice, whatever happens."""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import itertools
import json
import os
import re
import signal
import struct
import sys
import threading
import time
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from runner.ledger import open_read_only
from runner.plan.backfill import MOST_BYTES, Draft
from runner.session.job_store import upload_of
from runner.system.recovery_points import JOB_POINTS
from tests.harness.audited import broken, command
from tests.harness.journeys import chained, charges, created, killed, md5, parts, process, quick, uploads
from tests.harness.program import Server, csv_rows, folders, table

JOBS = "/v1/uno/data-backfill/jobs"
COMMAND = ("backfill", "RatePlanCharge")


def one(tmp_path: Path) -> Path:
    (folder,) = folders(tmp_path / "runs")
    return folder


def sent(folder: Path) -> list[tuple[str, bytes, int]]:
    """What goes up for each part: file name, content, rows; made again from the ledger."""
    with open_read_only(folder / "ledger.db") as store:
        requests = [journal_request(store, number) for (number,) in store.rows("SELECT part FROM part ORDER BY part")]
        return [(up.file, up.content, len(up.lines)) for up in (upload_of(store, request) for request in requests)]


def journal_request(store, number):
    from runner.ledger import pending

    (row,) = store.named_rows(f"SELECT {pending.REQUEST} FROM request r WHERE request = ?", number)
    return pending.request_of(row)


def test_nine_megabytes_go_up_in_three_parts(tmp_path, regen, simulator):
    """Each under 4 MB with the right checksum, no row torn; two bad rows come back with their row numbers; one lost
    answer is no second upload."""
    quick(tmp_path)
    source = charges(tmp_path / "c.csv", 900, bad=(17, 899), width=10_000)
    assert 9_000_000 < source.stat().st_size < 3 * MOST_BYTES
    with simulator(
        job_seconds=0.1, faults={"lost-answer": 0.6}, fault_paths=(JOBS,), fault_arrivals=1, seed=5
    ) as server:
        done = regen(*COMMAND, source, "--base-url", server.url, "--json")
        seen = uploads(server)
    assert (done.code, done.document["counts"]["succeeded"], done.document["counts"]["failed"]) == (3, 898, 2)
    folder = one(tmp_path)
    shown_parts = list(parts(folder))
    assert len(shown_parts) == len(seen) == 3
    assert [(len(one["effects"]), one["arrivals"]) for one in seen] == [(1, 1)] * 3
    for (file, content, _), (name, size, _), upload in zip(sent(folder), shown_parts, seen, strict=True):
        assert file == name == upload["body"]["file"]["name"]
        assert folder.name in file
        assert len(content) == size <= MOST_BYTES
        assert upload["body"]["checksum"] == upload["body"]["file"]["md5"] == md5(content)
        assert upload["body"]["type"] == "RatePlanCharge"
    assert {one["keys"][0] for one in seen} == {None}
    whole = [row for _, content, _ in sent(folder) for row in list(csv.reader(io.StringIO(content.decode())))[1:]]
    with source.open(newline="", encoding="utf-8") as file:
        assert whole == list(csv.reader(file))[1:]
    errors = csv_rows(folder / "errors.csv")
    assert [(row["regen_row"], row["regen_error_message"]) for row in errors] == [
        ("17", "Record BAD000017 not found"),
        ("899", "Record BAD000899 not found"),
    ]
    rows = table(folder)
    assert [row["regen_row"] for row in rows] == list(range(1, 901))
    jobs = set(created_in(seen))
    assert {row["regen_id_list"][0] for row in rows if row["regen_state"] == "succeeded"} == jobs
    assert chained(folder)
    assert regen("verify", folder).code == 0


def created_in(seen) -> list[str]:
    return [name for one in seen for effect in one["effects"] for name in effect["ids"]]


def test_at_least_one_answer_was_lost(tmp_path, regen, simulator):
    """The list of jobs is searched, on all pages, before anything is sent again."""
    quick(tmp_path)
    files = [charges(tmp_path / f"c{n}.csv", 3 + n) for n in range(1, 4)]
    for n, file in enumerate(files):
        file.write_text(file.read_text().replace("r0", f"r{n}"))
    with simulator(job_seconds=0.05, faults={"lost-answer": 1.0}, fault_paths=(JOBS,), fault_arrivals=1) as server:
        words = (*COMMAND, *files, "--base-url", server.url)
        begun = process(*words, point="created")
        assert begun.wait() == -signal.SIGKILL
        others(server, 45)
        done = regen(*words)
        assert done.code == 0, done.err
        assert [(len(one["effects"]), one["arrivals"]) for one in uploads(server)] == [(1, 1)] * 48


def others(server: Server, count: int) -> None:
    """Jobs of other people, so many that the list has another page."""
    form = b"client_id=x&client_secret=y&grant_type=client_credentials"
    with urllib.request.urlopen(f"{server.url}/oauth/token", form) as answer:
        token = json.load(answer)["access_token"]
    for number in range(count):
        part = 'Content-Disposition: form-data; name="{}"'
        fields = f"--b\r\n{part.format('type')}\r\n\r\nRatePlanCharge\r\n--b\r\n{part.format('file')}"
        body = f'{fields}; filename="other-{number}.csv"\r\n\r\nID,x\no{number},y\n\r\n--b--\r\n'
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=b"}
        request = urllib.request.Request(f"{server.url}{JOBS}", body.encode(), headers)
        with contextlib.suppress(OSError, http.client.HTTPException):  # their answers are lost, too
            urllib.request.urlopen(request)


def test_an_upload_that_never_arrived_is_unknown(tmp_path, regen, simulator):
    """Searched for as long as was said, then a person decides; --resend-unknown uploads it."""
    quick(tmp_path)
    source = charges(tmp_path / "c.csv", 3)
    with simulator(job_seconds=0.05, faults={"drop-before": 1.0}, fault_paths=(JOBS,), fault_arrivals=2) as server:
        done = regen(*COMMAND, source, "--no-template-check", "--base-url", server.url)
        assert done.code == 3, done.err
        folder = one(tmp_path)
        assert {row["regen_state"] for row in table(folder)} == {"unknown"}
        assert "--resend-unknown" in table(folder)[0]["regen_error_message"]
        assert f"regen resume {folder.name}   # looks for the lost uploads once more" in done.out
        assert regen("resume", folder.name).code == 3, "searched once more, not sent"
        assert sum(one["arrivals"] for one in uploads(server)) == 1
        assert regen(*COMMAND, folder / "errors.csv", "--base-url", server.url).code == 2
        assert regen("resume", folder.name, "--resend-unknown").code == 3
        assert regen("resume", folder.name, "--resend-unknown").code == 0
        assert [len(one["effects"]) for one in uploads(server)] == [1]
    assert {row["regen_state"] for row in table(folder)} == {"succeeded"}
    assert chained(folder)


@pytest.mark.parametrize("suffix", ["csv.gz", "tsv", "jsonl", "parquet", "xlsx"])
def test_any_readable_file_goes_up_as_csv(tmp_path, regen, suffix):
    """Text as it stands: leading zeros, newlines, what looks like a number; UTF-8, comma, no BOM."""
    cells = {
        "ID": ["007", "1e5", "NA"],
        "#Name": ["a\nb", 'say "ü"', ""],
        "Revenue Recognition Rule": ["x,y", "z", "0"],
    }
    frame, path = pd.DataFrame(cells), tmp_path / f"c.{suffix}"
    write: dict[str, Callable[[], object]] = {
        "csv.gz": lambda: frame.to_csv(path, index=False, encoding="utf-8-sig"),
        "tsv": lambda: frame.to_csv(path, index=False, sep="\t", encoding="utf-16"),
        "jsonl": lambda: frame.to_json(path, orient="records", lines=True),
        "parquet": lambda: frame.to_parquet(path),
        "xlsx": lambda: frame.to_excel(path, index=False),
    }
    write[suffix]()
    assert regen(*COMMAND, path, "--plan", "--no-template-check", "--base-url", "http://127.0.0.1:1").code == 0
    ((name, content, rows),) = sent(one(tmp_path))
    assert (name.endswith(".csv"), rows) == (True, 3)
    assert content.decode() == ('ID,#Name,Revenue Recognition Rule\n007,"a\nb","x,y"\n1e5,"say ""ü""",z\nNA,,0\n')


def test_an_upload_has_no_key_in_its_story(tmp_path, regen, simulator):
    """None was sent, so none is shown: not in the results, not in the story, not in a ticket."""
    quick(tmp_path)
    with simulator(job_seconds=0.05) as server:
        regen(*COMMAND, charges(tmp_path / "c.csv", 1, bad=(1,)), "--base-url", server.url, "--run-id", "it")
    assert table(one(tmp_path))[0]["regen_key"] is None
    output = regen("show", "it", "--row", 1).out
    assert "regen1-" not in output + regen("show", "it", "--ticket").out
    assert "attempt 1 at" in output


def test_nulls_are_allowed_by_word(tmp_path, regen, simulator):
    """And it is said how many records and columns they are."""
    quick(tmp_path)
    source = tmp_path / "c.csv"
    source.write_text("ID,Revenue Recognition Rule,Revenue Recognition Timing\nr1,,x\nr2,,\nr3,x,y\n")
    with simulator(job_seconds=0.05) as server:
        done = regen(*COMMAND, source, "--base-url", server.url, "--allow-nulls")
        assert done.code == 0
    assert "2 records get nulls in 2 columns" in done.err


def test_zipped_parts(tmp_path, regen, simulator):
    """More rows in a part; the checksum is that of the zip."""
    quick(tmp_path)
    source = charges(tmp_path / "c.csv", 6000, width=1000)
    with simulator(job_seconds=0.05) as server:
        assert regen(*COMMAND, source, "--zip", "--base-url", server.url).code == 0
        (seen,) = uploads(server)
    ((file, content, rows),) = sent(one(tmp_path))
    assert file.endswith(".zip")
    assert (rows, md5(content)) == (6000, seen["body"]["checksum"])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [file[:-3] + "csv"]


def test_zipped_parts_of_what_cannot_be_packed(tmp_path, regen):
    """Random bytes: every zip still under the limit."""
    source = tmp_path / "c.csv"
    lines = [f"r{n},{os.urandom(600).hex()}" for n in range(8000)]
    source.write_text("ID,Revenue Recognition Rule\n" + "\n".join(lines))
    words = ("--zip", "--plan", "--no-template-check", "--base-url", "http://127.0.0.1:1")
    assert regen(*COMMAND, source, *words).code == 0
    sizes = [len(content) for _, content, _ in sent(one(tmp_path))]
    assert len(sizes) == 2
    assert MOST_BYTES * 0.9 < sizes[0] <= MOST_BYTES


def test_a_part_has_four_megabytes_and_not_one_byte_more():
    """ "Create a data backfill job": files of at most 4 MB."""
    header = b"id,name\n"
    draft = Draft(header, False)
    draft.add(1, b"x" * 1000)
    room = 4 * 1024 * 1024 - len(header) - 1000
    assert draft.fits(b"x" * room)
    assert not draft.fits(b"x" * (room + 1))
    draft.add(2, b"x" * room)
    assert not draft.fits(b"x")


def test_one_job_at_a_time_by_default(tmp_path, regen, simulator):
    """The next part goes up when the one before is over; --parallel-jobs lets more go."""
    quick(tmp_path)
    files = []
    for n in range(3):
        files.append(tmp_path / f"c{n}.csv")
        files[-1].write_text(f"ID,Revenue Recognition Rule\nr{n},x\n")
    for jobs, least in ((1, 0.3), (3, 0.0)):
        with simulator(job_seconds=0.3) as server:
            words = (*files, "--parallel-jobs", jobs, "--base-url", server.url, "--again")
            assert regen(*COMMAND, *words).code == 0
            at = [effect["at"] for one in uploads(server) for effect in one["effects"]]
        gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
        assert len(gaps) == 2
        assert min(gaps) >= least
        assert jobs == 1 or max(gaps) < 0.3


def test_a_job_that_fails_fails_its_rows(tmp_path, regen, simulator):
    """With its message; the rows of other parts are untouched by it."""
    quick(tmp_path)
    bad, good = charges(tmp_path / "FAIL.csv", 2), tmp_path / "good.csv"
    good.write_text("ID,Revenue Recognition Rule\nx1,y\n")
    with simulator(job_seconds=0.05) as server:
        assert regen(*COMMAND, bad, good, "--base-url", server.url).code == 3
    rows = table(one(tmp_path))
    assert [row["regen_state"] for row in rows] == ["failed", "failed", "succeeded"]
    assert "The file could not be processed" in rows[0]["regen_error_message"]


@pytest.mark.parametrize("point", ["claimed", "claimed:2", "answered", *JOB_POINTS, "written:2", "viewed"])
def test_killed_at_every_point_uploads_each_part_once(tmp_path, regen, simulator, point):
    """SIGKILL during upload, following and download."""
    quick(tmp_path)
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for n, file in enumerate(files):
        file.write_text(f"ID,Revenue Recognition Rule\nr{n},x\nBAD{n},y\n")
    with simulator(job_seconds=0.1) as server:
        words = (*COMMAND, *files, "--base-url", server.url)
        assert killed(point, *words) == -signal.SIGKILL
        before = {name for one in uploads(server) for did in one["effects"] for name in did["ids"]}
        assert regen(*words).code == 3
        if point == "claimed":  # nobody can know that nothing was sent: it is looked for, then a person decides
            assert regen("resume", one(tmp_path).name, "--resend-unknown").code == 3
        assert [len(one["effects"]) for one in uploads(server)] == [1, 1]
        assert before <= {name for one in uploads(server) for did in one["effects"] for name in did["ids"]}
    folder = one(tmp_path)
    assert Counter(row["regen_state"] for row in table(folder)) == {"succeeded": 2, "failed": 2}
    assert broken(folder) == {}


def test_rows_are_bound_into_the_chain(tmp_path, regen, simulator):
    """A changed fate of a row is found."""
    quick(tmp_path)
    with simulator(job_seconds=0.05) as server:
        regen(*COMMAND, charges(tmp_path / "c.csv", 3, bad=(2,)), "--base-url", server.url)
    folder = one(tmp_path)
    assert chained(folder)
    import sqlite3

    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.execute("UPDATE row_outcome SET state = 'succeeded', message = NULL WHERE line = 2")
    connection.close()
    assert not chained(folder)


@pytest.mark.parametrize("name", ["my charges (1)", "Gebühren", "50%", 'a"b;c'])
def test_a_lost_upload_is_recognized_whatever_its_file_is_called(tmp_path, regen, simulator, name):
    """A name that forms write in different ways would not be found in the list, and the upload repeated."""
    quick(tmp_path)
    source = charges(tmp_path / f"{name}.csv", 2)
    with simulator(job_seconds=0.05, faults={"lost-answer": 1.0}, fault_paths=(JOBS,), fault_arrivals=1) as server:
        assert regen(*COMMAND, source, "--base-url", server.url).code == 0
        (upload,) = uploads(server)
    assert upload["arrivals"] == 1
    assert re.fullmatch(r"[A-Za-z0-9._-]+", upload["body"]["file"]["name"])


def test_a_lost_upload_is_not_repeated_before_it_is_reported(tmp_path, regen, simulator):
    """Killed a moment ago, the job not in the list yet: --resend-unknown is about rows that were told as unknown."""
    quick(tmp_path)
    with simulator(
        job_seconds=0.05, faults={"cut-works-on": 1.0}, fault_paths=(JOBS,), fault_arrivals=1, work_seconds=0.4
    ) as server:
        begun = process(*COMMAND, charges(tmp_path / "c.csv", 2), "--base-url", server.url, point="created")
        assert begun.wait() == -signal.SIGKILL
        assert regen("resume", one(tmp_path).name, "--resend-unknown").code == 0
        assert [(one["arrivals"], len(one["effects"])) for one in uploads(server)] == [(1, 1)]


def test_killed_while_an_upload_is_under_way(tmp_path, regen, simulator):
    """The answer was never heard, the job is there: it is found and followed."""
    quick(tmp_path)
    source = charges(tmp_path / "c.csv", 500, bad=(3,))
    with simulator(job_seconds=0.1, latency=0.4) as server:
        words = (*COMMAND, source, "--base-url", server.url)
        begun = process(*words)
        wait_for(lambda: uploads(server))
        begun.kill()
        assert begun.wait() == -signal.SIGKILL
        assert regen(*words).code == 3
        assert [(one["arrivals"], len(one["effects"])) for one in uploads(server)] == [(1, 1)]
    assert Counter(row["regen_state"] for row in table(one(tmp_path))) == {"succeeded": 499, "failed": 1}


def test_a_run_under_way_shows_its_jobs_and_a_killed_one_how_it_goes_on(tmp_path, regen, simulator):
    """`show` and `runs` tell the two apart by who holds the run."""
    quick(tmp_path)
    with simulator(job_seconds=60) as server:
        words = (*COMMAND, charges(tmp_path / "c.csv", 500), "--base-url", server.url)
        begun = process(*words, "--run-id", "it")
        try:
            wait_for(lambda: created(server, JOBS))
            wait_for(lambda: "Pending, 0 of 500" in regen("show", "it").out)
            shown = regen("show", "it").out + regen("runs").out
        finally:
            begun.kill()
            begun.wait()
        (job,) = created(server, JOBS)
        assert f"job {job} (c-it-1-1-" in shown
        assert "regen resume" not in shown
        assert "run it: crashed\n" in regen("show", "it").out
        assert "go on: regen resume it" in regen("show", "it").out
        assert "go on: regen resume it" in regen("runs").out


def wait_for(happened: Callable[[], object]) -> None:
    while not happened():
        time.sleep(0.02)


@pytest.mark.skipif(os.name != "posix", reason="a terminal")
def test_a_terminal_shows_how_many_records_are_processed(tmp_path, simulator, monkeypatch):
    """A bar over processedCount, of all jobs so far, below the bar of requests; it only grows."""
    quick(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZUORA_CLIENT_ID", "i")
    monkeypatch.setenv("ZUORA_CLIENT_SECRET", "s")
    with simulator(job_seconds=0.4) as server, terminal(monkeypatch) as shown:
        files = [charges(tmp_path / "a.csv", 400), charges(tmp_path / "b.csv", 100)]
        files[1].write_text(files[1].read_text().replace("r0", "s0"))
        assert command(*COMMAND, *files, "--base-url", server.url) == 0
        jobs = created(server, JOBS)
    output = "".join(shown)
    seen = [
        tuple(map(int, matched)) for job in jobs for matched in re.findall(rf"{job}:[^\r\n]*? (\d+)/(\d+) ", output)
    ]
    assert len(set(seen)) > 2
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {400, 500}
    assert seen[-1] == (500, 500)
    assert re.search(r"100%\S* 2/2 ", output)


@contextlib.contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Stderr as a terminal; the list holds what it showed once it is left."""
    import fcntl
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 150, 0, 0))
    shown: list[str] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while data := os.read(master, 65536):
                shown.append(data.decode())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        with os.fdopen(slave, "w", encoding="utf-8") as screen, monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", screen)
            yield shown
    finally:
        reader.join(10)
        os.close(master)
