"""What the results are compared with: one SELECT over the ledger, csv's writer and pyarrow's, and nothing else.

`python -m tests.bench.bare_results LEDGER FOLDER` writes the cells of each row with its state, ids and times as CSV and
as Parquet: no report, no errors.csv, no groups of failures, no checks, no seal.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

GROUP = 50_000
_ROWS = """
SELECT l.cells, l.manifest, l.row, l.object, r.body, lower(hex(r.digest)), o.state, o.ids, o.code, o.message,
       o.attempts, o.http_status, o.request_id, o.first_sent_at, o.settled_at, o.latency_ms
FROM line l JOIN request r ON r.request = l.request LEFT JOIN outcome o ON o.seq = r.outcome ORDER BY l.line
"""
_CELLS = ("subscriptionName", "subscriptionVersion")
_REQUEST = ("manifest", "row", "object", "body", "digest")
_OUTCOME = ("state", "ids", "code", "message", "attempts", "http_status", "request_id")
_NAMES = (*_CELLS, *_REQUEST, *_OUTCOME, "first_sent_at", "settled_at", "latency_ms")


def main(ledger: Path, folder: Path) -> None:
    """Write both files, group by group."""
    folder.mkdir(exist_ok=True)
    cursor = sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True).execute(_ROWS)
    writer: pq.ParquetWriter | None = None
    with (folder / "results.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(_NAMES)
        while group := cursor.fetchmany(GROUP):
            rows: list[list[Any]] = [[*json.loads(cells), *rest] for cells, *rest in group]
            lines.writerows(rows)
            values = dict(zip(_NAMES, map(list, zip(*rows, strict=True)), strict=True))
            piece = pa.table(values) if writer is None else pa.table(values, schema=writer.schema)
            writer = writer or pq.ParquetWriter(folder / "results.parquet", piece.schema)
            writer.write_table(piece)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]))
