"""`make demo`: the sample manifests, then the plan of a whole night, sent to a simulator on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REGEN = [sys.executable, "-m", "runner"]
MANIFESTS = [
    "subscriptions.csv",
    "order_line_items.parquet",
    "usage_charges.csv",
    "invoices.csv",
    "credit_memos.csv",
    "debit_memos.tsv",
    "invoice_item_adjustments.csv",
    "mixed.csv",
]
PLAN = "nightly.toml"
FAULTS = ["--latency", "0.02", "--seed", "7"]


def main() -> int:
    """Run the demo; the exit code of the first command that fails, else 0."""
    simulator = subprocess.Popen([*REGEN, "simulate", "--port", "0", *FAULTS], stdout=subprocess.PIPE, text=True)
    try:
        assert simulator.stdout is not None
        url = simulator.stdout.readline().strip().removeprefix("listening on ")
        return regen(MANIFESTS, url) or regen([PLAN], url)
    finally:
        simulator.terminate()
        simulator.wait()


def regen(files: list[str], url: str) -> int:
    """Show a command, run it, and return its exit code."""
    paths = [os.path.relpath(HERE / name) for name in files]
    command = ["run", *paths, "--config", os.path.relpath(HERE / "regen.toml"), "--profile", "simulator"]
    command += ["--base-url", url]  # the profile names the port of `regen simulate`, which may be taken
    print("$ regen " + " ".join(command), flush=True)
    environment = os.environ | {"ZUORA_CLIENT_ID": "demo", "ZUORA_CLIENT_SECRET": "demo"}
    return subprocess.run([*REGEN, *command, "--again"], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
