"""The answer of a data query."""

from __future__ import annotations

import gzip

import pytest

from runner.zuora.data_query.job import QueryFailedError
from tests.runner.zuora.data_query.test_client import extracted, zipped


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id,x\na,1\n",
        b"id,x\na,1\nb,2\nc,3\n",
        b"id,x\n\xff\n",
        b"y,id\n1,a\n2,b\n",
        b"x,y,id\n1,1,a\n2\n",
        gzip.compress(b"id,x\na,1\nb,2\n")[:-9],
        zipped(b"id,x\na,1\nb,2\n", b""),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(tmp_path, content):
    """The tenant states two rows: what is not there would be taken for not done. So would other columns."""
    with pytest.raises(QueryFailedError):
        extracted(tmp_path / "x.csv", [(content, 2)])
    assert not (tmp_path / "x.csv").exists()
