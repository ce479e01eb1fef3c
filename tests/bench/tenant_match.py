"""Matching a run with what a tenant returns, as `reconcile --query` does.

`python -m tests.bench.tenant_match LEDGER FILE`: the tenant is a file that is there already, so that what is measured
is the matching.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.audit.tenant_query import inquire
from runner.ledger import open_read_only
from runner.system.runtime_tuning import seldom_collecting

USERS = ("4" * 32, "5" * 32)  # the run's own, another


class Tenant:
    """A tenant whose answer to the query of the run's time is this file; it has nothing else."""

    def __init__(self, extract: Path) -> None:
        self._extract = extract
        self.users: set[str] = set()
        self.as_of = int(time.time() * 1e6)

    async def columns(self, _: str) -> dict[str, str]:
        with self._extract.open() as file:
            return dict.fromkeys(file.readline().strip().split(","), "varchar")

    async def extract(self, path: Path, columns: Sequence[str], _: Any) -> int:
        if path.name == "query-BookingTransaction.csv":
            path.symlink_to(self._extract)
        else:
            path.write_text(",".join(columns) + "\n")
        return 0


def transactions(path: Path, made: int, rows: int, at: float, changed: int) -> Path:
    """So many transactions as CSV: those of the run but for `changed`, other people's of the same objects and of other
    ones."""
    gone = set(range(1, made + 1, max(1, made // changed))[:changed])
    moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at))
    with path.open("w", buffering=1 << 20) as file:
        file.write("id,updateddate,updatedbyid,subscriptionnumber,subscriptionversion,salesorderlineid\n")
        for number in range(1, made + 1):
            if number not in gone:
                file.write(f"RC-{number:08d},{moment},{USERS[0]},A-S{number:08d},1,{number:032x}.1\n")
        for number in range(1, rows - made + changed + 1):
            name = "A" if number % 2 else "Z"
            file.write(f"{number:032x},{moment},{USERS[1]},{name}-S{number % made + 1:08d},1,{number:032x}.1\n")
    return path


def main() -> None:
    """Print how many rows are missing and how many transactions extra."""
    ledger, extract = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder, open_read_only(ledger) as store, seldom_collecting():
        inquiry = asyncio.run(inquire(store, Path(folder), Tenant(extract)))  # type: ignore[arg-type]
    print({check.name: check.count for check in inquiry.checks})


if __name__ == "__main__":
    main()
