"""What the tests of jobs share: quick looks, and what the simulator saw."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from runner.ledger import open_read_only
from runner.ledger.hash_chain import chain
from tests.harness.forks import Popen, ended
from tests.harness.kills import environment_killed_at
from tests.harness.program import Server

QUICK = """default_profile = "quick"
[profile.quick.jobs]
first_poll_seconds = 0.02
longest_poll_seconds = 0.1
search_seconds = 0.6
patience_seconds = 0.6
"""
CREDENTIALS = {"ZUORA_CLIENT_ID": "test-id", "ZUORA_CLIENT_SECRET": "test-secret"}
HEADER = ["ID", "#Charge Number", "Revenue Recognition Rule"]


def quick(folder: Path) -> None:
    """A configuration under which nobody waits."""
    (folder / "regen.toml").write_text(QUICK)


def charges(path: Path, count: int, *, bad: tuple[int, ...] = (), width: int = 8) -> Path:
    """A backfill file of so many charges, with newlines in quotes; those whose rows are `bad` will fail."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in range(1, count + 1):
            name = f"{'BAD' if row in bad else 'r'}{row:06d}"
            writer.writerow([name, f"C-{row}\nü" + "x" * width, "Recognize, daily"])
    return path


def uploads(server: Server) -> list[dict[str, Any]]:
    """Every upload that arrived, with what became of it."""
    return [one for one in server.identities() if one["path"] == "/v1/uno/data-backfill/jobs"]


def created(server: Server, path: str) -> list[str]:
    """The ids of all that was created under a path."""
    return [name for one in server.identities() if one["path"] == path for did in one["effects"] for name in did["ids"]]


def chained(folder: Path) -> bool:
    """Whether the chain of outcomes is whole."""
    with open_read_only(folder / "ledger.db") as store:
        return all(held == due for _, held, due in chain(store))


def parts(folder: Path) -> Iterator[tuple[str, int, str]]:
    """The parts of a run: file, bytes, SHA-256 of the CSV."""
    with open_read_only(folder / "ledger.db") as store:
        yield from store.rows("SELECT file, bytes, sha256 FROM part ORDER BY part")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def zip_of(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()


def killed(point: str, *words: object) -> int:
    """The command line in a process that kills itself at a point; what became of it."""
    code, _ = ended([*words, "--quiet"], os.environ | CREDENTIALS | environment_killed_at(point))
    return code


def process(*words: object, point: str = "") -> Popen:
    """The command line in a process that can be killed, or kills itself at a point; the tenant that `regen` has."""
    environment = os.environ | CREDENTIALS | environment_killed_at(point)
    return Popen([*words, "--quiet"], env=environment)
