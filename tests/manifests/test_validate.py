"""Rows: their type, fields, label and lane, and every problem by its name."""

from __future__ import annotations

from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests import Batch, Checked, Reading, checker
from manifests.read.typed import Typed
from manifests.reading import DEFAULT
from manifests.schemas import TYPES, Alternative, Field, Kind, Schema

ID = "8ad0885c8f3a4b1e018f3a9f3b6d1234"
BOOKING = ["type", "subscriptionName", "subscriptionVersion", "subscriptionId"]


def rows(
    columns: list[str], *cells: list[str | None], type: str | None = None, resend_unknown: bool = False, **regen: str
) -> Checked:
    """The verdicts on some rows; `regen` gives the columns of an earlier run, the same in every row."""
    frame = pandas.DataFrame(cells, columns=columns, dtype=object)
    names = ("regen_type", "regen_state", "regen_outcome", "regen_attempts")
    earlier = pandas.DataFrame([[regen.get(n) for n in names]] * len(cells), columns=names, dtype=object)
    judge = checker(columns, path="m.csv", type=type, resend_unknown=resend_unknown)
    return judge.check(Batch(range(1, len(frame) + 1), frame, earlier if regen else None))


def rules(problem: str | None) -> list[str]:
    return [part.split(":")[0] for part in problem.split("; ")] if problem else []


@pytest.mark.parametrize(
    ("columns", "cells", "type", "fields", "label", "lane"),
    [
        (
            ["subscriptionName", "subscriptionVersion"],
            ["A-S1", "2"],
            "Subscription",
            {"subscriptionName": "A-S1", "subscriptionVersion": 2},
            "A-S1 v2",
            "Subscription A-S1",
        ),
        (["subscriptionId"], [ID], "Subscription", {"subscriptionId": ID}, ID, f"Subscription#{ID}"),
        (
            ["orderNumber", "itemNumber"],
            ["O-1", "01"],
            "OrderLineItem",
            {"orderNumber": "O-1", "itemNumber": "01"},
            "O-1 / 01",
            "Order O-1",
        ),
        (["orderLineItemId"], [ID], "OrderLineItem", {"orderLineItemId": ID}, ID, f"OrderLineItem#{ID}"),
        (["chargeNumber"], ["C-1"], "DynamicUsageCharge", {"chargeNumber": "C-1"}, "C-1", "Charge C-1"),
        (["ratePlanChargeId"], [ID], "DynamicUsageCharge", {"ratePlanChargeId": ID}, ID, f"Charge#{ID}"),
        (["invoiceNumber"], ["INV1"], "Invoice", {"number": "INV1"}, "INV1", "Invoice INV1"),
        (["type", "id"], ["invoice", ID], "Invoice", {"id": ID}, ID, f"Invoice#{ID}"),
        (["creditMemoNumber"], ["CM1"], "CreditMemo", {"number": "CM1"}, "CM1", "CreditMemo CM1"),
        (["type", "documentId"], ["credit_memo", ID], "CreditMemo", {"id": ID}, ID, f"CreditMemo#{ID}"),
        (["Debit Memo ID"], [ID], "DebitMemo", {"id": ID}, ID, f"DebitMemo#{ID}"),
        (["adjustmentNumber"], ["IIA-1"], "InvoiceItemAdjustment", {"number": "IIA-1"}, "IIA-1", None),
    ],
)
def test_accepted(
    columns: list[str], cells: list[str], type: str, fields: dict[str, object], label: str, lane: str | None
) -> None:
    """Each way to name each object: the fields of the request, how people see it, its lane."""
    result = rows(columns, cells)
    assert (result.types, result.objects, result.problems) == ([type], [label], [None])
    assert {wire: column[0] for wire, column in result.fields.items() if column != [None]} == fields
    assert result.lanes == [lane or f"{type} {label}"]


def test_one_entry_per_row_and_field() -> None:
    """Every list is as long as the batch, and every wire field of every type has one."""
    result = rows(["type", "id"], ["Invoice", "1"], ["x", "2"], ["DebitMemo", ""])
    wires = {field.wire for schema in TYPES.values() for field in schema.fields}
    assert result.fields.keys() == wires
    assert {len(column) for column in [result.types, result.objects, result.lanes, result.problems]} == {3}
    assert {len(column) for column in result.fields.values()} == {3}


