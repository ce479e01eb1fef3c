"""The command `regen diff`."""

from __future__ import annotations

from tests.runner.audit.test_run_diff import night


def test_real_runs(tmp_path, regen, simulator):
    """A fixed manifest against the one before."""
    manifest = tmp_path / "m.csv"
    with simulator() as server:
        for rows in ("A-1,1\nMISSING-2,1\nA-3,1\n", "A-1,1\nMISSING-2,1\nMISSING-3,1\n"):
            manifest.write_text("subscriptionName,subscriptionVersion\n" + rows)
            name = f"run-{len(rows)}"
            assert regen("run", manifest, "--base-url", server.url, "--run-id", name).code == 3
    done = regen("diff", "run-24", "run-30", "--json")
    assert done.code == 3
    counts = {name: kind["count"] for name, kind in done.document["kinds"].items() if kind["count"]}
    assert counts == {"appeared failing": 1, "still failing": 1, "disappeared": 1}


def test_the_modes_are_named(tmp_path, regen, simulator):
    """Rows that were fixed under another mode did something else."""
    manifest = tmp_path / "m.csv"
    with simulator() as server:
        for name, rows, flags in (("then", "INV1\nMISSING-2\n", ["--re-migrate"]), ("now", "INV1\nMISSING-2\n", [])):
            manifest.write_text("invoiceNumber\n" + rows)
            regen("run", manifest, "--base-url", server.url, "--run-id", name, *flags)
    done = regen("diff", "then", "now")
    assert "mode re-migrate then, default now: 2 objects" in done.out
    assert "sent as re-migrate then, as default now" in done.out
    document = regen("diff", "then", "now", "--json").document
    assert document["modes"] == [{"before": "re-migrate", "after": "default", "objects": 2}]
    (failing,) = document["kinds"]["still failing"]["objects"]
    assert (failing["mode_before"], failing["mode_after"]) == ("re-migrate", "default")
    assert "mode re-migrate, 2 objects" in regen("diff", "then", "then").out


def test_no_such_run(tmp_path, regen):
    """Exit 2."""
    night(tmp_path, "one", "2026-01-01", A="ok")
    assert regen("diff", "one", "two").code == 2
