"""When to try again: exponential back-off with full jitter. Pure; the random number is handed in.

Source: Zuora API reference, "Rate and concurrent request limits": wait uniform(0, min(cap, base·2^attempt)).
"""

from __future__ import annotations

from dataclasses import dataclass

from runner.domain.model import History, Judgement, Kind, Outcome, Reason, State


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a request is tried. Seconds."""

    attempts: int = 6
    base_seconds: float = 0.5
    cap_seconds: float = 60.0
    progress_base_seconds: float = 2.0  # a 409 "in progress" is sent again after 2 to 30 s
    progress_cap_seconds: float = 30.0

    def spent(self, history: History) -> bool:
        """Whether a request with this history has been sent as often as allowed."""
        return history.spent >= self.attempts

    def delay_seconds(self, judgement: Judgement, history: History, chance: float) -> float:
        """How long until the next attempt of a request, `history` including the one just judged.

        `chance` is uniform in [0, 1). What the server demands is waited out by everyone, in the pace;
        here it is the least.
        """
        if judgement.reason is Reason.IN_PROGRESS:
            ceiling = min(self.progress_cap_seconds, self.progress_base_seconds * 2.0 ** min(history.in_progress, 16))
            delay = self.progress_base_seconds + chance * (ceiling - self.progress_base_seconds)
        elif judgement.reason in (Reason.TOKEN, Reason.NO_TOKEN, Reason.FOLLOWING):
            delay = 0.0
        else:
            tries = max(history.spent - 1, history.throttled - 1, 0)
            delay = chance * min(self.cap_seconds, self.base_seconds * 2.0 ** min(tries + 1, 16))
        return max(delay, judgement.hold_seconds or 0.0)


_STATES = {kind: State(kind.value) for kind in (Kind.SUCCEEDED, Kind.FAILED, Kind.UNKNOWN)}


def settled(judgement: Judgement) -> Outcome:
    """The outcome that a judgement settles: succeeded or failed, as the API answered, or unknown."""
    return Outcome(
        _STATES[judgement.kind],
        judgement.ids,
        judgement.code,
        judgement.category,
        judgement.message,
        judgement.replayed,
        judgement.rows,
    )


def exhausted(judgement: Judgement, history: History) -> Outcome:
    """The outcome when patience is spent; `history` is that before the last answer was folded in.

    Unknown if any attempt of the generation is in doubt; a generation that is over leaves no doubt.
    """
    doubt = not judgement.next_generation and (history.doubts > 0 or judgement.in_doubt)
    state = State.UNKNOWN if doubt else State.FAILED
    return Outcome(state, (), judgement.code, judgement.category, judgement.message)
