"""The asyncio script that everyone copies: gather, a semaphore, another try after an exception or a 5xx.

`python -m tests.bench.copied URL MANIFEST REPORT [IN_FLIGHT]` writes `name,status` for every row.
"""

from __future__ import annotations

import asyncio
import csv
import sys
from pathlib import Path

import aiohttp

PATH = "/v1/uno-regenerate/booking-transaction"
TRIES = 5


async def send(session: aiohttp.ClientSession, gate: asyncio.Semaphore, url: str, row: dict[str, str]) -> int:
    """One row; its last HTTP status."""
    body = {
        "type": "Subscription",
        "subscriptionName": row["subscriptionName"],
        "subscriptionVersion": int(row["subscriptionVersion"]),
    }
    status = 0
    async with gate:
        for attempt in range(TRIES):
            try:
                async with session.post(url, json=body, headers={"Authorization": "Bearer bench"}) as response:
                    status = response.status
                    await response.read()
                if status < 500:
                    break
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.1 * 2**attempt)
    return status


async def main(url: str, manifest: Path, report: Path, in_flight: int) -> None:
    """Send every row, then write the report."""
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    gate = asyncio.Semaphore(in_flight)
    async with aiohttp.ClientSession() as session:
        statuses = await asyncio.gather(*(send(session, gate, url + PATH, row) for row in rows))
    with report.open("w") as file:
        file.writelines(f"{row['subscriptionName']},{code}\n" for row, code in zip(rows, statuses, strict=True))


if __name__ == "__main__":
    base, manifest, output = sys.argv[1:4]
    asyncio.run(main(base, Path(manifest), Path(output), int(sys.argv[4]) if len(sys.argv) > 4 else 40))
