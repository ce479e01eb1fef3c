"""What is sent next: manifest order, retries when due, and one request a lane at a time."""

from __future__ import annotations

from runner.dispatch.queue import Backlog, Job
from runner.domain.model import History, Request


def request(number: int, lane: int | None = None) -> Request:
    return Request(number, 1, "booking", None, "", "00", number if lane is None else lane, None)


def numbers(jobs: list[Job]) -> list[int]:
    return [job.request.number for job in jobs]


def loaded(*requests: Request) -> Backlog:
    backlog = Backlog()
    backlog.load(requests)
    return backlog


def test_requests_leave_in_manifest_order():
    """However they came in; the ready ones have no precedence over earlier fresh ones."""
    backlog = loaded(request(2), request(4))
    backlog.push(Job(request(3)))
    backlog.push(Job(request(1)))
    assert numbers(backlog.take(10, 0.0)) == [1, 2, 3, 4]


def test_no_more_are_taken_than_wanted():
    """The rest stays."""
    backlog = loaded(*(request(number) for number in range(1, 6)))
    assert numbers(backlog.take(2, 0.0)) == [1, 2]
    assert numbers(backlog.take(0, 0.0)) == []
    assert backlog.fresh == 3
    assert numbers(backlog.take(9, 0.0)) == [3, 4, 5]
    assert not backlog


def test_no_more_retries_are_taken_than_wanted():
    """A retry counts as much as a fresh request, and goes first."""
    backlog = loaded(request(1))
    for number in (5, 6, 7):
        backlog.later(Job(request(number)), 1.0)
    assert numbers(backlog.take(2, 1.0)) == [5, 6]
    assert numbers(backlog.take(2, 1.0)) == [7, 1]


def test_a_retry_waits_until_it_is_due():
    """At the very moment it is due; of equal moments the earlier row."""
    backlog = Backlog()
    backlog.later(Job(request(2)), 5.0)
    backlog.later(Job(request(1)), 5.0)
    backlog.later(Job(request(3)), 4.0)
    assert (backlog.waiting, backlog.next_due, bool(backlog)) == (3, 4.0, True)
    assert numbers(backlog.take(9, 3.9)) == []
    assert numbers(backlog.take(9, 4.0)) == [3]
    assert numbers(backlog.take(9, 4.9)) == []
    assert numbers(backlog.take(9, 5.0)) == [1, 2]
    assert (backlog.waiting, backlog.next_due, bool(backlog)) == (0, None, False)


def test_a_lane_is_busy_until_its_request_is_settled():
    """Also while it waits for its next try; then the earliest that waits is ready."""
    first, second, third = (Job(request(number, lane=1)) for number in (1, 2, 3))
    backlog = Backlog()
    for job in (third, first, second):
        backlog.push(job)
    assert backlog.take(9, 0.0) == [first]
    backlog.later(first, 8.0)
    assert backlog.take(9, 7.0) == []
    assert backlog.take(9, 8.0) == [first]
    assert backlog.settled(first)
    assert backlog.take(9, 8.0) == [second]
    assert backlog.settled(second)
    assert backlog.take(9, 8.0) == [third]
    assert not backlog.settled(third)
    assert not backlog


def test_lanes_do_not_hinder_each_other():
    """A busy lane lets the others through."""
    backlog = loaded(request(1, 1), request(2, 1), request(3, 2), request(4, 2), request(5, 3))
    assert numbers(backlog.take(9, 0.0)) == [1, 3, 5]


def test_a_settled_lane_is_free_for_those_who_come_later():
    """Nothing is left of it."""
    backlog = loaded(request(1, 1))
    (job,) = backlog.take(1, 0.0)
    assert not backlog.settled(job)
    backlog.push(Job(request(2, 1)))
    assert numbers(backlog.take(1, 0.0)) == [2]


def test_what_is_loaded_and_never_taken_is_counted():
    """Fresh and ready, not those that wait."""
    backlog = loaded(request(1), request(2))
    backlog.push(Job(request(3)))
    backlog.later(Job(request(4)), 1.0)
    assert backlog.fresh == 3
    assert backlog.waiting == 1
    assert not Backlog()
    assert loaded(request(1))


def test_a_job_begins_without_a_claim_and_keeps_its_history():
    """A request without a history has the empty one."""
    history = History(generation=2, attempts=3)
    job = Job(request(1), history, 7)
    assert (job.history, job.first_sent_at, job.claim) == (history, 7, None)
    fresh = Job(request(1))
    assert (fresh.history, fresh.first_sent_at, fresh.claim) == (History(), None, None)
    assert Job(request(1)) < Job(request(2))
    assert not Job(request(2)) < Job(request(2))


def test_its_length_counts_everything_that_is_not_under_way():
    """Fresh, ready, waiting for their time or for their lane; not what was taken."""
    backlog = loaded(request(1, 1), request(2, 1), request(3), request(4))
    backlog.push(Job(request(5, 1)))
    assert len(backlog) == 5
    first, third, *_ = backlog.take(9, 0.0)
    assert (numbers([first, third]), len(backlog)) == ([1, 3], 2)
    backlog.later(third, 9.0)
    assert len(backlog) == 3
    backlog.settled(first)
    assert len(backlog) == 3
    assert first.unsent == 0


def test_a_lane_that_nobody_entered_frees_nothing():
    """Such as that of a request settled before it was sent."""
    assert not Backlog().settled(Job(request(1)))


def test_a_long_lane_costs_no_more_a_request_than_a_short_one(monkeypatch):
    """A resume takes up all unknown rows of a lane at once: each is compared with a few, not with all others."""
    compared = 0

    def counted(job: Job, other: Job) -> bool:
        nonlocal compared
        compared += 1
        return job.request.number < other.request.number

    monkeypatch.setattr(Job, "__lt__", counted)
    costs = []
    for length in (200, 1600):
        compared, backlog = 0, Backlog()
        for number in range(length, 0, -1):
            backlog.push(Job(request(number, 1)))
        order = []
        while jobs := backlog.take(9, 0.0):
            (job,) = jobs
            order.append(job.request.number)
            backlog.settled(job)
        assert order == list(range(1, length + 1))
        assert len(backlog) == 0
        costs.append(compared / length)
    assert costs[1] < 2 * costs[0]
