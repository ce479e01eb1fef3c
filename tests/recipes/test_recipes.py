"""The recipes of the topic nightly for schedulers, and the Dockerfile: as far as they can be tried without them."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner import __version__
from runner.config.file import Profile
from runner.domain.errors import ExitCode
from tests import ROOT
from tests.documentation import documents
from tests.documentation.documents import topic
from tests.flows.test_flows import subscriptions
from tests.harness import forks
from tests.harness.program import folders

POSIX = pytest.mark.skipif(os.name != "posix", reason="recipes for POSIX systems")


def blocks(language: str, containing: str = "") -> list[str]:
    """The code blocks of the topic in a language."""
    return documents.blocks(topic("nightly"), language, containing)


@pytest.fixture
def home(tmp_path) -> Path:
    """The working folder of the recipes, with `regen` beside it."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/regen"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(forks.regen())} "$@"\n')
    command.chmod(0o755)
    folder = tmp_path / "srv"
    folder.mkdir()
    (script,) = blocks("sh", "night.sh")
    (folder / "night.sh").write_text(script)
    (folder / "night.sh").chmod(0o755)
    return folder


def there(text: str, home: Path) -> str:
    """A recipe with the places of this test."""
    texts = {"/srv/regen": str(home), "/opt/regen/bin": f"{home.parent}/bin"}
    texts["/etc/regen/credentials"] = str(home.parent / "credentials")
    for theirs, ours in texts.items():
        text = text.replace(theirs, ours)
    return text


@POSIX
def test_cron_and_the_script(home, simulator):
    """A night with a failing row mails it; the next first ends what was left, then passes in silence."""
    path, line = there(*blocks("crontab"), home).splitlines()
    minute, hour, *days, command = line.split(maxsplit=5)
    assert (0 <= int(minute) <= 59, 0 <= int(hour) <= 23, days) == (True, True, ["*", "*", "*"])
    assert "%" not in command, "cron would take it for a line end"
    environment = {"HOME": str(home), "PATH": path.partition("=")[2]}

    def night() -> str:
        done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    subscriptions(home / "nightly.csv", 3, missing=1)
    with simulator() as server:
        credentials = {"ZUORA_BASE_URL": server.url, "ZUORA_CLIENT_ID": "i", "ZUORA_CLIENT_SECRET": "s"}
        (home.parent / "credentials").write_text("".join(f"{k}={v}\n" for k, v in credentials.items()))
        assert "3 rows = 2 succeeded + 1 failed" in night()
        server.post("faults", {"missing_prefix": "none"})
        words = [home.parent / "bin/regen", "run", "nightly.csv", "--again", "--max-requests", "1", "--quiet"]
        assert subprocess.run(words, cwd=home, env=environment | credentials, check=False).returncode == 5
        subscriptions(home / "nightly.csv", 1)
        assert night() == ""
    counts = [json.loads((run / "run.json").read_text())["counts"] for run in folders(home / "runs")]
    assert sorted(count["succeeded"] for count in counts) == [1, 2, 3]
    assert sum(count["pending"] for count in counts) == 0
    assert re.search(r'regen_exit_code{name="nightly",.*} 0\n', (home / "regen.prom").read_text())


def unit(text: str) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    return parser


def test_the_units_give_the_run_time_to_end():
    """And the night begins the script of the recipes."""
    (service,) = map(unit, blocks("ini", "regen.service"))
    minutes = re.fullmatch(r"(\d+)min", service["Service"]["TimeoutStopSec"])
    assert minutes is not None
    assert int(minutes[1]) * 60 > 2 * Profile().drain_seconds
    assert service["Service"]["ExecStart"] == "/srv/regen/night.sh"
    assert service["Service"]["SuccessExitStatus"] == str(int(ExitCode.PAUSED))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not there")
def test_systemd_takes_the_units(home):
    """Every directive is known, every command is there; the calendar means one time a night."""
    units = []
    for text in blocks("ini", "# /etc/systemd/system/"):
        name = Path(text.splitlines()[0].removeprefix("# ")).name
        (home / name).write_text(there(text, home))
        units.append(str(home / name))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    problems = [line for line in done.stderr.splitlines() if str(home) in line or "regen." in line]
    assert (len(units), problems) == (2, [])
    (calendar,) = re.findall(r"OnCalendar=(.*)", topic("nightly"))
    subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, check=True)


def test_the_cron_job_of_kubernetes(tmp_path, regen, simulator, monkeypatch):
    """Its arguments are a command; what another try cannot fix is not tried again; there is time to end."""
    job: dict[str, Any] = yaml.safe_load(*blocks("yaml", "kind: CronJob"))["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert set(rule["onExitCodes"]["values"]) == {2, 3, 5} <= set(ExitCode)
    assert pod["restartPolicy"] == "Never", "a pod failure policy needs it"
    assert pod["terminationGracePeriodSeconds"] > 2 * Profile().drain_seconds
    assert f"USER {pod['securityContext']['runAsUser']}" in (ROOT / ".github/Dockerfile").read_text()
    with simulator() as server:
        monkeypatch.setenv("ZUORA_BASE_URL", server.url)
        subscriptions(tmp_path / "nightly.csv", 2)
        assert regen(*container["args"]).code == 0


def test_the_airflow_task():
    """It is Python, begins the script, and skips what stopped at its deadline."""
    (text,) = blocks("python", "airflow")
    (call,) = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and "Bash" in ast.dump(node.func)
    ]
    given = {word.arg: ast.unparse(word.value) for word in call.keywords}
    assert given["bash_command"] == "'./night.sh '"
    assert ast.literal_eval(given["skip_on_exit_code"]) == [int(ExitCode.PAUSED)]


