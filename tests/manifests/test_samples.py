"""The sample manifests are what the documentation says they are."""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest

from tests import ROOT

SAMPLES = ROOT / "sample_data"


@pytest.mark.parametrize(
    ("name", "type", "rows"),
    [
        ("subscriptions.csv", "Subscription", 40),
        ("order_line_items.parquet", "OrderLineItem", 25),
        ("usage_charges.csv", "DynamicUsageCharge", 15),
        ("invoices.csv", "Invoice", 30),
        ("credit_memos.csv", "CreditMemo", 12),
        ("debit_memos.tsv", "DebitMemo", 8),
        ("invoice_item_adjustments.csv", "InvoiceItemAdjustment", 8),
        ("delivery_schedules.csv", "DeliverySchedule", 8),
        ("daily_consumptions.csv", "DailyConsumption", 8),
    ],
)
def test_one_type(checked, name: str, type: str, rows: int) -> None:
    """One manifest of each type, every row in order."""
    result = checked(str(SAMPLES / name))
    assert result.types == [type] * rows
    assert result.problems == [None] * rows


def test_subscriptions_repeat(checked) -> None:
    """Several versions of the same subscription, and one row twice."""
    result = checked(str(SAMPLES / "subscriptions.csv"))
    assert Counter(Counter(result.objects).values()) == {1: 38, 2: 1}
    assert max(Counter(result.lanes).values()) > 1


def test_mixed(checked) -> None:
    """All types in one file, by its type column."""
    result = checked(str(SAMPLES / "mixed.csv"))
    assert len(set(result.types)) == 7
    assert result.problems == [None] * 20


def test_mistakes(checked) -> None:
    """Five honest mistakes among eight rows, each found by its name."""
    problems = checked(str(SAMPLES / "mistakes.csv")).problems
    assert [problem.split(":")[0] if problem else None for problem in problems] == [
        None,
        "subscription-version-not-an-integer",
        "half-of-a-pair",
        None,
        "type-unknown",
        "subscription-version-not-positive",
        "identifier-missing",
        None,
    ]


def test_settings() -> None:
    """Two profiles, each with its base URL and no secret."""
    settings = tomllib.loads((SAMPLES / "regen.toml").read_text(encoding="utf-8"))
    assert settings == {
        "profile": {
            "simulator": {"base_url": "http://127.0.0.1:9080"},
            "sandbox": {"base_url": "https://rest.test.zuora.com"},
        }
    }
