"""Fixtures that tests of this package share."""

from __future__ import annotations

import pytest

from tests.flows.test_flows import subscriptions

PROFILE = '[profile.p]\nbase_url = "{url}"\nentity_ids = ["e1"]\norg_ids = ["A"]\nzuora_version = "2029-01-01"\n'


@pytest.fixture
def half(tmp_path, regen):
    """A run under profile `p` of 4 rows, 2 of them sent."""

    def made(url):
        (tmp_path / "regen.toml").write_text(PROFILE.format(url=url))
        manifest = subscriptions(tmp_path / "s.csv", 4)
        assert regen("run", manifest, "--profile", "p", "--max-requests", 2).code == 5

    return made
