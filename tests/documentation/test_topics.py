"""The tables of the topics are those of the program; `regen help TOPIC` shows them."""

from __future__ import annotations

import re
import tomllib

from manifests import TYPES
from runner.cli.help import TOPICS
from runner.cli.markdown import WIDTH
from runner.config import file
from runner.config.settings import VARIABLES, Flags
from runner.domain.errors import ExitCode
from runner.domain.steps import KINDS, Reconcile, Select
from runner.plan.plan_file import plan_of
from runner.plan.sources import stages
from runner.results.columns import COLUMNS
from runner.results.failures import remedy
from runner.zuora.categories import CATEGORIES
from runner.zuora.revenue_errors import REMEDIES, remedy_for
from tests.documentation import documents, options_table
from tests.documentation.documents import blocks, section, topic


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without headings."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_every_topic_is_shown(regen):
    """Every word of it but comments and link targets, on a screen of usual width."""
    assert {path.stem for path in documents.TOPICS} == set(TOPICS)
    for name in TOPICS:
        shown = regen("help", name).out
        outside_code = "\n".join(line for line in shown.splitlines() if not line.startswith("    "))
        assert max(map(len, outside_code.splitlines())) <= WIDTH
        text = re.sub(r"<!--.*?-->|```\w+|\]\([a-z-]+\.md\)", "", topic(name))
        letters = re.sub(r"\W", "", shown).lower()
        assert [word for word in re.findall(r"\w+", text) if word.lower() not in letters] == []
    assert "manifest" in regen("help").out
    assert regen("help", "colour").code == 2


def test_every_topic_is_named_in_the_help_of_help(regen):
    """Under a heading."""
    assert set(TOPICS) <= set(re.findall(r"[a-z-]+", regen("help", "--help").out))


def test_the_table_of_options_is_the_programs():
    """As `python -m tests.documentation.options_table` writes it; with every variable that stands for an option."""
    assert topic("options") == "\n".join(options_table.table()) + "\n"
    options = {variable for name, variable in VARIABLES.items() if hasattr(Flags(), name)}
    assert options <= set(re.findall(r"[A-Z]+_[A-Z_]+", topic("options")))


def test_every_type_of_object_is_in_the_topic_manifest():
    """With its identifying columns."""
    for schema in TYPES.values():
        (row,) = [cells for cells in rows(topic("manifest")) if cells[0] == f"`{schema.name}`"]
        for field in schema.fields:
            assert field.headers[0] in row[1], field.headers


def test_every_column_of_the_results_is_in_the_topic_results():
    """And no other."""
    assert set(re.findall(r"regen_[a-z_]+", topic("results"))) == {name for name, _ in COLUMNS}


def test_every_exit_code_is_in_the_topic_exit_codes():
    """And no other."""
    assert [cells[0] for cells in rows(topic("exit-codes"))[1:]] == [str(int(code)) for code in ExitCode]


def test_the_plan_file_can_be_read_and_has_every_key():
    """Of every kind of step, except what excludes another."""
    block, staged, confirming = blocks(topic("plan-file"), "toml")
    document = tomllib.loads(block)
    plan_of(document, "plan.toml")
    steps = plan_of(tomllib.loads(staged), "plan.toml").step
    assert stages(steps) == [[1], [2], [3, 4]]
    select = next(step for step in tomllib.loads(staged)["step"] if step["do"] == "select")
    assert set(Select.__struct_fields__) - set(select) == {"on_failure", "sql"}
    assert stages(plan_of(tomllib.loads(staged + confirming), "plan.toml").step)[3:] == [[5]]
    assert set(Reconcile.__struct_fields__) - set(tomllib.loads(confirming)["step"][0]) == {"on_failure"}
    for kind, step in zip([KINDS[1], KINDS[2], KINDS[0], KINDS[3], KINDS[4], KINDS[5]], document["step"], strict=True):
        assert not set(kind.__struct_fields__) - set(step) - {"files", "on_failure", "mode", "from_"}, kind


def test_the_settings_of_jobs_are_the_defaults(tmp_path):
    """All of them."""
    (settings,) = blocks(topic("jobs"), "toml")
    (tmp_path / "regen.toml").write_text(settings)
    assert file.read(tmp_path / "regen.toml").profiles["sandbox"].jobs == file.JobSettings()
    assert tomllib.loads(settings)["profile"]["sandbox"]["jobs"].keys() == set(file.JobSettings.__struct_fields__)


def test_the_table_of_errors_is_the_programs():
    """Every category with our word for it and its remedy."""
    named: dict[str, set[str]] = {}
    for codes, words, _, fixes, _ in rows(section(topic("recovery"), "Errors and remedies"))[1:]:
        names = set(re.findall(r"`([^`]+)`", words))
        for category in [*re.findall(r"\b\d\d\b", codes), *(names & {"record", "job"})]:
            named[category] = names
            assert f"`{remedy('failed', category, 200)}`" == fixes
        for status in re.findall(r"`http-(\d+)`", words):
            assert f"`{remedy('failed', None, int(status))}`" == fixes
    assert named.keys() == CATEGORIES.keys()
    assert all(word in named[category] for category, word in CATEGORIES.items())


def test_the_table_of_revenues_errors_is_the_programs():
    """Every published code with our remedy; a rule of one's own, and what is not published."""
    listed = {
        code.strip(" `"): remedy
        for codes, remedy in rows(section(topic("recovery"), "Errors of Zuora Revenue"))[1:]
        for code in codes.split(",")
    }
    assert listed == {**REMEDIES, "CUST…": remedy_for("CUST-1"), "any other": remedy_for("RPRO-99999")}
