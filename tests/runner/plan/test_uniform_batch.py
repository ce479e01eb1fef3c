"""Bodies made column by column are those that are made row by row."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.schemas import TYPES
from manifests.validate import Checked
from runner.domain.identity import Destination, Identities, canonical
from runner.plan.uniform_batch import uniform_bodies
from runner.zuora.operations import BY_TYPE

TEXT = st.text(st.characters(codec="utf-8")) | st.sampled_from(['"', "\\", "%s", "\x7f", " ", "\x00", "ü<&>", "😀"])
VALUES = st.lists(TEXT, min_size=1, max_size=9) | st.lists(st.integers(-5, 10**15), min_size=1, max_size=9)
FIELDS = sorted({field.wire for schema in TYPES.values() for field in schema.fields})


def checked(type_: str, rows: int, **fields: list[object]) -> Checked:
    nothing: list[object] = [None] * rows
    columns = {name: fields.get(name, nothing) for name in {*FIELDS, *fields}}
    return Checked([type_] * rows, columns, [None] * rows, [None] * rows, [None] * rows, [])  # type: ignore[arg-type]


@given(
    VALUES, VALUES, st.sampled_from(["subscriptionName", "id", "zeta", "alpha"]), st.sampled_from(["id", "billingId"])
)
def test_the_text_is_the_canonical_one(first, second, name, billing_id_field):
    """Whatever characters there are, in whatever order the fields sort; and so the digests are equal, too."""
    rows = min(len(first), len(second))
    batch = checked("Subscription", rows, **{name: first[:rows], "orderNumber": second[:rows]})
    uniform = uniform_bodies(batch, billing_id_field)
    assert uniform is not None
    renamed = billing_id_field if name == "id" else name
    expected = [
        canonical({"type": "Subscription", renamed: one, "orderNumber": other})
        for one, other in zip(first[:rows], second[:rows], strict=True)
    ]
    assert [body.encode() for body in uniform[1]] == expected
    identities = Identities(Destination("r", "h"), "/p", {"reMigrate": "true"})
    assert identities.digests(uniform[1]) == [identities.digest(body) for body in expected]
    assert all(json.loads(body)["type"] == "Subscription" for body in uniform[1])


@pytest.mark.parametrize(
    "batch",
    [
        Checked(["Subscription", "OrderLineItem"], {"id": ["1", "2"]}, ["", ""], ["", ""], [None, None], []),
        Checked(["Subscription", None], {"id": ["1", "2"]}, ["", ""], ["", ""], [None, "type-missing: …"], []),
        Checked(["Invoice", "Invoice"], {"id": ["1", "2"]}, ["", ""], ["", ""], [None, "not-text: …"], []),
        Checked(["Invoice", "Invoice"], {"id": ["1", None], "n": [None, "2"]}, ["", ""], ["", ""], [None, None], []),
        Checked(["DeliverySchedule"], {"id": ["1"]}, [""], [""], [None], []),
        Checked([], {"id": []}, [], [], [], []),
    ],
)
def test_what_is_not_alike_is_left_to_the_rows(batch):
    """Several types, a rejected row, rows named by different fields, fields of the query, no rows."""
    assert uniform_bodies(batch, "id") is None


def test_every_type_is_known():
    """The types that a batch can have are those of the operations."""
    assert set(TYPES) <= set(BY_TYPE)
