"""`regen help TOPIC` tells all that there is, and nothing else; the shell completes run ids."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib

import msgspec
import pytest
from click.shell_completion import BashComplete

from manifests import TYPES
from runner.cli import regen as group
from runner.cli.help import TOPICS
from runner.config.file import TABLES, Profile
from runner.config.settings import VARIABLES
from runner.domain.errors import ExitCode
from runner.plan.plan_file import KINDS, plan_of
from runner.results.columns import COLUMNS
from tests import ROOT
from tests.flows.test_flows import one, subscriptions

FOLDER = ROOT / "runner/topics"


def topic(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text("utf-8")


def test_every_topic_is_shown(regen):
    """As it stands in the package, on a screen of usual width."""
    assert {path.stem for path in FOLDER.iterdir()} == set(TOPICS)
    for name in TOPICS:
        assert regen("help", name).out == topic(name)
        assert max(map(len, topic(name).splitlines())) <= 120
    assert "manifest" in regen("help").out
    assert regen("help", "colour").code == 2


def test_every_type_of_object_is_told():
    """With its identifying columns."""
    for schema in TYPES.values():
        assert re.search(rf"^  {schema.name} ", topic("manifest"), re.MULTILINE)
        for field in schema.fields:
            assert field.headers[0] in topic("manifest"), field.headers


def test_every_column_of_the_results_is_told():
    """And no other."""
    assert set(re.findall(r"regen_[a-z_]+", topic("results"))) == {name for name, _ in COLUMNS}


def test_every_exit_code_is_told():
    """And no other."""
    assert re.findall(r"^  (\d+) ", topic("exit-codes"), re.MULTILINE) == [str(int(code)) for code in ExitCode]


def test_the_plan_file_can_be_read_and_has_every_key():
    """Of every kind of step, but what excludes another."""
    document = tomllib.loads("\n".join(line for line in topic("plan-file").splitlines() if "=" in line or "[[" in line))
    plan_of(document, "plan.toml")
    for kind, step in zip([KINDS[1], KINDS[2], KINDS[0], KINDS[3]], document["step"], strict=True):
        left = set(kind.__struct_fields__) - set(step) - {"files", "on_failure"}
        assert not left, kind


def test_the_settings_can_be_read_and_have_every_key():
    """And name every variable that stands for one."""
    lines = [line for line in topic("settings").splitlines() if "=" in line or line.startswith("[")]
    (profile,) = tomllib.loads("\n".join(lines))["profile"].values()
    assert set(profile) == set(Profile.__struct_fields__)
    for name, table in TABLES.items():
        assert set(profile[name]) == set(table.__struct_fields__)
        msgspec.convert(profile[name], table)
    for variable in set(VARIABLES.values()) - {"REGEN_TENANT", "REGEN_ON_FINISH"}:
        assert variable in topic("settings")


def test_the_shell_completes_commands_options_and_runs(tmp_path, regen, simulator, monkeypatch):
    """The ids of the runs in the folder that is asked about, with their status."""

    def completed(words: list[str], begun: str) -> list[tuple[str, str | None]]:
        found = BashComplete(group, {}, "regen", "_REGEN_COMPLETE").get_completions(words, begun)
        return [(item.value, item.help) for item in found]

    with simulator() as server:
        regen("run", subscriptions(tmp_path / "s.csv", 1), "--base-url", server.url)
    run = one(tmp_path / "runs").name
    assert completed(["show"], run[:4]) == [(run, "finished")]
    assert completed(["diff", run], "") == [(run, "finished")]
    assert completed(["show"], "no-such") == []
    assert completed(["show", "--runs-dir", "elsewhere"], "") == []
    assert [value for value, _ in completed(["help"], "")] == list(TOPICS)
    assert ("--re-migrate", "Overwrite, and send for re-collecting.") in completed(["run"], "--re")


@pytest.mark.skipif(os.name != "posix", reason="a POSIX shell")
def test_the_script_for_bash(tmp_path):
    """What the README says to evaluate."""
    command = tmp_path / "regen"
    command.write_text(f"#!{sys.executable}\nfrom runner.cli import main\nmain()\n")
    command.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(FOLDER.parents[1])}
    script = 'eval "$(_REGEN_COMPLETE=bash_source regen)" && complete -p regen'
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert "regen_completion" in done.stdout, done.stderr
