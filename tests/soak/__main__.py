"""Runs, kills and resumes against a simulator with every fault on, for `SOAK_SECONDS` (600); bounded, on this machine.

Each round is a manifest of its own, a real process killed at random and resumed until it is done. It is proved
from the simulator's own record: 0 lost, 0 doubled, every id reported as the server gave it; memory stays flat.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from runner.ledger import open_read_only
from runner.ledger.hash_chain import chain
from runner.simulator import FAULTS
from runner.simulator.options import EXPIRES_IN, ID_STYLES, OUTAGE_KINDS
from runner.simulator.query_faults import QUERY_FAULTS
from tests.crashes.test_crashes import command, environment, killed_after
from tests.flows.test_flows import subscriptions
from tests.harness.program import Server, csv_rows, folders, simulated, table

ROWS = 3000
ZONES = ("UTC", "America/Los_Angeles", "Asia/Tokyo")
# What Billing has of a run, and how it answers: some transactions lost, some made by others, queries that end badly.
TENANT = {
    "lost_transactions": 0.01,
    "other_users": 0.02,
    "other_transactions": 5000,
    "rows_out": 2000,
    "job_seconds": 0.1,
    "query_faults": dict.fromkeys(QUERY_FAULTS.keys() - {"query-slow", "query-timeout"}, 0.03),
}
# Those that take long, those that may last as long as their key after a doubt, and those that end a row for good.
LEFT_OUT = {"slow", "huge-body", "crowded-saved", "429-saved", "waf-403"}


def main() -> int:
    """Soak; 0 if every round held."""
    until = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    chance, rounds, kills, peaks = random.Random(20), 0, 0, []
    while time.monotonic() < until:
        rounds += 1
        with tempfile.TemporaryDirectory() as folder:
            killed, peak = _round(Path(folder), rounds, chance)
        kills += killed
        peaks.append(peak)
        print(f"round {rounds}: {ROWS} rows, {killed} kills, peak {peak / 1e6:.0f} MB: held", flush=True)
    growth = max(peaks) / peaks[0]
    print(f"{rounds} rounds, {rounds * ROWS:,} rows, {kills} kills: 0 lost, 0 doubled; memory × {growth:.2f}")
    return 0 if growth < 1.2 else 1


def _round(folder: Path, seed: int, chance: random.Random) -> tuple[int, int]:
    """One manifest, killed and resumed until done; how often it was killed and the last process's peak memory."""
    manifest = subscriptions(folder / "s.csv", ROWS, missing=20)
    faults = dict.fromkeys(FAULTS.keys() - LEFT_OUT, 0.01)
    dialect = ("same", "409", "mixed")[seed % 3]
    world: dict[str, object] = {"replay_dialect": dialect, "expires_in": EXPIRES_IN[seed % len(EXPIRES_IN)]}
    world |= {"time_zone": ZONES[seed % len(ZONES)], "id_style": ID_STYLES[seed % len(ID_STYLES)], **TENANT}
    with (
        simulated(faults=faults, seed=seed, latency=0.01, retry_after=0, work_seconds=0.5, **world) as server,
        _maintained(server, chance),
    ):
        config = folder / "regen.toml"  # a 409 is believed for twice the time-out
        config.write_text("[profile.soak]\nrequest_timeout_seconds = 3\n")
        words = command(manifest, server.url, "--config", str(config), "--profile", "soak")
        kills = sum(killed_after(words, chance.uniform(0.8, 2.5)) is None for _ in range(4))
        code, peak = _finished(words)
        while _unknown(folder) and code == 3:
            words = [*words[:3], "resume", folders(folder / "runs")[0].name, *words[words.index("--base-url") :]]
            code, peak = _finished(words)
        assert code == 3, code
        _prove(folder, server)
        _reconcile(folder, server, words)
    return kills, peak


@contextlib.contextmanager
def _maintained(server: Server, chance: random.Random) -> Iterator[None]:
    """Every ten seconds the tenant shows its maintenance page, or nothing at all, for a second or two."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(chance.uniform(6.0, 12.0)):
            kind = chance.choice(OUTAGE_KINDS)
            server.post("outage", {"seconds": chance.uniform(0.3, 2.0), "kind": kind})

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _finished(words: list[str]) -> tuple[int, int]:
    """Run to the end; exit code and peak memory in bytes (from /proc; 1 elsewhere)."""
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 1
    while process.poll() is None:
        with contextlib.suppress(OSError):
            match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
            peak = max(peak, int(match[1]) * 1024 if match else 1)
        time.sleep(0.05)
    return process.returncode, peak


def _unknown(folder: Path) -> bool:
    (run,) = folders(folder / "runs")
    return any(row["regen_state"] == "unknown" for row in table(run))


def _prove(folder: Path, server: Server) -> None:
    (run,) = folders(folder / "runs")
    rows, effects, seen = table(run), server.by_key(), server.regenerations()
    assert [row["regen_line"] for row in rows] == list(range(1, ROWS + 1)), "lost or out of order"
    assert all(len(identity["effects"]) <= 1 for identity in seen), "doubled"
    done = [row for row in rows if row["regen_state"] == "succeeded"]
    failed = [row for row in rows if row["regen_state"] == "failed"]
    assert len(done) + len(failed) == ROWS
    assert all(effects[row["regen_key"]] == row["regen_id_list"] for row in done), "misreported"
    assert len(effects) == len(done), "an effect that nobody was reported"
    assert {row["regen_error_category"] for row in failed} <= {"not-found", *_TEMPORARY}
    with open_read_only(run / "ledger.db") as store:
        assert all(held == due for _, held, due in chain(store))


def _reconcile(folder: Path, server: Server, words: list[str]) -> None:
    """What `reconcile --query` reports as missing is what the tenant lacks, whatever its zone, ids and faults."""
    (run,) = folders(folder / "runs")
    tenant = [word for name in ("--base-url", "--config", "--profile") for word in words[words.index(name) :][:2]]
    code, _ = _finished([*words[:3], "reconcile", str(run), "--query", *tenant])
    there = {_bare(row["id"]) for row in server.get("rows?table=bookingtransaction")["rows"]}
    lost = {_bare(id_) for row in table(run) for id_ in row["regen_id_list"] or () if _bare(id_) not in there}
    reports = list(run.glob("after/*/reconcile-BookingTransaction-missing-ids.csv"))
    missing = {_bare(cell) for path in reports for row in csv_rows(path) for cell in row.values()}
    assert reports, f"reconcile did not get through: exit {code}"
    assert lost == missing & (lost | there), f"{len(lost)} are lost, {len(missing)} reported"
    assert (code == 3) == bool(lost), code


def _bare(id_: str) -> str:
    return id_.replace("-", "")


_TEMPORARY = {"locking-contention", "internal-error", "temporary-error", "external-system"}

if __name__ == "__main__":
    sys.exit(main())
