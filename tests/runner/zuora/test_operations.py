"""What is known of each operation."""

from __future__ import annotations

import pytest

from runner.zuora.operations import BY_TYPE, OPERATIONS, Overwrites, flags, parameters


@pytest.mark.parametrize(
    ("overwrites", "plain", "resent", "migrated"),
    [
        (Overwrites.UNLESS_RESENT, True, False, True),
        (Overwrites.ON_RE_MIGRATE, False, False, True),
        (Overwrites.NEVER, False, False, False),
        (Overwrites.UNDOCUMENTED, True, True, True),
    ],
)
def test_when_data_is_overwritten(overwrites, plain, resent, migrated):
    """What is not documented counts as overwriting."""
    assert overwrites.applies(only_resend=False, re_migrate=False) is plain
    assert overwrites.applies(only_resend=True, re_migrate=False) is resent
    assert overwrites.applies(only_resend=False, re_migrate=True) is migrated


def test_every_type_belongs_to_one_operation():
    """And operations are listed under their own names."""
    assert all(operation.name == name for name, operation in OPERATIONS.items())
    assert sum(len(operation.types) for operation in OPERATIONS.values()) == len(BY_TYPE)
    assert all(type_ in operation.types for type_, operation in BY_TYPE.items())


def test_flags_are_sent_only_where_they_are_set():
    """A flag that is false is left out, so that the key of a request does not depend on it."""
    assert flags(only_resend=False, re_migrate=False) == {}
    assert flags(only_resend=True, re_migrate=False) == {"onlyReSend": "true"}
    assert flags(only_resend=False, re_migrate=True) == {"reMigrate": "true"}


def test_parameters_are_text():
    """As a query must hold them; those without a value are left out."""
    assert parameters({"mode": "Full", "forRevenueRecollect": True, "subscriptionNumber": None}) == {
        "mode": "Full",
        "forRevenueRecollect": "true",
    }


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS.values() if one.ids.count != 0], ids=lambda one: one.name
)
@pytest.mark.parametrize("value", [None, 3, {}, {"a": 1}, [1], [None], [[]]])
def test_a_declared_field_of_another_shape_holds_no_ids(operation, value):
    """A success is believed only with what the operation declares."""
    assert operation.ids(value) is None
