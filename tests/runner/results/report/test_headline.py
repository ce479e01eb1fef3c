"""The first sentence of the report, for each kind of run."""

from __future__ import annotations

import pytest

from runner.domain.model import State
from runner.ledger.request_kinds import Kind
from runner.results.report.headline import headline
from runner.results.report.statistics import Course, Series, Stretch

BOOKING, BILLING, EVENTS = "booking-transaction", "billing-transaction", "rev-rec-events"


def counts(**states: int) -> dict[str, int]:
    return {"rows": sum(states.values())} | {state.value: 0 for state in State} | states


def lasting(*stretches: tuple[float, float]) -> Course:
    return Course(tuple(Stretch(*each) for each in stretches), Series(()), Series(()), (), (), 0)


@pytest.mark.parametrize(
    ("kinds", "states", "course", "sentence"),
    [
        (
            [
                Kind(BOOKING, "reMigrate=true", "Subscription", 2500),
                Kind(BILLING, "reMigrate=true", "Invoice", 300),
            ],
            {"succeeded": 2777, "failed": 23},
            lasting((0, 780)),
            "The transactions of 2,500 subscriptions and 300 invoices were to be overwritten and re-sent to Revenue; "
            "2,777 succeeded; 23 failed, listed below; 13 min.",
        ),
        (
            [Kind(BOOKING, "", "OrderLineItem", 1), Kind(BILLING, "", "CreditMemo", 2)],
            {"succeeded": 3},
            lasting((0, 2)),
            "The transactions of 1 order line item were to be overwritten and sent to Revenue; the transactions of 2 "
            "credit memos were to be sent to Revenue; existing ones were not to be overwritten; all 3 "
            "succeeded; 2.0 s.",
        ),
        (
            [Kind(BOOKING, "onlyReSend=true", "Subscription", 4)],
            {"succeeded": 2, "unknown": 2, "rejected": 1, "duplicate": 3},
            lasting((0, 60), (580, 600)),
            "The transactions of 4 subscriptions were to be re-sent to Revenue; existing ones were not to be "
            "overwritten; 2 succeeded; 2 are unknown and 1 row was rejected, listed below; 3 rows repeated another; "
            "10 min, of which 80 s sending.",
        ),
        (
            [Kind(EVENTS, "", "DeliverySchedule", 2)],
            {"pending": 2},
            None,
            "The revenue recognition events of 2 delivery schedules were to be made again (Zuora does not document "
            "whether existing ones are overwritten); 2 were not finished; nothing was sent.",
        ),
        (
            [Kind("data-backfill", "", None, 2)],
            {"succeeded": 3000},
            lasting((0, 90 * 60)),
            "2 data backfill jobs were to be made (the records in the files are overwritten in Billing); all 3,000 "
            "succeeded; 1 h 30 min.",
        ),
        (
            [Kind("of-a-later-version", "", None, 1)],
            {"failed": 1},
            lasting((0, 1)),
            "1 of-a-later-version request was to be sent; 1 failed, listed below; 1.0 s.",
        ),
    ],
)
def test_what_was_to_be_done_and_how_it_went(kinds, states, course, sentence):
    """Objects, mode, states and time, in words."""
    assert headline(kinds, counts(**states), course) == sentence
