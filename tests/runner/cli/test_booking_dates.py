"""The command `regen booking-dates`."""

from __future__ import annotations

from tests.flows.test_jobs import BOOKING_DATES
from tests.harness.journeys import created, quick
from tests.harness.program import folders, table


def test_a_booking_date_job(tmp_path, regen, simulator):
    """Created with a key, followed, one line whose id list holds the job; the same command again does nothing."""
    quick(tmp_path)
    with simulator(job_seconds=0.2) as server:
        assert regen("booking-dates", "--base-url", server.url).code == 0
        again = regen("booking-dates", "--base-url", server.url)
        assert (again.code, "nothing was sent" in again.out) == (0, True)
        (job,) = created(server, BOOKING_DATES)
    (folder,) = folders(tmp_path / "runs")
    (row,) = table(folder)
    assert (row["regen_state"], row["regen_id_list"]) == ("succeeded", [job])
    assert row["regen_key"].startswith("regen1-")
    assert "-booking-dates-" in folder.name
    assert regen("verify", folder).code == 0


def test_lost_answers_make_one_job(tmp_path, regen, simulator):
    """The key replays it."""
    quick(tmp_path)
    faults = {"lost-answer": 0.5, "503-worked": 0.5}
    with simulator(job_seconds=0.1, faults=faults, retry_after=0, fault_arrivals=1) as server:
        for number in range(6):
            done = regen("booking-dates", "--base-url", server.url, "--run-id", f"run-{number}")
            assert done.code == 0, done.err
        assert len(created(server, BOOKING_DATES)) == 6


def test_a_failed_job_is_a_failed_row(tmp_path, regen, simulator):
    quick(tmp_path)
    with simulator(job_seconds=0.05, job_failures=1.0) as server:
        done = regen("booking-dates", "--base-url", server.url)
        assert done.code == 3
        assert "with --again" in done.out
    (row,) = table(folders(tmp_path / "runs")[0])
    assert (row["regen_state"], row["regen_error_category"]) == ("failed", "job")
    assert "FAILED" in row["regen_error_message"]
