"""Which result files a `--format` stands for."""

from __future__ import annotations

from collections.abc import Mapping

from runner.domain.errors import Refused

FORMATS: Mapping[str, tuple[str, ...]] = {
    "parquet": ("parquet",),
    "csv": ("csv",),
    "both": ("parquet", "csv"),
    "xlsx": ("parquet", "xlsx"),  # a workbook is for people: programs find Parquet beside it
}


def formats_of(word: str) -> tuple[str, ...]:
    """The suffixes of the files. Raises Refused for an unknown word, and where no workbook can be written."""
    if word not in FORMATS:
        raise Refused(f"format={word!r}: give {', '.join(map(repr, FORMATS))}")
    if word == "xlsx":
        from runner.results.workbook import require_workbooks

        require_workbooks()
    return FORMATS[word]
