"""How a night is told: a command, a web hook, a metrics file; and none of them changes it."""

from __future__ import annotations

import json
import re
import shlex
import sys

import pytest

from runner.notify import webhook
from runner.system.signals import Terminated
from tests.flows.test_flows import one, subscriptions
from tests.harness.hooks import hook


def noting(path) -> str:
    """A command that notes its last argument and its environment in a file."""
    code = (
        "import json, os, sys; "
        "json.dump([sys.argv[1:], {k: v for k, v in os.environ.items() if k[:5] in ('REGEN', 'ZUORA')}], "
        f"open({str(path)!r}, 'w'))"
    )
    return shlex.join([sys.executable, "-c", code, "given"])


def sample(text: str, name: str) -> float:
    """The value of a metric."""
    (line,) = [line for line in text.splitlines() if line.startswith(name) and line[len(name)] in "{ "]
    return float(line.rpartition(" ")[2])


def test_two_nights_are_reported(tmp_path, regen, simulator):
    """A night with failing rows, the next with them fixed: exit codes, diff, metrics and hook tell the story."""
    manifest = subscriptions(tmp_path / "nightly.csv", 10, missing=2)
    file, note = tmp_path / "regen.prom", tmp_path / "note.json"
    with simulator() as server, hook() as hooked:
        words = ("--base-url", server.url, "--metrics", file, "--notify", hooked.url, "--on-finish", noting(note))
        assert regen("run", manifest, *words).code == 3
        first = file.read_text()
        document = json.loads((one(tmp_path / "runs") / "run.json").read_text())
        arguments, environment = json.loads(note.read_text())
        server.post("faults", {"missing_prefix": "none"})  # somebody fixes the objects in the tenant
        with manifest.open("a") as rows:
            rows.write("A-S900000,1,tonight's\n")
        assert regen("run", manifest, *words).code == 0
        second = file.read_text()
        nights = [content["run"] for content in hooked.received]
        forth, back = regen("diff", *nights), regen("diff", *reversed(nights))
    assert (forth.code, back.code) == (0, 3)
    assert "2  fixed" in forth.out and "1  appeared" in forth.out
    assert "2  newly failing" in back.out
    assert re.search(r'regen_rows{name="nightly",profile="",state="failed",tenant="127.0.0.1:\d+"} 2\n', first)
    assert re.search(r'regen_rows{name="nightly",profile="",state="succeeded",tenant="127.0.0.1:\d+"} 8\n', first)
    assert (sample(first, "regen_exit_code"), sample(second, "regen_exit_code")) == (3, 0)
    assert sample(first, "regen_requests_sent") == 10
    assert sample(first, "regen_retries") == 0
    assert sample(first, "regen_run_duration_seconds") >= 0
    assert re.search(r"^regen_last_success_timestamp_seconds{.*} 0$", first, re.MULTILINE), "it exists before the first"
    assert sample(second, "regen_last_success_timestamp_seconds") == sample(second, "regen_end_timestamp_seconds")
    assert arguments == ["given", environment["REGEN_RUN_JSON"]]
    assert environment["REGEN_RUN_JSON"] == str(one_of(tmp_path, document) / "run.json")
    assert (environment["REGEN_EXIT_CODE"], environment["REGEN_STATUS"]) == ("3", "finished")
    assert environment["REGEN_HEAD"] == document["head"]
    assert "ZUORA_CLIENT_SECRET" not in environment and "REGEN_NOTIFY" not in environment
    story, fixed = hooked.received
    assert story["counts"]["failed"] == 2 and story["head"] == document["head"]
    assert (story["exit_code"], fixed["exit_code"]) == (3, 0)
    assert "10 rows = 8 succeeded + 2 failed" in story["text"]
    assert "S00000" not in json.dumps(story), "no identifier leaves the machine"
    assert file.stat().st_mode & 0o777 == 0o644


def one_of(tmp_path, document):
    return tmp_path / "runs" / document["run"]


def test_a_refusal_and_a_held_run_are_reported(tmp_path, regen, simulator):
    """There is no run.json, so no command runs; the last success stays in the metrics."""
    manifest, file, note = subscriptions(tmp_path / "s.csv", 2), tmp_path / "m.prom", tmp_path / "note.json"
    with simulator() as server, hook() as hooked:
        words = ("--base-url", server.url, "--metrics", file, "--notify", hooked.url)
        assert regen("run", manifest, *words).code == 0
        success = sample(file.read_text(), "regen_last_success_timestamp_seconds")
        manifest.write_text("colour\nred\n")
        assert regen("run", manifest, *words, "--on-finish", noting(note)).code == 2
    assert sample(file.read_text(), "regen_last_success_timestamp_seconds") == success
    assert sample(file.read_text(), "regen_exit_code") == 2
    assert "regen s: refused, exit code 2" in hooked.received[1]["text"]
    assert not note.exists()


