"""The command `regen doctor`."""

from __future__ import annotations

from tests.flows.test_flows import subscriptions
from tests.harness.imposter import imposter
from tests.runner.doctor.test_checks import levels, line_of

LIST = "/v1/uno/data-backfill/listjobs"


def test_all_is_well(tmp_path, regen, simulator):
    """Every check has its line; exit 0; nothing but the token and queries was posted, the runs folder is as before."""
    manifest = subscriptions(tmp_path / "s.csv", 50)
    with simulator(client_id="test-id", client_secret="test-secret", tenant="production") as server:
        done = regen("doctor", manifest, "--base-url", server.url, "--json")
        shown = regen("doctor", manifest, "--base-url", server.url)
        assert {identity["path"] for identity in server.identities()} == {"/query/jobs"}
    assert (done.code, done.document["ok"]) == (0, True)
    names = "config runs-folder disk manifests space proxy dns tls clock token permission concurrency limits"
    assert list(levels(done)) == [*names.split(), "data-query", "revenue"]
    assert "50 rows can be read" in line_of(done, "manifests")
    assert "50,000 a minute, 2,250,000 a hour" in line_of(done, "limits").replace("an hour", "a hour")
    assert shown.code == 0
    assert shown.out.splitlines()[-1] == "ready to run"
    assert {line[:4] for line in shown.out.splitlines()[:-1]} <= {"ok  ", "warn", "    "}
    assert not (tmp_path / "runs").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.csv"]


def test_only_reading_is_done(regen):
    """GETs, the POST that fetches a token, and data queries; the question without a token comes first."""
    with imposter() as server:
        assert regen("doctor", "--base-url", server.url).code == 0
        assert server.calls[:3] == [("GET", LIST), ("POST", "/oauth/token"), ("GET", LIST)]
        assert {path.partition("/jobs")[0] for _, path in server.calls[3:]} == {"/query"}
        assert "Authorization" not in server.seen[0].headers
