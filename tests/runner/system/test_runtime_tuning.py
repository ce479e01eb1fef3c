"""The interpreter's settings while a run sends."""

from __future__ import annotations

import gc
import sys

import pytest

from runner.system.runtime_tuning import seldom_collecting, sending


def test_settings_are_put_back_whatever_happens():
    """Other code in the process finds the interpreter as it was."""
    before = gc.get_threshold(), sys.getswitchinterval(), gc.get_freeze_count()
    with pytest.raises(ZeroDivisionError), sending():
        assert (gc.get_threshold(), sys.getswitchinterval()) != before[:2]
        assert gc.isenabled()
        raise ZeroDivisionError
    assert (gc.get_threshold(), sys.getswitchinterval(), gc.get_freeze_count()) == before


def test_one_within_another():
    """The outer one holds until its end."""
    with seldom_collecting():
        frozen = gc.get_freeze_count()
        with seldom_collecting():
            pass
        assert gc.get_freeze_count() >= frozen > 0
    assert gc.get_freeze_count() == 0
