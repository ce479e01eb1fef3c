"""Options that exclude each other or cannot be."""

from __future__ import annotations

import pytest

from tests.flows.test_flows import subscriptions


def test_both_flags_are_refused(tmp_path, regen):
    """Zuora does not allow onlyReSend with reMigrate."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    assert regen("plan", manifest, "--base-url", "http://127.0.0.1:1", "--only-resend", "--re-migrate").code == 2


@pytest.mark.parametrize("until", ["25:00", "soon"])
def test_words_that_cannot_be(tmp_path, regen, until):
    """Usage errors are exit 2."""
    manifest = subscriptions(tmp_path / "a.csv", 1)
    assert regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--until", until).code == 2
    assert regen("run", manifest, "--base-url", "http://127.0.0.1:1", "--max-failures", "many").code == 2
    assert regen("run", manifest, "--no-such-flag").code == 2
    assert regen("show", "no-such-run").code == 2
