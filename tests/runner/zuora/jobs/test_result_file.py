"""The result file of a backfill job."""

from __future__ import annotations

import contextlib

import pytest

from runner.plan.backfill import csv_bytes, zipped
from runner.zuora.jobs.result_file import ResultRefused, record_results, unpacked
from tests.harness.journeys import HEADER, zip_of


class TestResultFiles:
    """What comes from outside is read with suspicion."""

    HEADER = ",".join([*HEADER, "Success", "Error Message"])

    def test_a_result_is_read(self):
        text = f'{self.HEADER}\nr1,"a\nb",c,true,\nr2,x,y,FALSE,no such record\nr3,x,y,maybe,?\n'
        matched = record_results(unpacked(zip_of(x__csv=text.encode()), 10_000), "ID")
        assert {name: tuple(row) for name, row in matched.items()} == {
            "r1": (True, ""),
            "r2": (False, "no such record"),
            "r3": (None, "?"),
        }

    @pytest.mark.parametrize(
        "content",
        [
            zip_of(x__csv=b"a" * 100_000),
            zip_of(a__csv=b"a", b__csv=b"b"),
            zip_of(x__exe=b"MZ"),
            zip_of(**{"../x__csv": b"a"}),
            zip_of(**{"folder/x__csv": b"a"}),
            zip_of(),
            b"PK\x03\x04 nonsense",
            zip_of(x__csv=b"abc" * 100)[:60],
        ],
    )
    def test_bombs_and_foreign_members_are_refused(self, content):
        with pytest.raises(ResultRefused):
            unpacked(content, 10_000)

    def test_a_bomb_that_lies_about_its_size(self):
        content = bytearray(zip_of(x__csv=b"a" * 100_000))
        at = content.index(b"PK\x01\x02") + 24
        content[at : at + 4] = (5).to_bytes(4, "little")
        content[22:26] = (5).to_bytes(4, "little")
        with contextlib.suppress(ResultRefused):
            assert len(unpacked(bytes(content), 10_000)) <= 10_000

    @pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "ID,Success,Error Message\nr1\n", "ID,Success\nr1,true\n"])
    def test_other_files_are_refused(self, text):
        with pytest.raises(ResultRefused):
            record_results(text.encode(), "ID")

    def test_the_same_rows_are_the_same_bytes(self):
        rows = [["r1", "a\nb", None], ["r2", 'q"', ""]]
        assert csv_bytes(HEADER, rows) == b'ID,#Charge Number,Revenue Recognition Rule\nr1,"a\nb",\nr2,"q""",\n'
        assert zipped("x.csv", b"abc") == zipped("x.csv", b"abc")
