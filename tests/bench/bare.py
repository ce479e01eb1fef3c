"""What the runner is compared with: loops that send and forget, without ledger, keys, retries or results.

`python -m tests.bench.bare KIND URL MANIFEST [--workers 40]`, with KIND

- `bare`: workers over one aiohttp session; the same imports, and so the same malloc settings, as the runner's;
- `script`: the same as a user would write it, who imports aiohttp and nothing else.

Prints seconds of the sending phase and rows as JSON.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

PATH = "/v1/uno-regenerate/booking-transaction"


async def work(session: aiohttp.ClientSession, url: str, bodies: Any, answers: list[bool]) -> None:
    """One worker: the next row until there is none."""
    headers = {"Authorization": "Bearer bench"}
    for body in bodies:
        async with session.post(url, json=body, headers=headers) as response:
            answer = await response.json()
            answers.append(answer["success"])


async def main(url: str, manifest: Path, workers: int) -> None:
    """Send every row of the manifest."""
    with manifest.open(newline="") as file:
        rows = [
            {
                "type": "Subscription",
                "subscriptionName": row["subscriptionName"],
                "subscriptionVersion": int(row["subscriptionVersion"]),
            }
            for row in csv.DictReader(file)
        ]
    answers: list[bool] = []
    bodies = iter(rows)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=workers)) as session:
        started, spent = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work(session, url + PATH, bodies, answers) for _ in range(workers)))
        seconds, cpu = time.perf_counter() - started, time.process_time() - spent
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "rows": sum(answers)}))


if __name__ == "__main__":
    kind, base, manifest = sys.argv[1:4]
    if kind == "bare":  # tqdm, of all imports, is what changes malloc's thresholds
        import msgspec  # noqa: F401
        import tqdm  # noqa: F401

        import runner.session.session  # noqa: F401
    asyncio.run(main(base, Path(manifest), int(sys.argv[4]) if len(sys.argv) > 4 else 40))
