"""The command `regen runs`."""

from __future__ import annotations

import json
import time

from runner.ledger import open_read_only, queries
from runner.runs.folder import RunFolder
from runner.system.timestamps import duration


class TestRuns:
    """The list of runs reads run.json, not ledgers."""

    def test_a_thousand_runs(self, tmp_path, audited, regen):
        """Newest first, without opening a ledger."""
        document = json.loads((audited / "run.json").read_bytes())
        for number in range(1000):
            folder = tmp_path / "runs" / f"run-{number:04d}"
            folder.mkdir()
            (folder / "ledger.db").write_bytes(b"no ledger")
            changed = document | {
                "run": folder.name,
                "started_at": f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}Z",
            }
            (folder / "run.json").write_text(json.dumps(changed))
        before = time.process_time()
        listed = regen("runs", "--json").document
        print(f"a thousand runs: {time.process_time() - before:.2f} s")
        assert [run["run"] for run in listed[:3]] == ["it", "run-0999", "run-0998"]
        assert len(listed) == 1001

    def test_what_is_unfinished_and_what_crashed(self, audited, regen, monkeypatch):
        """A run that is `running` and held by nobody has crashed."""
        document = json.loads((audited / "run.json").read_bytes())
        changed = document | {"status": "running"}
        (audited / "run.json").write_text(json.dumps(changed))
        assert regen("runs").out.count("crashed") == 1
        assert "go on: regen resume it" in regen("runs").out
        monkeypatch.setattr(RunFolder, "is_held", lambda run: run.id == "it")
        (listed,) = regen("runs", "--json").document
        assert "go on" not in regen("runs").out
        assert (listed["unfinished"], listed["crashed"]) == (True, False)

    def test_a_line_tells_state_counts_and_duration(self, audited, regen):
        output = regen("runs").out
        document = json.loads((audited / "run.json").read_bytes())
        assert "finished" in output
        assert f"{document['counts']['succeeded']} succeeded" in output
        with open_read_only(audited / "ledger.db") as store:
            _, first, last = queries.sendings(store)
        assert f" in {duration((last - first) / 1e6)}" in output
