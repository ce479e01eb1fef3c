"""How manifests are read, where a file can be read in several ways: shared by `check`, `plan`, `run` and `nightly`."""

from __future__ import annotations

import click

from runner.cli.options import option, options

_SECTION = "Reading files"

reading = options(
    option(
        "--by",
        section=_SECTION,
        type=click.Choice(["id", "number", "name"]),
        help="Which identifier to use if a row has several.",
        default_text="number or name",
    ),
    option("--sheet", section=_SECTION, metavar="NAME|N", help="The sheet of a workbook.", default_text="the only one"),
    option(
        "--header-row",
        section=_SECTION,
        type=click.IntRange(1),
        metavar="N",
        help="The line or row of the header, if there are titles above it.",
        default_text="the first",
    ),
    option(
        "--encoding",
        section=_SECTION,
        metavar="NAME",
        help="The encoding of text files, such as cp1252. It is never guessed.",
        default_text="UTF-8",
    ),
    option(
        "--literal",
        section=_SECTION,
        is_flag=True,
        help="Take every text as it stands, even NULL or #N/A.",
    ),
    option(
        "--include-hidden", section=_SECTION, is_flag=True, help="Also send the hidden and filtered rows of a sheet."
    ),
    option(
        "--skip-hidden", section=_SECTION, is_flag=True, help="Leave out the hidden and filtered rows of a workbook."
    ),
)
