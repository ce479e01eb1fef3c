"""The command `regen reconcile`."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from runner.audit import extract_diff
from runner.audit.extract_diff import compare
from runner.domain.errors import Refused
from runner.ledger import Store, open_read_only
from tests.harness.virtual import enrolled


def test_the_command(audited, tmp_path, regen):
    """The files go beside the seal; exit 3 if something is missing there, 0 if nothing is."""
    with open_read_only(audited / "ledger.db") as store:
        ids = [one for made in extract_diff.transactions(store) for one in made.ids]
    (tmp_path / "x.csv").write_text("id\n" + "\n".join(ids) + "\n")
    done = regen("reconcile", "it", "--against", tmp_path / "x.csv")
    assert done.code == 0, done.out
    (tmp_path / "x.csv").write_text("id\n" + "\n".join(ids[1:]) + "\n")
    done = regen("reconcile", "it", "--against", tmp_path / "x.csv")
    assert done.code == 3
    assert len(list((audited / "after").glob("*/reconcile-missing.csv"))) == 2
    assert regen("verify", "it").code == 0
    assert regen("reconcile", "it", "--against", tmp_path / "none.csv").code == 2
    (tmp_path / "x.csv").write_text("id\n" + "\n".join([*ids, "of-another"]) + "\n")
    assert regen("reconcile", "it", "--against", tmp_path / "x.csv").code == 3
    shutil.copytree(audited, audited.parent / "other")
    with closing(sqlite3.connect(audited.parent / "other/ledger.db")) as ledger, ledger:
        ledger.execute(
            "UPDATE outcome SET ids = '[\"of-another\"]' WHERE seq = (SELECT min(seq) FROM outcome WHERE ids <> '[]')"
        )
    ledger.close()
    done = regen("reconcile", "it", "--against", tmp_path / "x.csv")
    assert (done.code, "1 row made by other runs of this folder not counted" in done.out) == (0, True), done.out


def test_a_run_that_sent_nothing_has_nothing_to_compare(tmp_path):
    """It is refused in words."""
    store: Store
    with (
        open_read_only(enrolled(tmp_path / "ledger.db", 1)) as store,
        pytest.raises(Refused, match="nothing was sent"),
    ):
        (tmp_path / "x.csv").write_text("id\nx\n")
        compare(store, tmp_path, str(tmp_path / "x.csv"))
