"""The result files: every row, in order, its own columns untouched, and safe to open."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests import open_manifest
from runner.domain.run_status import RunStatus
from runner.domain.steps import Regenerate, Step
from runner.ledger import Facts, open_read_only, open_writable
from runner.plan.open_manifests import OpenManifests
from runner.plan.planner import Opened, Target
from runner.results.columns import COLUMNS, Layout
from runner.results.writer import write_csv, write_views
from runner.system.atomic_file import replacing
from tests.harness.virtual import Tenant, dispatched, run_virtually

TARGET = Target("http://127.0.0.1:1", "127.0.0.1:1", "t")


def planned(folder: Path, *manifests: Path, skip_rejected: bool = False) -> Path:
    """A ledger that holds these manifests."""
    step = Step(1, Regenerate(manifests=tuple(map(str, manifests)), skip_rejected=skip_rejected))
    with OpenManifests() as manifests:
        opened = Opened([step], TARGET, manifests)
        facts = Facts(run_id="the-run", status=RunStatus.PLANNED, formats=("csv",))
        opened.enrol(folder / "ledger.db", "the-run", facts)
    return folder / "ledger.db"


def viewed(ledger: Path) -> Path:
    with open_read_only(ledger) as store:
        write_views(store, ledger.parent, ("parquet", "csv"))
    return ledger.parent


@pytest.fixture
def finished(tmp_path):
    """A run over two manifests with a duplicate, a rejected row, a failure and a saved failure."""
    first, second = tmp_path / "one.csv", tmp_path / "two.csv"
    first.write_text(
        "Subscription Name,Subscription Version,Note\n"
        'A-S1,1,=cmd()\nA-S2,1,"two\nlines"\nA-S1,1,again\nA-S3,one,bad\nA-S4,1,\'quoted\nA-S5,1,-5\n'
    )
    second.write_text("Invoice Number,Note\nINV1,-x\nINV2,@y\n")
    ledger = planned(tmp_path, first, second, skip_rejected=True)

    def script(number: int, arrival: int) -> str:
        return {5: "gone", 6: "temporary"}.get(number, "ok") if arrival == 1 else "ok"

    with open_writable(ledger) as store:
        run_virtually(lambda: dispatched(store, Tenant(script)))
    return viewed(ledger)


def test_one_line_per_row_in_manifest_order(finished):
    """Rows, states and outcomes."""
    frame = pd.read_parquet(finished / "results.parquet")
    assert list(frame["regen_line"]) == list(range(1, 9))
    assert list(frame["regen_row"]) == [1, 2, 3, 4, 5, 6, 1, 2]
    assert [Path(path).name for path in frame["regen_source"]] == ["one.csv"] * 6 + ["two.csv"] * 2
    assert list(frame["regen_state"]) == [
        "succeeded",
        "succeeded",
        "duplicate",
        "rejected",
        "failed",
        "succeeded",
        "succeeded",
        "succeeded",
    ]
    assert list(frame["regen_outcome"])[2:4] == ["succeeded", "rejected"]
    assert frame["regen_duplicate_of"].dropna().tolist() == [1]


def test_the_types_are_those_of_the_contract(finished):
    """Parquet types, metadata, column order."""
    schema = pq.read_schema(finished / "results.parquet")
    own = ["Subscription Name", "Subscription Version", "Note", "Invoice Number"]
    assert schema.names == own + [name for name, _ in COLUMNS]
    types = {name: str(schema.field(name).type) for name in schema.names}
    assert {types[name] for name in own} == {"string"}
    for name, kind in COLUMNS:
        assert types[name] == {
            "list": "list<element: string>",
            "timestamp": "timestamp[us, tz=UTC]",
            "float64": "double",
        }.get(kind, kind)
    assert schema.metadata[b"regen_run"] == b"the-run"
    assert schema.metadata[b"regen_schema_version"] == b"2"
    assert [len(m["sha256"]) for m in json.loads(schema.metadata[b"regen_manifests"])] == [64, 64]


def test_a_duplicate_carries_the_outcome_of_the_line_that_it_repeats(finished):
    """All of it."""
    table = pq.read_table(finished / "results.parquet").to_pylist()
    shared = [name for name, _ in COLUMNS[9:26]]
    assert {name: table[2][name] for name in shared} == {name: table[0][name] for name in shared}
    assert table[0]["regen_id_list"] == ["id-1"]


def test_what_a_failure_tells(finished):
    """Code, our word, message; attempts and keys."""
    table = pq.read_table(finished / "results.parquet").to_pylist()
    failed, retried, rejected = table[4], table[5], table[3]
    assert (failed["regen_error_code"], failed["regen_error_category"]) == ("53100340", "not-found")
    assert failed["regen_id_list"] is None
    assert (retried["regen_generation"], retried["regen_attempts"]) == (1, 2)
    assert retried["regen_key"].endswith("-1")
    assert retried["regen_track_id"].endswith("-2")
    assert isinstance(retried["regen_settled_at"], datetime)
    assert retried["regen_settled_at"].tzinfo is not None
    assert "subscription-version-not-an-integer" in rejected["regen_error_message"]
    assert rejected["regen_key"] is None


def test_original_cells_are_untouched(finished):
    """As text; null where a manifest has no such column; formulas neutralised in CSV alone."""
    table = pq.read_table(finished / "results.parquet").to_pylist()
    assert [row["Note"] for row in table] == ["=cmd()", "two\nlines", "again", "bad", "'quoted", "-5", "-x", "@y"]
    assert table[0]["Invoice Number"] is None
    assert table[6]["Subscription Name"] is None
    with (finished / "results.csv").open(newline="") as file:
        cells = [row["Note"] for row in csv.DictReader(file)]
    assert cells == ["'=cmd()", "two\nlines", "again", "bad", "''quoted", "-5", "'-x", "'@y"]


def test_the_csv_says_the_same(finished):
    """Ids as a JSON array, times in ISO 8601, booleans as words."""
    frame = pd.read_csv(finished / "results.csv", dtype=str, keep_default_na=False)
    table = pq.read_table(finished / "results.parquet").to_pylist()
    assert json.loads(frame["regen_id_list"][0]) == table[0]["regen_id_list"]
    moment = datetime.fromisoformat(frame["regen_settled_at"][0])
    assert moment == table[0]["regen_settled_at"].astimezone(UTC)
    assert frame["regen_replayed"][0] == "false"
    assert frame["regen_latency_ms"][0] == repr(table[0]["regen_latency_ms"])


def test_errors_are_those_that_need_a_person(finished):
    """Failed, unknown, rejected; no duplicates."""
    frame = pd.read_csv(finished / "errors.csv", dtype=str)
    assert frame["regen_state"].tolist() == ["rejected", "failed"]


@pytest.mark.parametrize("name", ["results.csv", "results.parquet"])
def test_results_are_a_manifest_again(finished, tmp_path, name):
    """The original columns come back as they were; ours are left out."""
    with open_manifest(str(finished / name)) as source:
        assert source.columns == ("Subscription Name", "Subscription Version", "Note", "Invoice Number")
        notes = [note for batch in source.batches() for note in batch.frame["Note"]]
    assert notes == ["=cmd()", "two\nlines", "again", "bad", "'quoted", "-5", "-x", "@y"]


def test_views_of_a_run_that_has_not_begun(tmp_path):
    """Everything is pending, and the views can be made all the same."""
    manifest = tmp_path / "m.csv"
    manifest.write_text("invoiceNumber\nINV1\nINV1\n")
    folder = viewed(planned(tmp_path, manifest))
    table = pq.read_table(folder / "results.parquet").to_pylist()
    assert [row["regen_state"] for row in table] == ["pending", "duplicate"]
    assert [row["regen_outcome"] for row in table] == ["pending", "pending"]
    assert [row["regen_attempts"] for row in table] == [0, 0]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"))


@settings(deadline=None)
@given(st.lists(st.tuples(texts.map(lambda text: "INV" + text.strip()), texts), min_size=1, max_size=5))
def test_any_text_comes_back_from_csv(tmp_path_factory, rows):
    """What the writer neutralises the loader restores, whatever the cells."""
    folder = tmp_path_factory.mktemp("round")
    manifest = folder / "m.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("invoiceNumber", "note"), *rows])
    viewed(planned(folder, manifest, skip_rejected=True))
    with open_manifest(str(folder / "results.csv")) as source:
        back = [pair for batch in source.batches() for pair in batch.frame.itertuples(index=False, name=None)]
    assert back == rows


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    """Either the old one or the new one, never half."""
    path = tmp_path / "results.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), replacing(path) as file:
        file.write(b"half of it")
        raise OSError("the disk is full")
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_a_layout_without_manifests_has_only_our_columns(tmp_path):
    """And an empty file has a header."""
    write_csv(tmp_path / "x.csv", Layout("r", []), [])
    assert (tmp_path / "x.csv").read_text().startswith("regen_run,regen_step,")


def test_a_line_end_in_a_cell_makes_no_row(tmp_path, regen, simulator):
    """Of whatever kind it is, in every column: the results are a manifest again, cell for cell."""
    cells = ["a\rb", "\r", "a\nb", "a\r\nb", "\r=1", "a\u2028b", "a\0b", "plain"]
    with (tmp_path / "m.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows(
            [["invoiceNumber", "note\rof ours"], *([f"MISSING-{n}", cell] for n, cell in enumerate(cells))]
        )
    with simulator() as server:
        regen("run", "m.csv", "--base-url", server.url, "--run-id", "first")
        for name in ("results.csv", "errors.csv"):
            path = tmp_path / "runs/first" / name
            with open_manifest(str(path)) as source:
                assert source.columns == ("invoiceNumber", "note\rof ours")
                (batch,) = source.batches()
            assert batch.frame.iloc[:, 1].tolist() == cells
            with path.open(newline="", encoding="utf-8") as file:
                assert len(list(csv.reader(file, strict=True))) == 1 + len(cells)
        assert regen("verify", "first").code == 0
