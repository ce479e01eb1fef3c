"""Fixtures that tests of this package share."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["express", "session"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test goes both ways: what a request does may not depend on the way that it takes."""
    if request.param == "session":
        monkeypatch.setattr("runner.zuora.client.fits", lambda session: False)
