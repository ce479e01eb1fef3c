"""The highest epoch holds a run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import structs

from runner.domain.errors import Refused, RemoteUnusable
from runner.remote import fence
from runner.remote.fence import EpochHolder
from runner.remote.storage import open_storage

ONE = EpochHolder(host="h", tenant="t", token="1", machine="m1", folder="/runs/r", process=1, at="2026-11-27T01:02:03")
TWO = structs.replace(ONE, token="2", machine="m2")


@pytest.fixture
def storage(tmp_path):
    return open_storage(str(tmp_path))


def test_every_start_takes_the_next_epoch(storage):
    """Ten is after nine, and starts in the same moment take epochs of their own."""
    assert fence.highest(storage, "r") == 0
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: fence.take(storage, "r", ONE), range(12)))
    assert sorted(taken) == list(range(1, 13))
    assert fence.highest(storage, "r") == 12
    assert fence.highest(storage, "other") == 0


def test_a_ledger_is_superseded_by_others_and_not_by_itself(storage):
    """A process that was killed after it took an epoch, and before its ledger knew, is no other."""
    fence.take(storage, "r", ONE)
    assert fence.superseded(storage, "r", 1, ONE) is None
    assert fence.superseded(storage, "r", 0, ONE) is None
    assert fence.superseded(storage, "r", 0, TWO) == ONE
    fence.take(storage, "r", TWO)
    assert fence.superseded(storage, "r", 1, ONE) == TWO
    assert str(TWO) == "process 1 on m2, since 2026-11-27T01:02:03Z, in /runs/r"
    copied_folder = structs.replace(TWO, folder="/copy/r")
    assert fence.superseded(storage, "r", 1, copied_folder) == TWO


def test_the_same_id_of_another_tenant_is_refused(storage):
    fence.refuse_other_tenant(storage, "nightly", "h", "t")
    fence.take(storage, "nightly", ONE)
    fence.refuse_other_tenant(storage, "nightly", "h", "t")
    with pytest.raises(Refused, match=r"run id nightly is used at .* for another tenant \(h\)"):
        fence.refuse_other_tenant(storage, "nightly", "h", "t2")


def test_an_epoch_that_cannot_be_read_is_not_passed_over(storage):
    storage.create("holder/r/3", b"?")
    with pytest.raises(RemoteUnusable, match="holder/r/3 cannot be read"):
        fence.superseded(storage, "r", 1, ONE)
