"""When to try again, and what is said when patience is spent."""

from __future__ import annotations

import pytest

from runner.dispatch.retry_policy import Patience, exhausted, settled
from runner.domain.model import History, Judgement, Kind, Outcome, Reason, RowOutcome, State

PATIENCE = Patience()
SAVED = Judgement(Kind.AGAIN, Reason.SAVED_FAILURE, next_generation=True)
SILENT = Judgement(Kind.AGAIN, Reason.SILENCE, in_doubt=True)
THROTTLED = Judgement(Kind.AGAIN, Reason.THROTTLED, spends=False)


@pytest.mark.parametrize(("spent", "ceiling"), [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (500, 60.0)])
def test_backs_off_exponentially_with_full_jitter(spent, ceiling):
    """uniform(0, min(cap, base·2^attempt))."""
    history = History(spent=spent)
    assert PATIENCE.delay_seconds(SILENT, history, 0.0) == 0.0
    assert PATIENCE.delay_seconds(SILENT, history, 1.0) == ceiling
    assert PATIENCE.delay_seconds(SILENT, history, 0.5) == ceiling / 2


def test_throttled_requests_wait_longer_each_time_though_they_spend_nothing():
    """Their patience is untouched; their delay grows."""
    assert PATIENCE.delay_seconds(THROTTLED, History(throttled=1), 1.0) == 1.0
    assert PATIENCE.delay_seconds(THROTTLED, History(throttled=4), 1.0) == 8.0


@pytest.mark.parametrize(("in_progress", "longest"), [(1, 4.0), (2, 8.0), (3, 16.0), (4, 30.0), (99, 30.0)])
def test_what_is_in_progress_is_polled_every_2_to_30_seconds(in_progress, longest):
    """Never sooner than 2 s, never later than 30."""
    judgement = Judgement(Kind.AGAIN, Reason.IN_PROGRESS, in_doubt=True, spends=False)
    history = History(in_progress=in_progress)
    assert PATIENCE.delay_seconds(judgement, history, 0.0) == 2.0
    assert PATIENCE.delay_seconds(judgement, history, 1.0) == longest


def test_a_new_token_is_tried_at_once():
    """There is nothing to wait for."""
    assert PATIENCE.delay_seconds(Judgement(Kind.AGAIN, Reason.TOKEN), History(spent=3), 0.9) == 0.0


def test_what_the_server_requires_is_the_least():
    """Retry-After."""
    judgement = Judgement(Kind.AGAIN, Reason.THROTTLED, hold_seconds=12.0)
    assert PATIENCE.delay_seconds(judgement, History(throttled=1), 0.1) == 12.0


def test_patience_is_six_attempts():
    """And settable."""
    assert not PATIENCE.spent(History(spent=5))
    assert PATIENCE.spent(History(spent=6))
    assert Patience(attempts=2).spent(History(spent=2))


@pytest.mark.parametrize(
    ("judgement", "before", "state"),
    [
        (SILENT, History(), State.UNKNOWN),
        (Judgement(Kind.AGAIN, Reason.THROTTLED), History(doubts=1), State.UNKNOWN),
        (Judgement(Kind.AGAIN, Reason.THROTTLED), History(), State.FAILED),
        (SAVED, History(doubts=3), State.FAILED),
    ],
)
def test_spent_patience_is_unknown_only_if_the_generation_is_in_doubt(judgement, before, state):
    """A generation that is over leaves no doubt."""
    assert exhausted(judgement, before).state is state


def test_outcomes_carry_the_words_of_the_api():
    """Ids, code, category, message, replay."""
    outcome = settled(Judgement(Kind.SUCCEEDED, Reason.DONE, ids=("a",), replayed=True))
    assert (outcome.state, outcome.ids, outcome.replayed) == (State.SUCCEEDED, ("a",), True)
    outcome = settled(Judgement(Kind.FAILED, Reason.REFUSED, code="53100340", category="40", message="gone"))
    assert (outcome.state, outcome.code, outcome.category, outcome.message) == (State.FAILED, "53100340", "40", "gone")


FULL = Judgement(
    Kind.FAILED,
    Reason.REFUSED,
    ids=("a",),
    replayed=True,
    code="1",
    category="30",
    message="why",
    rows=(RowOutcome(1, State.FAILED, "no"),),
)


def test_an_outcome_has_all_of_the_judgement():
    """Ids, code, category, message, whether it was saved, and the fates of rows."""
    assert settled(FULL) == Outcome(State.FAILED, ("a",), "1", "30", "why", replayed=True, rows=FULL.rows)


@pytest.mark.parametrize(("doubts", "state"), [(0, State.FAILED), (1, State.UNKNOWN)])
def test_when_patience_is_spent_the_last_answer_is_the_reason(doubts, state):
    """Without ids: nothing is known to be done."""
    assert exhausted(FULL, History(doubts=doubts)) == Outcome(state, (), "1", "30", "why")


def test_the_delay_stops_growing_after_sixteen_doublings():
    """However large the cap; and an attempt that spent nothing waits as the first."""
    patience = Patience(base_seconds=1.0, cap_seconds=1e9, progress_base_seconds=1.0, progress_cap_seconds=1e9)
    assert patience.delay_seconds(SILENT, History(spent=500), 1.0) == 2.0**16
    assert patience.delay_seconds(SILENT, History(), 1.0) == 2.0
    in_progress = Judgement(Kind.AGAIN, Reason.IN_PROGRESS, in_doubt=True, spends=False)
    assert patience.delay_seconds(in_progress, History(in_progress=500), 1.0) == 2.0**16
