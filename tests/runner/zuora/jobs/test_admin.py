"""Jobs as a person lists and stops them."""

from __future__ import annotations


def test_a_job_whose_status_cannot_be_read_is_not_reported_as_none(tmp_path, regen, simulator):
    """A tenant that is out of order has not said that there is no such job."""
    with simulator(outage=(2, 99)) as server:
        done = regen("jobs", "stop", "j1", "--base-url", server.url)
    assert (done.code, "HTTP 503" in done.err, "there is no job" in done.err) == (2, True, False)
