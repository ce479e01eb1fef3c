"""Another operation is a value and a schema: plan, production question, results and reconcile know it."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from manifests import schemas
from runner.simulator import regenerate, validation
from runner.zuora import operations, tenants
from tests.documentation.documents import CONTRIBUTING, section
from tests.flows.test_flows import one
from tests.harness.program import table
from tests.runner.session.test_approval import Terminal

SECTION = section(CONTRIBUTING.read_text("utf-8"), "How to add an operation")
LINES = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)[0]


@pytest.fixture
def ramp(monkeypatch) -> operations.Operation:
    """The operation of the guide, entered where its comments say."""
    room = {**vars(operations), **vars(schemas), **vars(regenerate), **vars(validation)}
    statements: list[Any] = ast.parse(LINES).body
    operation, schema, simulated = [eval(ast.unparse(statement.value), room) for statement in statements]
    monkeypatch.setitem(operations.OPERATIONS, operation.name, operation)
    monkeypatch.setitem(operations.BY_TYPE, schema.name, operation)
    monkeypatch.setitem(schemas.TYPES, schema.name, schema)
    monkeypatch.setitem(regenerate.REGENERATIONS, operation.path, simulated)
    return operation


def test_it_takes_under_thirty_lines():
    """And no code."""
    assert LINES.count("\n") < 30
    assert not {type(node) for node in ast.walk(ast.parse(LINES))} & {ast.FunctionDef, ast.Lambda, ast.ClassDef}


def test_rows_go_through_it(tmp_path, regen, simulator, ramp):
    """Template, type by column, flags, keys, outcomes, results: as for any other."""
    assert regen("template", "ramp").out == "rampNumber\n"
    manifest = tmp_path / "ramps.csv"
    manifest.write_text("rampNumber\nR-1\nR-2\nX-3\nR-1\n\n")
    with simulator(missing_prefix="X-") as server:
        done = regen("run", manifest, "--base-url", server.url, "--re-migrate")
        sent = {one["body"]["rampNumber"]: one for one in server.regenerations()}
        made = server.by_key()
    assert done.code == 3, done.err
    rows = table(one(tmp_path / "runs"))
    assert [row["regen_outcome"] for row in rows] == ["succeeded", "succeeded", "failed", "succeeded"]
    assert [row["regen_id_list"] for row in rows[:2]] == [made[row["regen_key"]] for row in rows[:2]]
    assert (rows[0]["regen_operation"], rows[0]["regen_type"], rows[2]["regen_error_code"]) == (
        ramp.name,
        "Ramp",
        "53100940",
    )
    assert sorted(sent) == ["R-1", "R-2", "X-3"]
    assert {(one["path"], str(one["query"])) for one in sent.values()} == {(ramp.path, "{'reMigrate': 'true'}")}


@pytest.mark.parametrize(
    ("flags", "effect"),
    [
        ((), "OVERWRITTEN, and sent to Revenue (regenerate_flag N)"),
        (("--re-migrate",), "OVERWRITTEN, and sent to Revenue for re-collecting (regenerate_flag Y)"),
        (("--only-resend",), "not overwritten, and sent to Revenue again for re-collecting (regenerate_flag Y)"),
    ],
)
def test_plan_and_production_question_name_its_effect(tmp_path, regen, simulator, ramp, monkeypatch, flags, effect):
    """From its value alone."""
    monkeypatch.setattr(tenants, "PRODUCTION_HOSTS", frozenset({"127.0.0.1"}))
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    monkeypatch.setattr("runner.session.approval.at_terminal", lambda: True)
    manifest = tmp_path / "ramps.csv"
    manifest.write_text("rampNumber\nR-1\nR-2\n")
    with simulator() as server:
        base = ("--base-url", server.url, *flags)
        assert f"ramp transactions of 2 objects: {effect}" in regen("plan", manifest, *base).out
        question = regen("run", manifest, *base)
        assert (question.code, server.regenerations()) == (2, [])
    lines = question.err.splitlines()
    assert any("PRODUCTION" in line for line in lines)
    assert sum(f"ramp transactions of 2 objects: {effect}" in line for line in lines) >= 1, question.err


def test_reconcile_knows_it(tmp_path, regen, simulator, ramp):
    """Its ids are compared with an extract like those of other operations."""
    manifest, extract = tmp_path / "ramps.csv", tmp_path / "extract.csv"
    manifest.write_text("rampNumber\nR-1\nR-2\n")
    with simulator() as server:
        assert regen("run", manifest, "--base-url", server.url).code == 0
        first, second = (ids for _, ids in sorted(server.by_key().items()))
    run = one(tmp_path / "runs").name
    assert regen("reconcile", run).code == 0
    extract.write_text("".join(f"{id}\n" for id in ("id", *first)))
    compared = regen("reconcile", run, "--against", extract)
    assert compared.code == 3
    assert second[0] in compared.out
