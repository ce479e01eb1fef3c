"""What stops a run, and what it waits out."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from runner.dispatch.circuit_breaker import FailureLimit
from runner.dispatch.run_limits import Terms
from runner.domain.model import Reply, Silence
from tests.harness.virtual import EPOCH, Tenant, enrolled, now, settle
from tests.runner.dispatch.test_dispatcher import Answers, only


class Window(Tenant):
    """A tenant that answers all alike for some seconds, once it has had so many requests."""

    def __init__(self, answer, begins: int, lasts: float) -> None:
        super().__init__()
        self.answer, self.begins, self.lasts = answer, begins, lasts
        self.since: float | None = None

    async def send(self, request, generation, attempt):
        if self.since is None and len(self.times) >= self.begins:
            self.since = now()
        if self.since is None or now() - self.since >= self.lasts:
            return await super().send(request, generation, attempt)
        await asyncio.sleep(0.05)
        return self.answer


class TestBreaker:
    """What fails alike for everyone stops the run, within what is in flight."""

    @pytest.mark.parametrize(
        "answer",
        [
            Reply(404, b"<html>"),
            Reply(302, b""),
            Reply(407, b""),
            Reply(403, b"forbidden"),
            Reply(422, b'{"success": false}'),
        ],
    )
    def test_stops_at_once(self, tmp_path, answer):
        tenant = Answers(answer)
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=10)
        assert (ending.exit_code, after) == (4, only("pending", 500))
        assert len(tenant.times) <= 10

    def test_stops_for_credentials_refused_twice(self, tmp_path):
        class Refusing(Answers):
            async def send(self, request, generation, attempt):
                self.times.append(now())
                await asyncio.sleep(0.05)
                return Reply(401, b"", token=1 if now() - EPOCH < 0.1 else 2)

        tenant = Refusing(None)
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=10)
        assert (ending.exit_code, after) == (4, only("pending", 500))
        assert len(tenant.times) <= 30

    @pytest.mark.parametrize(
        ("answer", "most"), [(Reply(403, b'{"success": false}'), 20), (Reply(400, b"bad request"), 10)]
    )
    def test_stops_after_many_in_a_row(self, tmp_path, answer, most):
        tenant = Answers(answer)
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=4)
        assert ending.exit_code == 4
        assert most <= Counter(after.values())["failed"] <= most + 4

    def test_stops_when_too_many_fail(self, tmp_path):
        tenant = Tenant(lambda number, arrival: "gone" if number % 10 else "ok")
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, concurrency=4)
        assert ending.exit_code == 4
        assert 100 <= 500 - Counter(after.values())["pending"] <= 105

    @pytest.mark.parametrize(("limit", "failed"), [(FailureLimit(count=7), 8), (FailureLimit(share=0.2), 20)])
    def test_stops_at_its_limit(self, tmp_path, limit, failed):
        tenant = Tenant(lambda number, arrival: "gone" if number % 3 == 0 else "ok")
        ending, after = settle(enrolled(tmp_path / "l.db", 500), tenant, terms=Terms(failures=limit), concurrency=1)
        assert ending.exit_code == 4
        assert failed <= Counter(after.values())["failed"] <= failed + 15

    @pytest.mark.parametrize("answer", [Reply(503, b""), Silence("time-out"), Reply(200, b"<html>portal")])
    def test_waits_out_an_outage_without_burning_attempts(self, tmp_path, answer):
        tenant = Answers(answer, heals=400)
        ending, after = settle(enrolled(tmp_path / "l.db", 200), tenant, concurrency=20)
        assert (ending.status, after) == ("finished", only("succeeded", 200))
        assert sum(at - EPOCH < 400 for at in tenant.times) < 60

    @pytest.mark.parametrize(
        ("answer", "rows"), [(Reply(503, b""), 200), (Reply(503, b""), 3), (Silence("time-out"), 1)]
    )
    def test_gives_an_outage_up_and_leaves_the_rows_pending(self, tmp_path, answer, rows):
        tenant = Answers(answer)
        ending, after = settle(enrolled(tmp_path / "l.db", rows), tenant, concurrency=20)
        assert (ending.exit_code, after) == (4, only("pending", rows))
        assert 880 < max(tenant.times) - EPOCH < 1000
        _, after = settle(tmp_path / "l.db", Tenant())
        assert after == only("succeeded", rows)

    @pytest.mark.parametrize("rows", [1, 5, 200])
    def test_the_last_rows_wait_out_an_outage_like_the_first(self, tmp_path, rows):
        """Fewer than its threshold are left, and all of them fail: they do not become unknown in seconds."""
        for answer in (Reply(503, b""), Silence("time-out"), Silence("connect", "refused", sent=False)):
            path = enrolled(tmp_path / f"{type(answer).__name__}{answer.status}.db", 20 + rows)
            ending, after = settle(path, Window(answer, begins=20, lasts=400.0), concurrency=1)
            assert (ending.status, after) == ("finished", only("succeeded", 20 + rows))

    def test_a_row_that_fails_by_itself_is_no_outage(self, tmp_path):
        """Others got through while it failed: it spends its patience."""
        poison = Tenant(lambda number, arrival: "503" if number == 1 else "ok")
        ending, after = settle(enrolled(tmp_path / "l.db", 400), poison, concurrency=1)
        assert ending.status == "finished"
        assert after[1] == "unknown"
        assert Counter(after.values()) == {"succeeded": 399, "unknown": 1}

    @pytest.mark.parametrize("kind", ["token", "connect"])
    def test_a_first_connection_that_fails_is_given_up_within_seconds(self, tmp_path, kind):
        """Nothing has ever come through: doctor is named, not a quarter of an hour waited."""
        tenant = Answers(Silence(kind, "refused", sent=False))
        ending, after = settle(enrolled(tmp_path / "l.db", 200), tenant, concurrency=20)
        assert (ending.exit_code, after) == (4, only("pending", 200))
        assert max(tenant.times) - EPOCH < 30
        assert "regen doctor" in ending.reason
        _, after = settle(tmp_path / "l.db", Tenant())
        assert after == only("succeeded", 200)
