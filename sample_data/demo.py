"""`make demo`: the sample manifests, sent to a simulator on this machine. Nothing leaves it."""

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
FAULTS = ["--latency", "0.02", "--seed", "7"]


def main() -> int:
    """Run the demo; the exit code of `regen run`."""
    simulator = subprocess.Popen([*REGEN, "simulate", "--port", "0", *FAULTS], stdout=subprocess.PIPE, text=True)
    try:
        assert simulator.stdout is not None
        url = simulator.stdout.readline().strip().removeprefix("listening on ")
        environment = os.environ | {
            "ZUORA_CLIENT_ID": "demo",
            "ZUORA_CLIENT_SECRET": "demo",
            "ZUORA_BASE_URL": url,
        }
        manifests = [os.path.relpath(HERE / name) for name in MANIFESTS]
        command = ["run", *manifests, "--config", os.path.relpath(HERE / "regen.toml"), "--profile", "simulator"]
        print("$ regen " + " ".join(command), flush=True)
        return subprocess.run([*REGEN, *command, "--again"], env=environment, check=False).returncode
    finally:
        simulator.terminate()
        simulator.wait()


if __name__ == "__main__":
    sys.exit(main())
