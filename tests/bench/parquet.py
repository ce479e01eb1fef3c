"""`python -m tests.bench.parquet CSV PARQUET`: the same rows as Parquet, all text.

In a process of its own: what the parent of a measured process holds would count as the child's peak.
"""

from __future__ import annotations

import csv
import itertools
import sys

import pyarrow as pa
import pyarrow.parquet as pq

GROUP = 50_000


def main(source: str, path: str) -> None:
    """Write it group by group."""
    with open(source, newline="") as file:  # noqa: PTH123 - as given
        rows = csv.reader(file)
        schema = pa.schema([(name, pa.string()) for name in next(rows)])
        with pq.ParquetWriter(path, schema) as writer:
            while group := list(itertools.islice(rows, GROUP)):
                columns = [pa.array(column, pa.string()) for column in zip(*group, strict=True)]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))


if __name__ == "__main__":
    main(*sys.argv[1:3])
