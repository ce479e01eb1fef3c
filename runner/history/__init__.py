"""Questions over all runs of a folder.

```
runs/*/run.json ─────────▶ sources ─▶ database (DuckDB: tables runs, rows) ◀─ questions (SQL) ─▶ table
runs/*/results.parquet ──▶    └────▶ object_history (pyarrow; ledgers where a run has no results yet)
                              └────▶ index_page (runs/index.html)
```
"""