def test_versions_share_a_lane() -> None:
    """All versions of a subscription and all items of an order go one after the other."""
    result = rows(["subscriptionName", "subscriptionVersion"], ["A", "1"], ["A", "2"], ["B", "1"])
    assert result.lanes == ["Subscription A", "Subscription A", "Subscription B"]


@pytest.mark.parametrize("edge", [" ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\ufeff", "\u2009\ufeff"])
def test_white_space_at_the_edges(edge: str) -> None:
    """Is trimmed from what is sent, and leaves the original cells alone."""
    frame = pandas.DataFrame({"invoiceNumber": [f"{edge}INV 1{edge}"]}, dtype=object)
    result = checker(["invoiceNumber"], path="m.csv").check(Batch(range(1, len(frame) + 1), frame, None))
    assert result.fields["number"] == ["INV 1"]
    assert frame["invoiceNumber"].tolist() == [f"{edge}INV 1{edge}"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["Subscription", "A", "1", ""], []),
        (["Subscription", "", "", "ID"], []),
        (["Subscription", "A", "", ""], ["half-of-a-pair"]),
        (["Subscription", " ", "1", None], ["half-of-a-pair"]),
        (["Subscription", "", "", ""], ["identifier-missing"]),
        (["Subscription", None, None, None], ["identifier-missing"]),
        (["Subscription", "A", "1", "ID"], []),
        (["Subscription", "", "1", "ID"], []),
        (["Subscripton", "A", "1", ""], ["type-unknown"]),
        (["", "A", "1", ""], []),
        ([None, "", "", ""], ["identifier-missing"]),
        (["Subscription", "A\0", "1.5", ""], ["control-characters", "subscription-version-not-an-integer"]),
        (["Subscription", "x" * 300 + "\0y", "", ""], ["control-characters", "value-too-long", "half-of-a-pair"]),
        (["Subscription", "", "x", "ID"], []),
    ],
)
def test_problems(cells: list[str | None], expected: list[str]) -> None:
    """Every problem of a row at once, each by its name; among good rows, whose verdict they do not touch."""
    good = ["Subscription", "A", "1", ""]
    result = rows(BOOKING, good, cells, good)
    assert [rules(problem) for problem in result.problems] == [[], expected, []]
    assert result.objects[0] == result.objects[2] == "A v1"
    assert (result.lanes[1] is None) == bool(expected)


@pytest.mark.parametrize(
    ("columns", "more"),
    [
        (["invoiceNumber"], []),
        ([" Invoice: Number "], []),
        (["type", "Invoice_Number"], ["type-unknown"]),
        (["subscriptionName", "subscriptionVersion"], ["subscription-version-not-an-integer"]),
    ],
)
def test_a_header_among_the_rows(columns: list[str], more: list[str]) -> None:
    """Where files were joined; a single cell that is like its header may be an object."""
    result = rows(columns, columns, ["Invoice", *columns[1:]])
    repeated, other = (rules(problem) for problem in result.problems)
    assert repeated == ["header-repeated", *more]
    assert "header-repeated" not in other


def test_types_by_the_columns_that_are_filled_in() -> None:
    """Without a type each row is what its own columns say; several at once are refused, none as well."""
    columns = ["subscriptionName", "subscriptionVersion", "invoiceNumber", "id"]
    result = rows(
        columns,
        ["A", "1", None, None],
        [None, None, "INV1", None],
        ["A", "1", "INV1", None],
        [None, None, None, "x"],
        [None, None, None, None],
    )
    assert result.types == ["Subscription", "Invoice", None, None, None]
    assert [rules(problem) for problem in result.problems] == [
        [],
        [],
        ["identifiers-exclude-each-other"],
        ["type-missing"],
        ["identifier-missing"],
    ]
    assert "names Subscription and Invoice at once, choose one with --type" in result.problems[2]
    assert result.objects == ["A v1", "INV1", "A / 1 / INV1", "x", None]


def test_own_words_count_once_the_type_is_known() -> None:
    """`version` beside `subscriptionName` is the subscription's, `memoNumber` that of the memo in the type column."""
    assert rows(["subscriptionName", "version"], ["A", "3"]).objects == ["A v3"]
    assert rows(["type", "memoNumber"], ["DebitMemo", "DM1"]).lanes == ["DebitMemo DM1"]
    assert rows(["name", "version"], ["A", "3"], type="subscription").objects == ["A v3"]


