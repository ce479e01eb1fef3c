"""The history of a request: a fold over its attempts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.domain.model import History, Judgement, Kind, Reason

TROUBLES = st.builds(
    Judgement,
    st.just(Kind.AGAIN),
    st.sampled_from([Reason.SILENCE, Reason.GATEWAY, Reason.IN_PROGRESS, Reason.THROTTLED, Reason.SAVED_FAILURE]),
    next_generation=st.booleans(),
    in_doubt=st.booleans(),
    spends=st.booleans(),
    reply_ids=st.lists(st.sampled_from("abc")).map(tuple),
)


@given(st.lists(TROUBLES, max_size=8))
def test_whatever_comes_the_history_adds_up(judgements):
    """Attempts count on for ever; doubts, claims and replies are those of the present generation."""
    history = History()
    for at, judgement in enumerate(judgements):
        history = history.claim(float(at)).after(judgement, at + 0.5)
    since = max((at + 1 for at, judgement in enumerate(judgements) if judgement.next_generation), default=0)
    current = judgements[since:]
    assert history.attempts == len(judgements)
    assert history.generation == sum(judgement.next_generation for judgement in judgements)
    assert history.spent == sum(judgement.spends for judgement in judgements)
    assert history.claimed_at == (float(since) if current else None)
    assert history.doubts == sum(judgement.in_doubt for judgement in current)
    assert history.throttled == sum(judgement.reason is Reason.THROTTLED for judgement in current)
    assert history.reply_ids == frozenset().union(*(judgement.reply_ids for judgement in current))


def test_a_claim_that_is_given_back_was_never_made():
    """Of the first claim and of a later one."""
    first = History().claim(5.0)
    assert first.give_back(5.0) == History()
    assert first.claim(9.0).give_back(9.0) == first


def test_a_job_that_is_known_leaves_nothing_in_doubt():
    """However long ago it began; and a claim without an answer is in doubt again."""
    doubtful = History().claim(1.0).after(Judgement(Kind.AGAIN, Reason.SILENCE, in_doubt=True), 2.0)
    assert (doubtful.doubts, doubtful.doubted_at) == (1, 2.0)
    known = doubtful.resolved()
    assert (known.doubts, known.doubted_at, known.claimed_at) == (0, None, 1.0)
    assert known.claim(3.0).unanswered().doubts == 1
