"""The tenant behind the API: its tables, the SQL over them, and what regenerating leaves there.

```
seeded rows ──────────────▶ records ─▶ engine (DuckDB) ─▶ result file of a data query
effects of regenerating ─▶ transactions ─▶ ┘
```
"""
