"""Another operation is a value and a schema: plan, production question, results and reconcile know it."""

from __future__ import annotations

import ast
import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from manifests import schemas
from runner.zuora import operations, tenants
from runner.zuora.effects import consequence, overwrites
from tests.documentation.documents import CONTRIBUTING, section
from tests.flows.test_flows import one
from tests.harness.program import table
from tests.runner.session.test_approval import Terminal

SECTION = section(CONTRIBUTING.read_text("utf-8"), "How to add an operation")
LINES = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)[0]


@contextmanager
def tenant() -> Iterator[tuple[str, list[Any]]]:
    """A small tenant: gives a token, and makes an id of every ramp that begins with R."""
    received: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/oauth/token":
                self.answer({"access_token": "t", "token_type": "bearer", "expires_in": 3600})
                return
            received.append((self.path, json.loads(body), self.headers["Idempotency-Key"]))
            number = json.loads(body)["rampNumber"]
            if number.startswith("R"):
                self.answer({"success": True, "idList": [f"id-of-{number}"]})
            else:
                self.answer({"success": False, "reasons": [{"code": 53100040, "message": f"no ramp {number}"}]})

        def answer(self, document: Any) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def ramp(monkeypatch) -> operations.Operation:
    """The operation of the guide, entered where its comments say."""
    room = {**vars(operations), **vars(schemas)}
    statements: list[Any] = ast.parse(LINES).body
    operation, schema = [eval(ast.unparse(statement.value), room) for statement in statements]
    monkeypatch.setitem(operations.OPERATIONS, operation.name, operation)
    monkeypatch.setitem(operations.BY_TYPE, schema.name, operation)
    monkeypatch.setitem(schemas.TYPES, schema.name, schema)
    return operation


def test_it_takes_under_thirty_lines():
    """And no code."""
    assert LINES.count("\n") < 30
    assert not {type(node) for node in ast.walk(ast.parse(LINES))} & {ast.FunctionDef, ast.Lambda, ast.ClassDef}


def test_rows_go_through_it(tmp_path, regen, ramp):
    """Template, type by column, flags, keys, outcomes, results: as for any other."""
    assert regen("template", "ramp").out == "rampNumber\n"
    manifest = tmp_path / "ramps.csv"
    manifest.write_text("rampNumber\nR-1\nR-2\nX-3\nR-1\n\n")
    with tenant() as (url, received):
        done = regen("run", manifest, "--base-url", url, "--re-migrate")
    assert done.code == 3, done.err
    rows = table(one(tmp_path / "runs"))
    assert [row["regen_outcome"] for row in rows] == ["succeeded", "succeeded", "failed", "succeeded"]
    assert [row["regen_id_list"] for row in rows[:2]] == [["id-of-R-1"], ["id-of-R-2"]]
    assert (rows[0]["regen_operation"], rows[0]["regen_type"], rows[2]["regen_error_code"]) == (
        ramp.name,
        "Ramp",
        "53100040",
    )
    assert sorted(body["rampNumber"] for _, body, _ in received) == ["R-1", "R-2", "X-3"]
    assert {path for path, _, _ in received} == {f"{ramp.path}?reMigrate=true"}
    assert {key for _, _, key in received} == {row["regen_key"] for row in rows}


@pytest.mark.parametrize(
    ("flags", "effect"),
    [
        ((), "OVERWRITTEN, and sent to Revenue (regenerate_flag N)"),
        (("--re-migrate",), "OVERWRITTEN, and sent to Revenue for re-collecting (regenerate_flag Y)"),
        (("--only-resend",), "not overwritten, and sent to Revenue again for re-collecting (regenerate_flag Y)"),
    ],
)
def test_plan_and_production_question_name_its_effect(tmp_path, regen, ramp, monkeypatch, flags, effect):
    """From its value alone."""
    monkeypatch.setattr(tenants, "PRODUCTION_HOSTS", frozenset({"127.0.0.1"}))
    monkeypatch.setattr("sys.stdin", Terminal("no\n"))
    monkeypatch.setattr("runner.session.approval.at_terminal", lambda: True)
    manifest = tmp_path / "ramps.csv"
    manifest.write_text("rampNumber\nR-1\nR-2\n")
    with tenant() as (url, received):
        assert f"ramp transactions of 2 objects: {effect}" in regen("plan", manifest, "--base-url", url, *flags).out
        question = regen("run", manifest, "--base-url", url, *flags)
    assert (question.code, received) == (2, [])
    lines = question.err.splitlines()
    assert any("PRODUCTION" in line for line in lines)
    assert sum(f"ramp transactions of 2 objects: {effect}" in line for line in lines) >= 1, question.err


def test_reconcile_knows_it(tmp_path, regen, ramp):
    """Its ids are compared with an extract like those of other operations."""
    manifest, extract = tmp_path / "ramps.csv", tmp_path / "extract.csv"
    manifest.write_text("rampNumber\nR-1\nR-2\n")
    with tenant() as (url, _):
        assert regen("run", manifest, "--base-url", url).code == 0
    run = one(tmp_path / "runs").name
    assert regen("reconcile", run).code == 0
    extract.write_text("id\nid-of-R-1\n")
    compared = regen("reconcile", run, "--against", extract)
    assert compared.code == 3
    assert "id-of-R-2" in compared.out


def test_every_operation_says_what_it_does_to_existing_data():
    """No request may reach the production question without saying whether data is overwritten."""
    for name, operation in operations.OPERATIONS.items():
        line = consequence(name, "", 2)
        assert line.startswith(("2 ", f"{operation.noun}s of 2 objects: ")), line
        assert ("OVERWRITTEN" in line) is overwrites(name, ""), line
