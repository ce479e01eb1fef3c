"""What stands between the tenant and the runner: no row is lost, doubled or misreported for it."""

from __future__ import annotations

import pytest

from tests.flows.test_flows import subscriptions
from tests.harness.program import folders, table

QUICK = """default_profile = "quick"
[profile.quick.patience]
base_seconds = 0.01
"""


@pytest.mark.parametrize(
    "fault",
    [
        "503-null-id",
        "504-null-id-worked",
        "503-retry-date",
        "503-retry-epoch",
        "429-reset-only",
        "bom",
        "gzip-members",
        "big-header",
        "many-headers",
        "success-text",
    ],
)
def test_a_run_gets_through(tmp_path, regen, simulator, fault):
    """Every third request meets it at its first arrival; all succeed, each once."""
    (tmp_path / "regen.toml").write_text(QUICK)
    manifest = subscriptions(tmp_path / "s.csv", 30)
    with simulator(faults={fault: 0.33}, fault_arrivals=1, seed=3, retry_after=0) as server:
        done = regen("run", manifest, "--base-url", server.url, "--quiet")
        assert done.code == 0, done.err
        (folder,) = folders(tmp_path / "runs")
        rows = table(folder)
        assert [row["regen_state"] for row in rows] == ["succeeded"] * 30
        assert [len(identity["effects"]) for identity in server.regenerations()] == [1] * 30
        assert {row["regen_key"]: row["regen_id_list"] for row in rows} == server.by_key()


@pytest.mark.parametrize("expires_in", ["text", "null", "zero", "missing"])
def test_a_run_takes_any_token(tmp_path, regen, simulator, expires_in):
    """Without one token for each row."""
    manifest = subscriptions(tmp_path / "s.csv", 30)
    with simulator(expires_in=expires_in) as server:
        assert regen("run", manifest, "--base-url", server.url, "--quiet").code == 0
        assert server.get("stats")["tokenRequests"] <= 2


@pytest.mark.parametrize("fault", ["429-saved", "waf-403"])
def test_a_refusal_of_one_row_is_that_rows(tmp_path, regen, simulator, fault):
    """The others succeed; the refused row is not reported as succeeded and was not done."""
    (tmp_path / "regen.toml").write_text(QUICK)
    manifest = subscriptions(tmp_path / "s.csv", 20)
    rules = {"A-S000010": fault}
    with simulator(fault_rules=rules, fault_arrivals=99, seed=3, retry_after=0) as server:
        assert regen("run", manifest, "--base-url", server.url, "--quiet").code == 3
        (folder,) = folders(tmp_path / "runs")
        states = {row["regen_line"]: row["regen_state"] for row in table(folder)}
        assert states.pop(11) in ("failed", "unknown")
        assert set(states.values()) == {"succeeded"}
        assert len(server.by_key()) == 19
