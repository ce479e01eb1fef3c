"""The verdict of one invocation, with what earlier ones and other requests have seen."""

from __future__ import annotations

import pytest

from tests.harness.imposter import Response, imposter


@pytest.mark.parametrize("name", ["edge-node-0042", "10.20.30.41:8443", "7f3d9a10-4c2e-11ef-9b1e-0242ac120002"])
def test_what_a_gateway_writes_on_all_proves_nothing_after_a_resume_either(tmp_path, regen, name):
    """Every page bears one id, also that of a success: no later invocation takes the next key for it."""
    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\nA-2,1\nA-3,1\n")
    headers = {"Zuora-Request-Id": name}

    def gateway(arrived):
        if not arrived.path.startswith("/v1/uno"):
            return Response()
        if b"A-1" in arrived.body:
            return Response(200, {"success": True, "idList": ["x"]}, headers)
        return Response(503, "<html>", headers)

    with imposter(gateway) as server:
        base = ("--concurrency", 1, "--max-requests", 2)
        done = regen("run", "s.csv", "--base-url", server.url, *base)
        assert done.code == 5, done.err
        assert {regen("resume", "last", *base).code for _ in range(2)} == {5}
        posts = [one for one in server.seen if one.path.startswith("/v1/uno")]
    assert len(posts) == 6
    assert {one.headers["Idempotency-Key"][-2:] for one in posts} == {"-0"}