def test_a_run_that_is_over_is_reported_each_time(tmp_path, regen, simulator):
    """The second command sends nothing, and its ending is reported too: silence would look like a night that failed."""
    manifest = subscriptions(tmp_path / "s.csv", 2)
    with simulator() as server, hook() as hooked:
        for _ in range(2):
            assert regen("run", manifest, "--base-url", server.url, "--notify", hooked.url).code == 0
    assert len(hooked.received) == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--on-finish", f"{sys.executable} -c 'raise SystemExit(9)'"), "exited with 9"),
        (("--notify", "http://127.0.0.1:1/very-secret"), "--notify: Connect call failed"),
        (("--metrics", "http://127.0.0.1:1"), "--metrics http://127.0.0.1:1: Connect call failed"),
    ],
)
def test_nothing_of_it_fails_the_run(tmp_path, regen, simulator, words, reason, monkeypatch):
    """It is said on stderr, without the hook's URL; the exit code is the run's."""
    monkeypatch.setattr(webhook, "TRIES", 1)
    with simulator() as server:
        done = regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url, *words)
    assert done.code == 0
    assert reason in done.err
    assert "the run is not affected" in done.err
    assert "very-secret" not in done.err + done.out


def test_resume_tells_as_its_profile_says(tmp_path, regen, simulator):
    """Profile and environment can wish, too; JSON on stdout stays JSON whatever the command prints."""
    manifest = subscriptions(tmp_path / "s.csv", 4)
    command = shlex.join([sys.executable, "-c", "print('noise')"])
    with simulator() as server, hook() as hooked:
        config = tmp_path / "regen.toml"
        config.write_text(f"[profile.p]\nnotify = {hooked.url!r}\non_finish = {json.dumps(command)}\n")
        config.chmod(0o600)
        words = ("--base-url", server.url, "--profile", "p")
        assert regen("run", manifest, *words, "--max-requests", 2).code == 5
        done = regen("resume", one(tmp_path / "runs").name, *words, "--json")
        assert (done.code, done.document["counts"]["succeeded"]) == (0, 4)
    assert [content["exit_code"] for content in hooked.received] == [5, 0]
    assert "max-requests" in hooked.received[0]["reason"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(OSError(5, "broken"), 1), (KeyError("x"), 1), (KeyboardInterrupt(), 130), (Terminated("SIGTERM"), 143)],
)
def test_every_ending_is_reported(tmp_path, regen, simulator, monkeypatch, error, code):
    """Also a fault outside our own exceptions: yesterday's exit code must not stay in the metric."""

    def broken(*_, **__):
        raise error

    manifest, file = subscriptions(tmp_path / "s.csv", 2), tmp_path / "regen.prom"
    with simulator() as server:
        assert regen("run", manifest, "--base-url", server.url, "--metrics", file).code == 0
        monkeypatch.setattr("runner.session.prepare.prepare", broken)
        with pytest.raises(type(error)):
            start(manifest, server.url, file)
    text = file.read_text()
    assert re.search(rf"^regen_exit_code{{.*}} {code}$", text, re.MULTILINE)
    assert not re.search(r"^regen_last_success_timestamp_seconds{.*} 0$", text, re.MULTILINE), "it is kept"


def start(manifest, url, file):
    """What `regen run` does, without the frame that turns exceptions into exit codes."""
    from runner.cli.output import Output
    from runner.cli.run import start_run
    from runner.config.settings import Flags
    from runner.session.invocation import Invocation
    from runner.session.run_request import RunRequest

    flags = Flags(base_url=url, metrics=str(file))
    start_run(RunRequest(manifests=(str(manifest),), flags=flags), Invocation(), Output(quiet=True))


def test_the_whole_folder_is_in_the_metrics(tmp_path, regen, simulator):
    """Runs that can go on, runs that need a person, unknown rows; and a success time before the first success."""
    manifest, file = subscriptions(tmp_path / "s.csv", 6, missing=2), tmp_path / "regen.prom"
    with simulator() as server:
        words = ("--base-url", server.url, "--metrics", file)
        assert regen("run", manifest, *words, "--max-requests", 2).code == 5
        text = file.read_text()
    values = {name: float(value) for name, value in re.findall(r"^(\w+){[^}]*} (\S+)$", text, re.MULTILINE)}
    assert values["regen_unfinished_runs"] == 1
    assert values["regen_needs_person"] == values["regen_unknown_rows"] == 0
    assert values["regen_last_success_timestamp_seconds"] == 0
