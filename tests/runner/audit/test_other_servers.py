"""A tenant whose server was written by others, within what is published: no false statement, however it writes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from typing import Any

import pytest

from runner.domain.model import Reply
from tests.harness.tenant_books import TABLES, Books
from tests.runner.audit.test_transaction_match import MANIFESTS, SECOND, STARTED, World, hexed, manifest_of, object_of

TRAITS = (
    "upper",
    "text rows",
    "no rows",
    "no file",
    "202",
    "success",
    "more columns",
    "order",
    "case",
    "CRLF",
    "quotes",
)
TRAITS += ("blank line", "no last line end", "nothing for no rows", "BOM", "gzip", "decimals")
ENDINGS = ("cancelled", "canceled", "aborted", "failed")


class OtherServer(Books):
    """Writes jobs and files in other ways."""

    traits: frozenset[str] = frozenset()

    def _reply(self, job: dict[str, Any]) -> Reply:
        shown = {name: value for name, value in job.items() if name != "content"}
        if "upper" in self.traits:
            shown["queryStatus"] = shown["queryStatus"].upper()
        if "text rows" in self.traits and "outputRows" in shown:
            shown["outputRows"] = str(shown["outputRows"])
        if "no file" in self.traits and job.get("outputRows") == 0:
            shown.pop("dataFile", None)
        elif "no rows" in self.traits:
            shown.pop("outputRows", None)
        body = {"success": True, "data": shown} if "success" in self.traits else {"data": shown}
        return Reply(202 if "202" in self.traits else 200, json.dumps(body).encode())

    def _answer(self, sql: str) -> tuple[bytes, int]:
        content, rows = super()._answer(sql)
        if sql.startswith("SHOW"):
            return self._packed(list(csv.reader(io.StringIO(content.decode(), newline="")))), rows
        lines = list(csv.reader(io.StringIO(content.decode(), newline="")))
        if "decimals" in self.traits and "subscriptionversion" in lines[0]:
            at = lines[0].index("subscriptionversion")
            lines[1:] = [[*line[:at], line[at] and f"{line[at]}.000000000", *line[at + 1 :]] for line in lines[1:]]
        if "more columns" in self.traits:
            lines = [[*line, f"more {number}"] for number, line in enumerate(lines)]
        if "order" in self.traits:
            lines = [line[::-1] for line in lines]
        if "case" in self.traits:
            lines[0] = [name.title() for name in lines[0]]
        return self._packed(lines), rows

    def _packed(self, lines: list[list[str]]) -> bytes:
        text = io.StringIO()
        quoting = csv.QUOTE_ALL if "quotes" in self.traits else csv.QUOTE_MINIMAL
        csv.writer(text, lineterminator="\r\n" if "CRLF" in self.traits else "\n", quoting=quoting).writerows(lines)
        content = text.getvalue().encode()
        if "nothing for no rows" in self.traits and len(lines) == 1:
            content = b""
        if "no last line end" in self.traits:
            content = content.rstrip(b"\r\n")
        elif "blank line" in self.traits:
            content += b"\n"
        content = (b"\xef\xbb\xbf" if "BOM" in self.traits else b"") + content
        return gzip.compress(content) if "gzip" in self.traits else content


def scene(folder, chance: random.Random) -> tuple[World, str, dict[str, set[int]]]:
    """A run: rows that are unknown, of which some were not done, and rows of which a transaction was lost; with other
    people's transactions and another run of the same objects, before or after."""
    zone, kind = chance.choice(["UTC", "America/Los_Angeles", "Asia/Tokyo"]), chance.choice(list(MANIFESTS))
    form = chance.choice(["", "%Y-%m-%d %H:%M:%S.000 %z", "%Y-%m-%dT%H:%M:%S%z", f"%Y-%m-%d %H:%M:%S.000 {zone}"])
    books = OtherServer(zone, hyphens=chance.random() < 0.5, form=form, rows_out=chance.choice([500_000, 15, 7]))
    books.traits = frozenset(trait for trait in TRAITS if chance.random() < 0.25)
    books.status_once = {chance.choice(["updateddate >=", "SHOW", " IN ("]): chance.choice(ENDINGS)}
    mode = chance.choice([{}, {"re_migrate": True}, {"only_resend": True}])
    world = World(folder / "runs/it", books, manifest_of(kind, 14), **mode)
    rows = chance.sample(range(1, 15), 6)
    world.settle(unknown=frozenset(rows[:4]), undone=frozenset(rows[:2]))
    table = MANIFESTS[kind][0]
    other = World(folder / "runs/other", books, manifest_of(kind, 5), re_migrate=True)
    other.settle(at=STARTED + chance.choice([-4000, -30, 30, 4000]) * SECOND)
    for number in range(4 if "updatedbyid" in TABLES[table.lower()] else 0):
        updated = {"updatedbyid": "person", "updateddate": STARTED + chance.randint(-2000, 2000) * SECOND}
        names = object_of(json.loads(chance.choice(world.requests)[2]))
        row = {"id": hexed("x", number), "createddate": STARTED, **updated, **names}
        books.add(table.lower(), [row])
    for row in rows[4:]:
        books.remove(table.lower(), chance.choice(world.ids(row)))
    return world, table, {"undone": set(rows[:2]), "unknown": set(rows[:4]), "lost": set(rows[4:])}


@pytest.mark.parametrize("seed", range(12))
def test_no_false_statement(tmp_path, seed):
    """Every lost transaction is found, nothing is extra, no done work is called undone and no undone work done; also
    where an earlier try was broken off."""
    chance = random.Random(seed)
    world, table, rows = scene(tmp_path, chance)
    books: Any = world.books
    downloads, most = books.download, chance.randint(0, 9)

    async def broken(*words: Any, **options: Any) -> Reply:
        nonlocal most
        most -= 1
        if most == 0:
            raise KeyboardInterrupt
        return await downloads(*words, **options)

    books.download = broken
    try:
        checks = world.inquire().checks
    except KeyboardInterrupt:
        checks = world.inquire().checks
    shown = (sorted(books.traits), books.zone, books.form, [check.lines() for check in checks])
    missing = {int(row["regen_line"]) for row in world.rows(f"reconcile-{table}-missing.csv")}
    assert missing == rows["lost"], shown
    assert {check.name: check.count for check in checks}["extra"] == 0, shown
    answers = world.answers()
    assert all(answers[row] != ("done" if row in rows["undone"] else "not done") for row in rows["unknown"]), shown
    assert books.most_at_once <= 5