def test_the_image():
    """All that is copied is there; nobody is root; the runs are a volume; the command is ours."""
    lines = [line.split() for line in (ROOT / ".github/Dockerfile").read_text().splitlines()]
    instructions = {words[0]: words[1:] for words in lines if words and words[0].isupper()}
    for words in lines:
        if words[:1] == ["COPY"] and not words[1].startswith("--"):
            assert all((ROOT / name).exists() for name in words[1:-1])
    assert int(instructions["USER"][0]) > 0
    assert instructions["VOLUME"] == ['["/data/runs"]']
    assert instructions["ENTRYPOINT"] == ['["regen"]']
    kept = {line[1:] for line in (ROOT / ".github/Dockerfile.dockerignore").read_text().split() if line[0] == "!"}
    assert kept == {"pyproject.toml", "README.md", "LICENSE", "manifests", "runner", ".ci/locked", ".ci/metadata.py"}


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not there")
def test_the_image_is_linted():
    """The workflow has hadolint."""
    subprocess.run(["hadolint", ROOT / ".github/Dockerfile"], check=True)


def test_the_workflow():
    """Three systems and every Python that the package names."""
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    for job in (jobs["posix"], jobs["windows"]):
        assert job["strategy"]["matrix"]["python"] == named
    assert jobs["posix"]["strategy"]["matrix"]["os"] == ["ubuntu-latest", "macos-latest"]
    jobs |= yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    typed = " ".join(step.get("run", "") for step in steps)
    for path in re.findall(r"\b(?:tests|sample_data)/[\w/.]+|\.(?:ci|github)/[\w.]+", typed):
        assert (ROOT / path).exists(), path


def test_every_action_is_pinned():
    """By its commit, with its version beside it; only the job that publishes may ask for an identity."""
    for name in ("ci.yml", "release.yml"):
        text = (ROOT / ".github/workflows" / name).read_text()
        uses = re.findall(r"uses: (.*)", text)
        assert uses
        assert [line for line in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", line)] == []
        workflow = yaml.safe_load(text)
        assert workflow["permissions"] == {"contents": "read"}
        wide = {job for job, facts in workflow["jobs"].items() if "permissions" in facts}
        assert wide == ({"publish"} if name == "release.yml" else set())


def test_the_release_notes_tell_this_version():
    """First of all."""
    notes = (ROOT / ".github/CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (.*)$", notes, re.MULTILINE)[0] == __version__


def fleet_of(folder: Path, url: str) -> str:
    """A fleet of two tenants and their manifests; its folder's words for the configuration."""
    (folder / "regen.toml").write_text(
        "".join(f"[profile.{name}]\nbase_url = '{url}'\ntenant_id = '{name}'\n" for name in ("north", "south"))
    )
    (folder / "fleet.toml").write_text(
        "name = 'night'\ncommand = 'run'\n"
        + "".join(f"[[tenant]]\nprofile = '{name}'\nmanifests = ['{name}.csv']\n" for name in ("north", "south"))
    )
    for name in ("north", "south"):
        subscriptions(folder / f"{name}.csv", 3)
    return str(folder / "fleet.toml")


@POSIX
@pytest.mark.usefixtures("forked_tenants")
def test_the_indexed_job_of_kubernetes(tmp_path, regen, simulator):
    """Each pod runs the tenant of its index, by the arguments of the recipe; a second try of it sends nothing."""
    (job,) = (yaml.safe_load(text) for text in documents.blocks(topic("fleet"), "yaml"))
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert (spec["completionMode"], spec["template"]["spec"]["restartPolicy"]) == ("Indexed", "Never")
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert not {ExitCode(code) for code in rule["onExitCodes"]["values"]} & {ExitCode.FAULT, ExitCode.HELD}
    assert container["env"][0]["name"] == "TENANT"
    with simulator() as server:
        fleet_of(tmp_path, server.url)
        for index, pod in ((0, "a"), (1, "b"), (1, "c")):
            given = {"$(TENANT)": str(index), "s3://acme-regen/runs": str(tmp_path / "remote")}
            words = [given.get(word, word) for word in container["args"]]
            assert regen(*words, "--runs-dir", tmp_path / pod).code == 0
        assert server.arrivals() == 6
    assert [path.name for path in folders(tmp_path / "c")] == ["south"]


def test_the_mapped_tasks_of_airflow(tmp_path, monkeypatch):
    """A task a tenant: the recipe is run with operators that note what they are handed."""
    (source,) = documents.blocks(topic("fleet"), "python")
    fleet = fleet_of(tmp_path, "http://127.0.0.1:1")
    source = "\n".join(line for line in source.splitlines() if not line.startswith("from airflow"))
    mapped: dict[str, Any] = {}

    class Operator:
        @classmethod
        def partial(cls, **common: Any) -> type[Operator]:
            mapped.update(common)
            return cls

        @staticmethod
        def expand(**each: Any) -> None:
            mapped.update(each)

    @contextlib.contextmanager
    def dag(name: str, **how: Any) -> Any:
        yield

    exec(source.replace("/srv/regen/fleet.toml", fleet), {"DAG": dag, "BashOperator": Operator})
    assert [command.split()[4] for command in mapped["bash_command"]] == ["north", "south"]
    assert mapped["skip_on_exit_code"] == [ExitCode.PAUSED]
