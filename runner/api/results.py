"""The results of a run as a data frame."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from runner.ledger import open_read_only

if TYPE_CHECKING:
    import pandas as pd

    from runner.api.run import Run

PARQUET = "results.parquet"


def results(run: Run | str | Path, *, runs_dir: str | Path | None = None) -> pd.DataFrame:
    """The results of a run: one line per manifest row, in manifest order.

    Columns: the row's own, as strings, then `regen_…` (see `regen help results`). Types are pandas' nullable ones
    (string, Int32, Int64, boolean, Float64), so that a missing value stays missing; times are UTC; `regen_id_list`
    holds lists. Results that are not up to date, as those of a run that is going on, are made from its ledger.

    Raises runner.errors.Refused where there is no such run, LedgerError where its ledger cannot be read.
    """
    from runner.api.calls import folder_of
    from runner.results.writer import write_views

    folder = folder_of(run, runs_dir)
    path = folder.path / PARQUET
    if folder.sealed and path.exists():
        return _frame(path)
    with tempfile.TemporaryDirectory() as name, open_read_only(folder.ledger) as store:
        write_views(store, Path(name), ("parquet",))
        return _frame(Path(name) / PARQUET)


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(path, dtype_backend="numpy_nullable")
