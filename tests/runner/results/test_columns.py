"""The columns of the results: a contract, to the letter."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pytest

from runner.ledger import open_read_only
from runner.results.columns import COLUMNS, Fate, Layout, mode_of_query
from tests.harness.program import csv_rows, table

GOLDEN = """
regen_run string, regen_step int32, regen_line int64, regen_source string, regen_row int64, regen_operation string,
regen_type string, regen_object string, regen_state string, regen_outcome string, regen_id_list list,
regen_id_count int32, regen_error_code string, regen_error_category string, regen_error_message string,
regen_http_status int32, regen_key string, regen_generation int32, regen_attempts int32, regen_replayed bool,
regen_track_id string, regen_request_id string, regen_process_id string, regen_first_sent_at timestamp,
regen_settled_at timestamp, regen_latency_ms float64, regen_duplicate_of int64, regen_mode string,
regen_was_unknown bool, regen_sheet string
"""


def test_the_columns_are_those_of_the_contract():
    """Names, types and order: other people's programs read them."""
    expected = [tuple(column.split()) for column in " ".join(GOLDEN.split()).split(", ")]
    assert list(COLUMNS) == expected


def test_every_column_has_a_field_of_its_name():
    """A row's values are taken by name."""
    assert [f"regen_{name}" for name in Fate.__struct_fields__] == [name for name, _ in COLUMNS]


@pytest.mark.parametrize(
    ("query", "mode"), [("", "default"), ("reMigrate=true", "re-migrate"), ("onlyReSend=true", "only-resend")]
)
def test_the_mode_is_the_two_flags_as_one_word(query, mode):
    """Zuora allows one of them."""
    assert mode_of_query(query) == mode


@pytest.mark.parametrize(
    ("flags", "mode"), [([], "default"), (["--re-migrate"], "re-migrate"), (["--only-resend"], "only-resend")]
)
def test_every_row_names_its_mode(tmp_path, regen, simulator, flags, mode):
    """Rejected and duplicate rows too, so that they are sent again in it; not what takes no flags."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\nINV1\nbad\x07one\n")
    with simulator() as server:
        regen("run", "m.csv", "--base-url", server.url, "--run-id", "r", "--skip-rejected", *flags)
    rows = table(tmp_path / "runs/r")
    assert [row["regen_state"] for row in rows] == ["succeeded", "duplicate", "rejected"]
    assert [row["regen_mode"] for row in rows] == [mode] * 3
    assert [row["regen_mode"] for row in csv_rows(tmp_path / "runs/r/errors.csv")] == [mode]


def test_an_operation_without_flags_has_no_mode(tmp_path, regen, simulator):
    """A delivery schedule's own parameter `mode` is something else."""
    (tmp_path / "m.csv").write_text("type,subscriptionNumber,mode\nDeliverySchedule,A-S1,Full\n")
    with simulator() as server:
        done = regen("run", "m.csv", "--base-url", server.url, "--run-id", "r", "--re-migrate")
    (row,) = table(tmp_path / "runs/r")
    assert (row["regen_operation"], row["regen_mode"]) == ("rev-rec-events", None), done.err


def test_a_row_that_was_ever_unknown_says_so(tmp_path, regen, simulator):
    """Also when it is known by now: it may have been done twice."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\nINV2\nINV3\nINV4\n")
    (tmp_path / "regen.toml").write_text(
        "[profile.p]\npatience = { attempts = 2, base_seconds = 0.01, cap_seconds = 0.02 }\n"
    )
    with simulator(fault_rules={"INV2": "drop-before"}, fault_arrivals=2) as server:
        words = ("m.csv", "--base-url", server.url, "--run-id", "r", "--profile", "p")
        regen("run", *words)
        rows = table(tmp_path / "runs/r")
        assert [(row["regen_state"], row["regen_was_unknown"]) for row in rows[:2]] == [
            ("succeeded", False),
            ("unknown", True),
        ]
        done = regen("resume", "r", "--profile", "p", "--base-url", server.url)
        assert done.code == 0, done.out + done.err
    rows = table(tmp_path / "runs/r")
    assert [row["regen_state"] for row in rows] == ["succeeded"] * 4
    assert [row["regen_was_unknown"] for row in rows] == [False, True, False, False]


@pytest.fixture
def of_0_1_0(tmp_path) -> Path:
    """A run folder that version 0.1.0 left behind: 6 rows, one failed, one unknown."""
    with zipfile.ZipFile(Path(__file__).parents[1] / "audit" / "run-of-0.1.0.zip") as packed:
        packed.extractall(tmp_path / "runs")
    return tmp_path / "runs/run-of-0.1.0"


def test_a_folder_of_0_1_0_verifies_and_reconciles(of_0_1_0, regen):
    """Its results keep the columns that they had."""
    for command in ("verify", "reconcile"):
        done = regen(command, of_0_1_0.name)
        assert done.code == 0, done.out + done.err
    with open_read_only(of_0_1_0 / "ledger.db") as store:
        layout = Layout.of(store, version=store.facts().results_version)
    with (of_0_1_0 / "results.csv").open(newline="") as file:
        assert tuple(next(csv.reader(file))) == layout.names
    assert layout.names[-1] == "regen_duplicate_of"


def test_rows_of_0_1_0_that_are_sent_again_get_todays_columns(of_0_1_0, regen):
    """Its ledger knows the mode, though its results did not say it."""
    done = regen("results", of_0_1_0.name, "--category", "data")
    (row,) = csv_rows(Path(done.out.strip()))
    assert (row["regen_state"], row["regen_mode"], row["regen_was_unknown"]) == ("failed", "re-migrate", "false")


def test_a_column_of_ones_own_keeps_its_values_beside_ours(regen, simulator, tmp_path):
    """Only the runner's own set makes a file results: another `regen_…` column is carried, under a name of its own
    where the runner has one of that name; and the file can be run again."""
    Path("m.csv").write_text("invoiceNumber,regen_key,regen_reason\nINV-1,mine,because\nMISSING-1,too,so\n")
    with simulator() as server:
        assert regen("run", "m.csv", "--base-url", server.url, "--run-id", "r").code == 3
        (row,) = csv_rows(tmp_path / "runs/r/errors.csv")
        assert (row["regen_key (manifest)"], row["regen_reason"]) == ("too", "so")
        assert row["regen_key"].startswith("regen1-")
        assert regen("plan", "runs/r/errors.csv", "--base-url", server.url, "--run-id", "again").code == 0
    with open_read_only(tmp_path / "runs/again/ledger.db") as store:
        assert Layout.of(store).own == ("invoiceNumber", "regen_key (manifest)", "regen_reason")
