"""What a comparison with an extract is compared with: two anti-joins of DuckDB.

`python -m tests.bench.bare_reconcile PARQUET CSV` prints how many ids of the results are missing in the extract, and
how many of the extract's, old ones left out, are missing in the results, as JSON.
"""

from __future__ import annotations

import json
import sys

import duckdb

_COUNTS = """
WITH made AS (SELECT unnest(regen_id_list) AS id FROM read_parquet($results)),
     found AS (SELECT "Id" AS id, "UpdatedDate" AS updated FROM read_csv($extract, all_varchar = true))
SELECT (SELECT count(*) FROM made ANTI JOIN found USING (id)),
       (SELECT count(*) FROM (SELECT * FROM found WHERE updated IS NULL OR updated >= '2026') ANTI JOIN made USING (id))
"""

if __name__ == "__main__":
    missing, extra = duckdb.execute(_COUNTS, {"results": sys.argv[1], "extract": sys.argv[2]}).fetchall()[0]
    print(json.dumps({"missing": missing, "extra": extra}))
