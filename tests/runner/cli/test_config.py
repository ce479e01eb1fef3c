"""The command `regen config`."""

from __future__ import annotations


def test_config_before_there_is_any(tmp_path, regen):
    """Says what is missing and where a file would be looked for."""
    shown = regen("config")
    assert shown.code == 0
    assert "neither ./regen.toml nor" in shown.out