def test_columns_of_other_types_are_carried_along() -> None:
    """A credit memo may have the number of its invoice beside it, once it is said to be a credit memo."""
    columns = ["creditMemoNumber", "invoiceNumber"]
    assert rows(columns, ["CM1", "INV1"], type="CreditMemo").objects == ["CM1"]
    assert rules(rows(columns, ["CM1", "INV1"]).problems[0]) == ["identifiers-exclude-each-other"]


def test_type_column_and_option_must_agree() -> None:
    """--type does not overrule the type column; it serves where that is empty."""
    result = rows(["type", "id"], ["Invoice", "1"], ["", "2"], ["Credit Memo", "3"], ["?", "4"], type="Invoice")
    assert result.types == ["Invoice", "Invoice", "CreditMemo", None]
    assert [rules(problem) for problem in result.problems] == [[], [], ["type-disagrees"], ["type-unknown"]]
    assert "the row says CreditMemo and --type says Invoice" in result.problems[2]


def test_two_columns_for_one_field_in_a_row() -> None:
    """One filled in, or both alike, is fine; unlike values exclude each other."""
    result = rows(
        ["type", "id", "documentId"],
        ["Invoice", "1", ""],
        ["Invoice", "", "2"],
        ["Invoice", "3", " 3"],
        ["Invoice", "4", "5"],
    )
    assert result.fields["id"] == ["1", "2", "3", None]
    assert rules(result.problems[3]) == ["identifiers-exclude-each-other"]
    assert "the columns 'id' and 'documentId' both give id" in result.problems[3]


def test_type_of_an_earlier_run() -> None:
    """regen_type serves where neither a type column nor --type does."""
    assert rows(["type", "id"], [None, "1"], regen_type="DebitMemo").types == ["DebitMemo"]
    assert rows(["type", "id"], ["Invoice", "1"], regen_type="DebitMemo").types == ["Invoice"]
    assert rows(["id"], ["1"], type="CreditMemo", regen_type="DebitMemo").types == ["CreditMemo"]
    assert rows(["invoiceNumber"], ["1"], regen_type="").types == ["Invoice"]


CELLS = st.tuples(
    st.sampled_from(["Subscription", "", None, "Invoice", "nonsense"]),
    st.sampled_from(["A", "B", "", "C\0", "x" * 256, None]),
    st.sampled_from(["1", "2", "03", "0", "1.5", "", "9" * 11, None]),
    st.sampled_from(["", "", "ID", "I\nD", None]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS.map(list), min_size=1, max_size=6))
def test_rows_do_not_touch_each_other(cells: list[list[str | None]]) -> None:
    """A batch is checked as if each row were alone, whatever stands before and behind it."""
    together = rows(BOOKING, *cells)
    for n, row in enumerate(cells):
        alone = rows(BOOKING, row)
        assert alone.problems == [together.problems[n]]
        assert alone.objects == [together.objects[n]]
        assert alone.types == [together.types[n]]
        assert alone.lanes == [together.lanes[n]]
        assert {wire: column[0] for wire, column in alone.fields.items()} == {
            wire: column[n] for wire, column in together.fields.items()
        }


def test_another_type_is_another_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """A type with details beside its identifier needs a declaration and no code."""
    yes_no = {"true": True, "false": False}
    schedule = Schema(
        name="DeliverySchedule",
        objects=("DeliverySchedule",),
        fields=(
            Field("subscriptionNumber", ("subscriptionNumber",)),
            Field("mode", ("mode",), kind=Kind.CHOICE, choices={"Incremental": "Incremental", "Full": "Full"}),
            Field("forRevenueRecollect", ("forRevenueRecollect",), kind=Kind.CHOICE, choices=yes_no),
        ),
        alternatives=(
            Alternative(("subscriptionNumber",), "{subscriptionNumber}", "Subscription {subscriptionNumber}"),
        ),
    )
    monkeypatch.setitem(TYPES, schedule.name, schedule)
    columns = ["subscriptionNumber", "mode", "forRevenueRecollect"]
    cells = [["A", "FULL", "True"], ["B", "", "false"], ["C", "half", None], ["", "full", ""]]
    result = rows(columns, *cells, type="delivery schedule")
    assert result.fields["mode"] == ["Full", None, None, None]
    assert result.fields["forRevenueRecollect"] == [True, False, None, None]
    assert result.lanes == ["Subscription A", "Subscription B", None, None]
    assert result.problems[2] == "mode-not-a-choice: mode is 'half', write Incremental or Full"
    assert rules(result.problems[3]) == ["identifier-missing"]


