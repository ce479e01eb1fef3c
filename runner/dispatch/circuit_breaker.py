"""When to stop or pause the whole run: what answers say together. Pure; time is handed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.domain.errors import ExitCode
from runner.domain.model import Judgement, Kind, Reason
from runner.domain.run_status import RunStatus
from runner.system.counting import counted

OUTAGE_REASONS = frozenset({Reason.SILENCE, Reason.GATEWAY, Reason.NO_TOKEN, Reason.UNEXPECTED})
OUTAGE_REQUESTS = 10  # so many different requests in a row, and nothing else between
ALONE = 3  # failures in a row of every request that is left: an outage where fewer than OUTAGE_REQUESTS are left
WITNESSED = 2  # failures of a request while others got through: it fails by itself, and is no sign of an outage
FIRST_PATIENCE_SECONDS = 5.0  # for a first connection or token: nothing has ever come through
OUTAGE_WAIT_SECONDS = (1.0, 60.0)  # the first pause, the longest
PERMISSIONS_IN_A_ROW = 20
CLIENT_ERRORS_IN_A_ROW = 10
_RANK = (
    ExitCode.FAULT,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.HELD,
    ExitCode.STOPPED,
    ExitCode.PAUSED,
    ExitCode.ROWS_FAILED,
    ExitCode.SUCCEEDED,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an invocation ended."""

    status: RunStatus
    exit_code: ExitCode
    reason: str = ""
    needs_person: bool = False  # going on unattended would end the same way, or do what nobody wants

    def outranks(self, other: Ending) -> bool:
        """Whether this ending is the one to tell: a fault, then a signal, the breaker, a budget."""
        return _RANK.index(self.exit_code) < _RANK.index(other.exit_code)


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """`--max-failures N|P%`: a count, or a share of at least `least` settled requests."""

    count: int | None = None
    share: float | None = 0.5
    least: int = 100

    @classmethod
    def parsed(cls, text: str) -> FailureLimit:
        """N or P%. Raises ValueError for anything else."""
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return cls(share=share)
        elif int(text) >= 0:
            return cls(count=int(text))
        raise ValueError(text)

    def exceeded(self, failed: int, settled: int) -> bool:
        """Whether so many failures are too many."""
        if self.count is not None:
            return failed > self.count
        return self.share is not None and settled >= self.least and failed > self.share * settled


@dataclass
class Breaker:
    """Watches every judgement; says when the run must stop, and for how long everyone pauses in an outage."""

    failures: FailureLimit = field(default_factory=FailureLimit)
    outage_patience_seconds: float = 900.0
    failed: int = 0
    settled: int = 0
    proven: bool = False  # whether something has ever come through, in this run
    outage_since: float | None = None
    _row: dict[Reason, int] = field(default_factory=dict)
    _silent: set[int] = field(default_factory=set)
    _alone: dict[int, int] = field(default_factory=dict)  # failures in a row, since anything got through
    _witnessed: dict[int, int] = field(default_factory=dict)  # failures after which others got through
    _first_failure: float | None = None
    _pauses: int = 0
    _paused_until: float = 0.0

    def observe(self, request: int, judgement: Judgement, now: float, left: int | None = None) -> Ending | None:
        """Take note of a judgement; the ending that it makes, if it makes one.

        `left` is how many requests are not settled, this one included, where that is known.
        """
        if judgement.kind is Kind.STOP:
            return _stopped(judgement.message or judgement.reason.value, needs_person=True)
        if judgement.reason in OUTAGE_REASONS:
            return self._no_response(request, judgement, now, left)
        self._response(request)
        return self._in_a_row(judgement)

    def settle(self, request: int, *, succeeded: bool) -> Ending | None:
        """Take note of a settled request; the ending when too many have failed."""
        self.settled += 1
        self.failed += not succeeded
        self._alone.pop(request, None)
        self._witnessed.pop(request, None)
        if not succeeded and self.failures.exceeded(self.failed, self.settled):
            return _stopped(
                f"{self.failed} of {counted(self.settled, 'request')} failed; see --max-failures", needs_person=True
            )
        return None

    def pause_seconds(self, now: float) -> float | None:
        """In an outage: how long everyone waits before the next request asks whether it is over."""
        if self.outage_since is None or now < self._paused_until:
            return None
        first, longest = OUTAGE_WAIT_SECONDS
        left = self.outage_since + self.outage_patience_seconds - now
        pause = max(0.1, min(longest, first * 2.0 ** min(self._pauses, 10), left))
        self._pauses += 1
        self._paused_until = now + pause
        return pause

    def rested(self, seconds: float) -> None:
        """Nothing was sent for so long, on purpose: none of it counts as an outage."""
        if self.outage_since is not None:
            self.outage_since += seconds

    def _no_response(self, request: int, judgement: Judgement, now: float, left: int | None) -> Ending | None:
        self._silent.add(request)
        self._alone[request] = self._alone.get(request, 0) + 1
        if not self.proven and (ending := self._first(judgement, now)) is not None:
            return ending
        if self.outage_since is None:
            if not self._is_outage(judgement, left):
                return None
            self.outage_since = now
        if now - self.outage_since >= self.outage_patience_seconds:
            minutes = self.outage_patience_seconds / 60
            return _stopped(f"no usable answer for {minutes:g} minutes ({judgement.message}); see --outage-patience")
        return None

    def _first(self, judgement: Judgement, now: float) -> Ending | None:
        """Nothing has ever come through: a wrong address or a closed port is not waited out."""
        if judgement.in_doubt:  # something was sent: there is a server
            return None
        if self._first_failure is None:
            self._first_failure = now
        if now - self._first_failure < min(FIRST_PATIENCE_SECONDS, self.outage_patience_seconds):
            return None
        return _stopped(f"{judgement.message}; nothing was sent: `regen doctor` checks the connection")

    def _is_outage(self, judgement: Judgement, left: int | None) -> bool:
        """Many different requests in a row without a usable answer; or all that are left, where few are left."""
        if judgement.reason is Reason.NO_TOKEN or len(self._silent) >= OUTAGE_REQUESTS:
            return True
        if left is None or left >= OUTAGE_REQUESTS:
            return False
        by_themselves = sum(count >= WITNESSED for count in self._witnessed.values())
        alone = sum(
            count >= ALONE and self._witnessed.get(request, 0) < WITNESSED for request, count in self._alone.items()
        )
        return 0 < left - by_themselves <= alone

    def _response(self, request: int) -> None:
        self.proven = True
        for other in self._alone.keys() - {request}:
            self._witnessed[other] = self._witnessed.get(other, 0) + 1
        self._alone.clear()
        self._silent.clear()
        self.outage_since, self._pauses, self._paused_until = None, 0, 0.0

    def _in_a_row(self, judgement: Judgement) -> Ending | None:
        reason = judgement.reason
        if judgement.kind is Kind.SUCCEEDED:
            self._row.clear()
        if reason not in (Reason.PERMISSION, Reason.CLIENT_ERROR):
            self._row.pop(Reason.CLIENT_ERROR, None)
            return None
        self._row[reason] = self._row.get(reason, 0) + 1
        most = PERMISSIONS_IN_A_ROW if reason is Reason.PERMISSION else CLIENT_ERRORS_IN_A_ROW
        if self._row[reason] < most:
            return None
        return _stopped(f"{most} requests in a row: {judgement.message or reason.value}", needs_person=True)


def _stopped(reason: str, *, needs_person: bool = False) -> Ending:
    return Ending(RunStatus.STOPPED, ExitCode.STOPPED, reason, needs_person)
