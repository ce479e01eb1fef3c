"""The key is a contract: golden values, and a form that no rewrite may change."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.domain.identity import Destination, Identities, canonical, fingerprint, key, track_id

GOLDEN = [
    (
        Destination("2026-11-21-demo", "rest.test.zuora.com"),
        "/v1/uno-regenerate/booking-transaction",
        {"reMigrate": "true"},
        {"type": "Subscription", "subscriptionName": "A-S00000001", "subscriptionVersion": 1},
        0,
        "regen1-89dd8bd48dfbbea97bf18c39e44c18e96ea97aa3-0",
    ),
    (
        Destination("2026-11-21-demo", "rest.test.zuora.com"),
        "/v1/uno-regenerate/billing-transaction",
        {},
        {"type": "CreditMemo", "number": "CM00000001"},
        1,
        "regen1-a17dfbe6e9877ebc5a5a8c4cde4b77e5715291dd-1",
    ),
    (
        Destination("nightly", "rest.eu.zuora.com", ("b", "a"), ("o2", "o1")),
        "/v1/uno-regenerate/booking-transaction",
        {"onlyReSend": "true"},
        {"type": "OrderLineItem", "orderNumber": "O-000Ü12", "itemNumber": "1"},
        0,
        "regen1-feeeab8537a51f966fe795e7abc941ee3fbf5e25-0",
    ),
]

texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(("destination", "path", "query", "body", "generation", "expected"), GOLDEN)
def test_golden_keys_never_change(destination, path, query, body, generation, expected):
    """These very keys are in tenants' memories and in auditors' files."""
    digest = Identities(destination, path, query).digest(canonical(body)).hex()
    assert key(digest, generation) == expected


@given(st.dictionaries(texts, st.one_of(texts, st.integers(0, 2**31), st.none())), texts, st.integers(1, 5))
def test_the_canonical_form_is_sorted_compact_unescaped_json(body, run, step):
    """Composing the identity from its parts gives the same bytes as encoding it whole."""
    destination = Destination(run, "h:1", ("e",), ())
    identity = {
        "v": 1,
        "run": run,
        "host": "h:1",
        "entity": ["e"],
        "orgs": [],
        "method": "POST",
        "path": "/p",
        "query": {"a": "true"},
        "body": body,
    }
    if step > 1:
        identity["step"] = step
    whole = json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    composed = Identities(destination, "/p", {"a": "true"}, step).canonical(canonical(body))
    assert json.loads(composed) == json.loads(whole)
    assert composed == whole


def test_an_absent_body_is_null():
    """Operations without a body have an identity too."""
    identities = Identities(Destination("r", "h"), "/p", {})
    assert b'"body":null,' in identities.canonical(None)
    assert identities.digest(None) == hashlib.sha256(identities.canonical(None)).digest()[:20]


@pytest.mark.parametrize(
    "other",
    [
        Identities(Destination("r2", "h"), "/p", {}),
        Identities(Destination("r", "h2"), "/p", {}),
        Identities(Destination("r", "h", ("e",)), "/p", {}),
        Identities(Destination("r", "h", (), ("o",)), "/p", {}),
        Identities(Destination("r", "h"), "/q", {}),
        Identities(Destination("r", "h"), "/p", {"reMigrate": "true"}),
        Identities(Destination("r", "h"), "/p", {}, 2),
    ],
)
def test_every_part_of_the_identity_counts(other):
    """Run, host, entities, organizations, path, query and step each make another request of the same body."""
    body = canonical({"type": "Invoice", "number": "INV1"})
    assert Identities(Destination("r", "h"), "/p", {}).digest(body) != other.digest(body)


def test_keys_and_track_ids_fit_their_headers():
    """At most 255 characters, and at most 64."""
    digest = "f" * 40
    assert len(key(digest, 10**6)) < 255
    assert len(track_id(digest, 10**6)) <= 64
    assert track_id(digest, 3) == "f" * 40 + "-3"


def test_fingerprints_tell_inputs_apart():
    """Order and content count."""
    assert fingerprint(["a", "b"]) != fingerprint(["b", "a"])
    assert fingerprint(["a"]) == fingerprint(["a"])


def test_digests_of_many_bodies_are_those_of_each():
    """As text or as bytes, with letters beyond ASCII."""
    identities = Identities(Destination("r", "h", ("e",)), "/p", {"reMigrate": "true"}, 2)
    bodies = ['{"a":1}', '{"name":"ü😀"}', "{}"]
    assert identities.digests(bodies) == [identities.digest(body.encode()) for body in bodies]
