"""--notify-on: all endings, only those that differ from the last one, or only failures."""

from __future__ import annotations

import pytest

from runner.config.file import Secret
from runner.config.settings import Flags
from runner.domain.errors import ExitCode
from runner.notify.receivers import Receivers
from runner.notify.reporting import Report, deliver
from tests.harness.hooks import hook

ENDINGS = (0, 3, 3, 3, 0, 0, 2, 143, 143)


def delivered(runs, moment, *statuses, name="n"):
    """Which endings of one name a web hook is informed of."""
    with hook(*statuses) as hooked:
        receivers = Receivers(notify=Secret(hooked.url), notify_on=moment, runs=runs, labels={"tenant": "t"})
        for code in ENDINGS:
            deliver(receivers, Report(name, Flags(), code=ExitCode(code)))
        return [received["exit_code"] for received in hooked.received], receivers


@pytest.mark.parametrize(
    ("moment", "codes"),
    [("always", list(ENDINGS)), ("failure", [3, 3, 3, 2, 143, 143]), ("change", [0, 3, 0, 2, 143])],
)
def test_which_endings_are_posted(tmp_path, moment, codes):
    posted, _ = delivered(tmp_path, moment)
    assert posted == codes


def test_what_was_not_delivered_is_posted_the_next_time(tmp_path):
    """A change that the hook did not take is still one."""
    posted, _ = delivered(tmp_path, "change", 200, 404, 404, 200)
    assert posted == [0, 3, 3, 3, 0, 2, 143]


def test_without_a_runs_folder_every_ending_is_news(tmp_path):
    """Nothing can be remembered, so that nothing is kept back."""
    posted, _ = delivered(tmp_path / "nowhere", "change")
    assert posted == list(ENDINGS)


def test_names_and_hooks_are_apart(tmp_path):
    """One list's failure does not hide another's."""
    _, receivers = delivered(tmp_path, "change")
    with hook() as other:
        deliver(receivers, Report("n", Flags(), code=ExitCode.TERMINATED))
        elsewhere = Receivers(notify=Secret(other.url), notify_on="change", runs=tmp_path, labels={"tenant": "t"})
        deliver(elsewhere, Report("n", Flags(), code=ExitCode.TERMINATED))
        deliver(elsewhere, Report("m", Flags(), code=ExitCode.TERMINATED))
        assert [received["name"] for received in other.received] == ["n", "m"]


def test_option_variable_and_profile(monkeypatch, tmp_path, regen):
    monkeypatch.setenv("REGEN_NOTIFY_ON", "sometimes")
    done = regen("run", "s.csv", "--base-url", "http://127.0.0.1:9")
    assert done.code == 2 and "expected one of always, change, failure, not 'sometimes'" in done.err
    monkeypatch.setenv("REGEN_NOTIFY_ON", "failure")
    assert "failure" in regen("config").out
    monkeypatch.delenv("REGEN_NOTIFY_ON")
    (tmp_path / "regen.toml").write_text('[profile.p]\nnotify_on = "sometimes"\n')
    assert regen("config", "--profile", "p").code == 2
    (tmp_path / "regen.toml").write_text('[profile.p]\nnotify_on = "change"\n')
    assert "change" in regen("config", "--profile", "p").out
    assert regen("run", "s.csv", "--notify-on", "never").code == 2
