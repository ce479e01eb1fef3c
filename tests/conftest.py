"""What holds for every test."""

from __future__ import annotations

import gc
import shutil
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling


ROOT = Path(__file__).parents[1]
pytest_plugins = ["tests.harness.program", "tests.harness.clock"]

settings.register_profile("suite", max_examples=60, deadline=None)
settings.load_profile("suite")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are named by their argument: compressed ones hold the time, and workers must collect the same tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(autouse=True, scope="session")
def state_homes(tmp_path_factory) -> Iterator[Path]:
    """What the program remembers of a user stays out of the home folder of whoever runs the tests."""
    path = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(path))
        yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def state_home(state_homes, monkeypatch) -> Iterator[str]:
    """A state folder for each test: no run of another test is remembered, and no other test holds the tenant."""
    path = str(state_homes / uuid.uuid4().hex)
    monkeypatch.setenv("XDG_STATE_HOME", path)
    yield path
    shutil.rmtree(path, ignore_errors=True)


LONG = {
    "tests/crashes/test_claims.py",
    "tests/crashes/test_crashes.py",
    "tests/documentation/test_walks.py",
    "tests/flows/test_race.py",
    "tests/nights/test_three_weeks.py",
    "tests/recipes/test_recipes.py",
    "tests/runner/audit/test_verify.py",
    "tests/runner/fleet/test_engine.py",
    "tests/runner/plan/test_backfill.py",
    "tests/runner/simulator/test_zuora_sdk.py",
    "tests/test_architecture.py",
}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected is kept: looking for garbage meanwhile takes a fifth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes seconds begins first, so that no worker waits for another's last test."""
    items.sort(key=lambda item: item.path.relative_to(ROOT).as_posix() not in LONG)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Tests go one by one to whoever is free; those stay together that share what is slow to make: an import, trees."""
    from xdist.scheduler import LoadScopeScheduling

    class OneByOne(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return path if path.endswith(("test_zuora_sdk.py", "test_architecture.py")) else nodeid

    return OneByOne(config, log)