def judged(columns: list[str], *cells: list[str | None], reading: Reading = DEFAULT, **batch: Any) -> Checked:
    """The verdicts on rows as a file gave them."""
    frame = pandas.DataFrame(cells, columns=columns, dtype=object)
    numbers = batch.pop("numbers", range(1, len(frame) + 1))
    return checker(columns, path="m.csv", type="Invoice", reading=reading).check(Batch(numbers, frame, None, **batch))


@pytest.mark.parametrize(
    ("by", "used"),
    [
        (None, [{"number": "INV1"}, {"number": "INV2"}]),
        ("id", [{"id": ID}, {"number": "INV2"}]),
        ("number", [{"number": "INV1"}, {"number": "INV2"}]),
    ],
)
def test_one_of_two_names_of_an_object_counts(by, used):
    """The preferred one that is filled in, or the one that was chosen, and that one alone."""
    result = judged(["invoiceId", "invoiceNumber"], [ID, "INV1"], ["", "INV2"], reading=Reading(by=by))
    named = [{wire: column[at] for wire, column in result.fields.items() if column[at] is not None} for at in range(2)]
    assert named == used
    assert result.problems == [None, None]


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("#N/A", "error-value"),
        ("nan", "no-value"),
        ('="INV1"', "formula-text"),
        (Typed("1.5", "a fraction"), "not-text"),
    ],
)
def test_what_is_no_identifier_rejects_its_row(cell, rule):
    """Texts that a program left, and cells that are no text."""
    result = judged(["invoiceNumber"], [cell], ["INV2"])
    assert [rules(problem)[:1] for problem in result.problems] == [[rule], []]
    assert result.notes == []


def test_whatever_looks_strange_may_be_meant():
    """With --literal a text is what it is."""
    result = judged(["invoiceNumber"], ["#N/A"], ["123.0"], reading=Reading(literal=True))
    assert (result.problems, result.fields["number"]) == ([None, None], ["#N/A", "123.0"])


def test_a_cell_that_is_a_whole_number_counts_as_its_digits():
    """Where it is an identifier, and where a number is wanted."""
    assert judged(["invoiceNumber"], [Typed("17", "a number", identifier="17")]).fields["number"] == ["17"]
    frame = pandas.DataFrame([["A", Typed("2.0", "a fraction", integer="2")]], columns=BOOKING[1:3], dtype=object)
    assert checker(BOOKING[1:3], path="m").check(Batch([1], frame, None)).fields["subscriptionVersion"] == [2]


def test_cells_of_another_kind_count_in_their_own_row_alone():
    """In a column that several types share; and a choice is judged as a choice."""
    cells = [["Invoice", Typed("1.5", "a date")], ["CreditMemo", "x "]]
    frame = pandas.DataFrame(cells, columns=["type", "id"], dtype=object)
    result = checker(["type", "id"], path="m").check(Batch([1, 2], frame, None))
    assert [rules(problem)[:1] for problem in result.problems] == [["not-text"], []]
    assert [note.position for note in result.notes] == [1]
    columns = ["subscriptionNumber", "mode"]
    frame = pandas.DataFrame([["A", Typed("1.5", "a fraction")]], columns=columns, dtype=object)
    result = checker(columns, path="m", type="delivery schedule").check(Batch([1], frame, None))
    assert [rules(problem)[:1] for problem in result.problems] == [["mode-not-a-choice"]]


def test_unusual_texts_are_noted_and_sent_as_they_are():
    """A decimal's text, white space that was trimmed at the end, a quote that a spreadsheet put before a sign."""
    result = judged(["invoiceNumber"], ["123.0"], ["INV2 "], ["'-INV3"], escaped=True)
    assert (result.problems, result.fields["number"]) == ([None] * 3, ["123.0", "INV2", "-INV3"])
    assert sorted(note.position for note in result.notes) == [0, 1, 2]


def test_words_below_an_empty_row_are_no_object():
    """A footer is noticed where nothing but it is in the row; above the gap the same words are a name."""
    footer = ["Generated for Acme", None]
    result = judged(["invoiceNumber", "note"], ["INV1", "x"], footer, numbers=[1, 3])
    assert [rules(problem)[:1] for problem in result.problems] == [[], ["footer"]]
    assert judged(["invoiceNumber", "note"], ["INV1", "x"], footer).problems == [None, None]
    assert judged(["invoiceNumber", "note"], footer, empty_before=2).problems != [None]
