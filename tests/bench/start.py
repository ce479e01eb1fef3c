"""What a person waits for before anything is sent: the help, and a first run of four rows."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.compiled_server import compiled_served
from tests.bench.figures import Figure, compared
from tests.bench.measure import Child, child, regen, sent, subscriptions, work_folder

ROUNDS = 5
WANTED = {"`regen --help`": "0.15 s", "`regen run`, four rows": "0.8 s"}
LIBRARIES = "import pandas, aiohttp, sqlite3, msgspec"
COMPILED = {
    "PYTHONDONTWRITEBYTECODE": ""
}  # the first round leaves compiled files, also where the environment says not to


def main() -> list[Figure]:
    """Round after round, beside the libraries' own imports."""
    seconds: dict[str, list[float]] = {}
    with work_folder() as folder, compiled_served() as (server, _):
        manifest = subscriptions(folder / "s.csv", 4)
        for number in range(ROUNDS + 1):
            processes = {
                "`regen --help`": regen("--help", environment=COMPILED),
                "`regen plan`, four rows": _planned(server.url, manifest, folder / f"planned-{number}"),
                "`regen run`, four rows": sent(server, manifest, folder / f"runs-{number}")[0],
                f"`{LIBRARIES}`": child([sys.executable, "-c", LIBRARIES], COMPILED),
            }
            for name, process in processes.items():
                assert process.code == 0, (name, process)
                if number:
                    seconds.setdefault(name, []).append(process.cpu_seconds)
    libraries = seconds.pop(f"`{LIBRARIES}`")
    return [
        compared(name, "CPU s", values, f"`{LIBRARIES}`", libraries, WANTED.get(name, ""))
        for name, values in seconds.items()
    ]


def _planned(url: str, manifest: Path, runs: Path) -> Child:
    words = ["--base-url", url, "--runs-dir", str(runs), "--type", "Subscription"]
    return regen("plan", str(manifest), *words, environment=COMPILED)
