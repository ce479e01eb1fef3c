"""Fixtures that tests of this package share."""

from __future__ import annotations

import pytest

CONFIG = """
default_profile = "sandbox"
[profile.sandbox]
base_url = "https://rest.test.zuora.com"
rate = 5
entity_ids = ["e1"]
[profile.live]
base_url = "https://rest.zuora.com"
[profile.live.patience]
attempts = 3
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "regen.toml"
    path.write_text(CONFIG)
    return str(path)
