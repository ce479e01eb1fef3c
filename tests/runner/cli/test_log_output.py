"""`-v` and `--log-level` print the events of run.log on standard error, while the command runs."""

from __future__ import annotations

import logging

import pytest

from tests.flows.test_flows import subscriptions
from tests.harness.program import simulated


@pytest.mark.parametrize(
    ("words", "has", "has_not"),
    [
        ((), "", "info:"),
        (("-v",), "info: started:", "debug:"),
        (("--log-level", "debug"), "debug: settled:", "never"),
        (("-v", "--log-level", "error"), "", "info:"),
        (("--log-level", "error", "-v"), "", "info:"),
        (("-v", "-q", "-y"), "info: ended: how finished", "debug:"),
    ],
)
def test_events_are_printed_by_level(tmp_path, regen, words, has, has_not):
    """`--log-level` outranks `-v`; nothing is left installed."""
    manifest = subscriptions(tmp_path / "s.csv", 3, missing=1)
    with simulated() as server:
        done = regen("run", manifest, "--base-url", server.url, *words)
    assert done.code == 3
    assert has in done.err
    assert has_not not in done.err
    handlers = logging.getLogger("runner").handlers
    assert all(isinstance(handler, logging.NullHandler) for handler in handlers)


def test_what_is_shown_in_any_case_is_printed_once(tmp_path, regen):
    """A stop is a line for a person; it is no log line as well."""
    manifest = subscriptions(tmp_path / "s.csv", 5)
    with simulated() as server:
        done = regen("run", manifest, "--base-url", server.url, "--max-requests", 2, "--log-level", "info")
    assert done.err.count("stopping:") == 1
