"""What each start of a run is recorded as."""

from __future__ import annotations

import json

from tests.flows.test_flows import one, subscriptions


class TestStarts:
    """Every start is recorded with the options that decide what is sent."""

    def test_command_line_and_options(self, tmp_path, regen, simulator):
        with simulator() as server:
            words = ("run", subscriptions(tmp_path / "s.csv", 5), "--base-url", server.url, "--max-requests", 2)
            assert regen(*words, "--canary", 1, "--notify", "https://hooks.test/secret-T0").code == 5
            assert regen("resume", "last", "--resend-unknown", "--max-failures", "5%").code == 0
        first, second = json.loads((one(tmp_path / "runs") / "run.json").read_text())["starts"]
        assert first["command"][:2] == ["regen", "run"]
        assert "secret-T0" not in json.dumps(first)
        assert (first["options"]["canary"], first["options"]["max_requests"]) == (1, 2)
        assert (second["options"]["resend_unknown"], second["options"]["max_failures"]) == (True, "5%")
        assert first["host"] and first["version"] and first["production"] is None
