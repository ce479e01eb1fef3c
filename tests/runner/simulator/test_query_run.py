"""Answering a data query."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

from runner.simulator import ManualClock
from tests.runner.simulator.conftest import START, tenants


def test_formats_and_compressions(tenant):
    """JSON Lines with bare numbers, TSV, DSV with its separator; gzip and zip."""
    sql = "SELECT subscriptionnumber, subscriptionversion FROM bookingtransaction LIMIT 1"
    assert json.loads(tenant.content(sql, outputFormat="JSON")) == {
        "subscriptionnumber": "A-S00000116",
        "subscriptionversion": 1,
    }
    assert tenant.content(sql, outputFormat="TSV").decode().splitlines()[1] == "A-S00000116\t1"
    assert tenant.content(sql, outputFormat="DSV", columnSeparator="|").decode().splitlines()[1] == "A-S00000116|1"
    plain = tenant.content(sql)
    assert gzip.decompress(tenant.content(sql, compression="GZIP")) == plain
    with zipfile.ZipFile(io.BytesIO(tenant.content(sql, compression="ZIP"))) as archive:
        assert archive.read(archive.namelist()[0]) == plain


def test_rows_in_and_out_are_limited():
    """A query with too many rows fails whole. For output LIMIT helps, for input only a condition with an index."""
    with tenants(ManualClock(START), rows_out=50, rows_in=200, other_transactions=300) as tenant:
        sql = "SELECT id FROM bookingtransaction"
        assert "input rows" in tenant.failure(f"{sql} LIMIT 5")
        some = f"{sql} WHERE updateddate > TIMESTAMP '2023-12-20 10:01:05.000 +00:00'"
        assert "output rows" in tenant.failure(some)
        assert len(tenant.rows(f"{some} LIMIT 50")) == 50
        assert "input rows" in tenant.failure(f"{some.replace('05.000 ', '05.000000 ')} LIMIT 5")
        few = "SELECT id FROM bookingtransaction WHERE updateddate > TIMESTAMP '2023-12-20 10:30:05.000 +00:00'"
        assert len(tenant.rows(few)) == 5
