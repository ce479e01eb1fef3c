"""How far one invocation may go, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field

from runner.dispatch.circuit_breaker import FailureLimit
from runner.domain.blackout import ALWAYS_OPEN, Blackouts
from runner.domain.model import State


@dataclass(frozen=True)
class Terms:
    """How far one invocation may go."""

    max_requests: int | None = None
    until: float | None = None  # seconds since the epoch
    canary: int | None = None  # of every operation and type, before the rest
    failures: FailureLimit = field(default_factory=FailureLimit)
    outage_patience_seconds: float = 900.0
    drain_seconds: float = 30.0
    wait_for_quota: bool = False
    blackouts: Blackouts = ALWAYS_OPEN


@dataclass
class Tally:
    """What this invocation has done so far."""

    sent: int = 0
    succeeded: int = 0
    failed: int = 0
    unknown: int = 0
    retries: int = 0
    rested_seconds: float = 0.0  # in blackouts that are over

    @property
    def settled(self) -> int:
        """Requests with an outcome."""
        return self.succeeded + self.failed + self.unknown

    def counts(self) -> dict[str, int]:
        """Requests by what became of them in this invocation."""
        return {"sent": self.sent, "succeeded": self.succeeded, "failed": self.failed, "unknown": self.unknown}

    def count(self, state: State) -> None:
        """Count an outcome."""
        if state is State.SUCCEEDED:
            self.succeeded += 1
        elif state is State.FAILED:
            self.failed += 1
        else:
            self.unknown += 1
