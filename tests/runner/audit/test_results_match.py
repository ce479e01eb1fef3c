"""Results files compared with the ledger."""

from __future__ import annotations

from tests.runner.audit.test_verify import broken, rows_of, sealed_anew


def test_the_first_cell_that_differs_is_named(audited):
    """File, row, column, both values."""
    text = (audited / "results.csv").read_text()
    (audited / "results.csv").write_text(text.replace("note 7,", "note 8,", 1))
    sealed_anew(audited)
    assert broken(audited)["results"] == ("results.csv, row 8: note is 'note 8' in the file, 'note 7' in the ledger",)


def test_rows_that_are_missing_and_rows_that_were_added_are_named(audited):
    """By their number in the run."""
    rows, write = rows_of(audited / "results.parquet")
    write([*rows[:5], *rows[7:20], rows[3], *rows[20:]])
    sealed_anew(audited)
    assert broken(audited)["results"] == (
        "results.parquet, row 6: missing",
        "results.parquet, row 7: missing",
        "results.parquet, row 4: there twice, out of order or of another run",
    )


def test_a_quote_that_is_never_closed_is_reported(audited, regen):
    """However much of the file it takes in."""
    path = audited / "errors.csv"
    header, _, rest = path.read_text("utf-8").partition("\n")
    path.write_text(f'{header}\n"{"x" * 200_000}\n{rest}', "utf-8")
    done = regen("verify", "it")
    assert (done.code, "results: " in done.out) == (3, True)
