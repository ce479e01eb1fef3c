"""Who is informed of an ending; what cannot work is refused before the run, by name and without its secret."""

from __future__ import annotations

import os

import pytest

from runner.config.file import Secret
from runner.config.settings import Flags
from runner.domain.errors import ExitCode
from runner.notify.receivers import Receivers, receivers_of, usable
from runner.notify.reporting import Report, deliver
from tests.flows.test_flows import subscriptions

BROKEN = [
    (("--on-finish", "no-such-command"), "'no-such-command' is not a program that can be found"),
    (("--on-finish", "./no-such-script x"), "'./no-such-script' is not a program"),
    (("--on-finish", "'unclosed"), "No closing quotation"),
    (("--on-finish", " "), "an empty command"),
    (("--metrics", "no/such/folder/x.prom"), "there is no folder no/such/folder"),
    (("--metrics", "."), "a folder; name a file in it"),
    (("--metrics", "ftp://gateway/x"), "a Pushgateway's URL"),
    (("--metrics", "http://"), "a Pushgateway's URL"),
    (("--metrics", "http://user:very-secret@gateway:9091"), "a Pushgateway's URL"),
    (("--notify", "http://hooks.invalid/very-secret"), "must begin with https://"),
    (("--notify", "hooks.invalid/very-secret"), "must begin with https://"),
    (("--notify", "https://[::1/very-secret"), "cannot be read"),
]


@pytest.mark.parametrize(("words", "reason"), BROKEN)
@pytest.mark.parametrize("command", ["run", "resume", "nightly"])
def test_what_cannot_work_is_refused_before_the_run(tmp_path, regen, command, words, reason):
    """A typing error would be seen only when the night is over: by nobody."""
    target = "last" if command == "resume" else subscriptions(tmp_path / "s.csv", 1)
    done = regen(command, target, "--base-url", "http://127.0.0.1:9", *words)
    assert done.code == 2
    assert reason in done.err
    assert not (tmp_path / "runs").exists()
    assert "very-secret" not in done.err + done.out


def test_what_the_runs_own_profile_says_is_refused_too(tmp_path, regen, simulator):
    """Before the resumed run sends anything."""
    manifest, config = subscriptions(tmp_path / "s.csv", 4), tmp_path / "regen.toml"
    with simulator() as server:
        config.write_text(f"[profile.p]\nbase_url = {server.url!r}\n")
        assert regen("run", manifest, "--profile", "p", "--max-requests", 2).code == 5
        config.write_text(config.read_text() + "metrics = 'gone/m.prom'\n")
        done = regen("resume", "last")
        assert (done.code, server.arrivals()) == (2, 2)
    assert "there is no folder gone" in done.err


def test_where_the_configuration_cannot_be_read_the_others_are_informed(tmp_path):
    """A night that a broken regen.toml refuses is one that somebody must hear of."""
    config = tmp_path / "regen.toml"
    config.write_text("[profile.p]\nbase_ulr = 1\n")
    environment = {"REGEN_NOTIFY": "https://hooks.example.com/x", "REGEN_METRICS": "m.prom", "REGEN_ON_FINISH": "true"}
    receivers = receivers_of(Flags(config=str(config)), environment)
    assert (receivers.metrics, receivers.on_finish) == ("m.prom", "true")
    assert receivers.notify is not None and receivers.notify.reveal() == "https://hooks.example.com/x"


def test_those_that_can_work_are_informed_all_the_same(tmp_path):
    """The refusal itself is reported, but for the receiver that is wrong."""
    receivers = Receivers(on_finish="no-such-command", notify=Secret("ftp://x"), metrics=str(tmp_path / "m.prom"))
    left = usable(receivers)
    assert (left.on_finish, left.notify, left.metrics) == (None, None, receivers.metrics)


@pytest.mark.skipif(os.name != "posix", reason="pipes in folders")
def test_what_is_no_plain_file_is_not_replaced(tmp_path, regen):
    """A device or a pipe would be gone for everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", "http://127.0.0.1:9", "--metrics", pipe)
    assert done.code == 2 and "a device or a pipe" in done.err
    assert pipe.is_fifo()


@pytest.mark.skipif(os.name != "posix", reason="links need a right on Windows")
def test_a_link_to_the_metrics_stays_a_link(tmp_path):
    """Of a collector's folder into a user's."""
    link = tmp_path / "link.prom"
    (tmp_path / "there").mkdir()
    link.symlink_to(tmp_path / "there" / "m.prom")
    deliver(Receivers(metrics=str(link)), Report("n", Flags(), code=ExitCode.SUCCEEDED))
    assert link.is_symlink() and "regen_exit_code" in (tmp_path / "there" / "m.prom").read_text()
