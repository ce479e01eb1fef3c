"""The interpreter's settings while a run sends."""

from __future__ import annotations

import gc

import pytest

from runner.system.runtime_tuning import LOADED, seldom_collecting, whole_command


def test_settings_are_put_back_whatever_happens():
    """Other code in the process finds the interpreter as it was."""
    threshold, frozen = gc.get_threshold(), gc.get_freeze_count()  # Python 3.12 has frozen some itself
    with pytest.raises(ZeroDivisionError), seldom_collecting():
        assert gc.get_threshold() != threshold
        assert gc.get_freeze_count() > frozen
        assert gc.isenabled()
        raise ZeroDivisionError
    assert gc.get_threshold() == threshold
    assert gc.get_freeze_count() <= frozen


def test_one_within_another():
    """The outer one holds until its end."""
    before = gc.get_freeze_count()
    with seldom_collecting():
        frozen = gc.get_freeze_count()
        with seldom_collecting():
            pass
        assert gc.get_freeze_count() >= frozen > before
    assert gc.get_freeze_count() <= before


def test_a_process_of_one_command():
    """What it loads is not looked at for garbage, nor what is left when it ends, however it ends."""
    threshold = gc.get_threshold()
    try:
        with pytest.raises(SystemExit), whole_command():
            assert gc.get_threshold()[0] == LOADED
            raise SystemExit(3)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
