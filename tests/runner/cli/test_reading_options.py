"""Options that say how a file is read decide what is sent: in check, plan and run, on resume, and in a plan file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flows.test_flows import subscriptions
from tests.harness.program import folders

BOTH = "Credit Memo: ID,Credit Memo: Memo Number\ncm1,CM-1\n"
TITLED = "Open invoices,\n,\nInvoice Number,Note\nINV-1,x\n"


def first_body(done) -> dict[str, str]:
    return json.loads(done.document["first_requests"][0]["body"])


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ([], {"number": "CM-1"}),
        (["--by", "number"], {"number": "CM-1"}),
        (["--by", "id"], {"id": "cm1"}),
    ],
)
def test_by_chooses_among_identifiers(regen, options, body):
    """The number counts unless something else is said."""
    Path("m.csv").write_text(BOTH)
    assert first_body(regen("check", "m.csv", "--json", *options)) == {"type": "CreditMemo"} | body


def test_header_row_and_encoding_and_literal(regen):
    """Each makes a file usable that is refused without it."""
    Path("m.csv").write_text(TITLED)
    assert regen("check", "m.csv").code == 2
    assert regen("check", "m.csv", "--header-row", "3").code == 0
    Path("c.csv").write_bytes("invoiceNumber\nINV-\xfc\n".encode("cp1252"))
    assert regen("check", "c.csv").code == 2
    assert first_body(regen("check", "c.csv", "--encoding", "cp1252", "--json"))["number"] == "INV-\xfc"
    Path("n.csv").write_text("invoiceNumber\nNULL\n")
    assert regen("check", "n.csv").code == 2
    assert first_body(regen("check", "n.csv", "--literal", "--json"))["number"] == "NULL"


def test_hidden_rows_want_one_word(regen):
    """Two contradict each other."""
    Path("m.csv").write_text(BOTH)
    refused = regen("check", "m.csv", "--include-hidden", "--skip-hidden")
    assert (refused.code, "exclude each other" in refused.err) == (2, True)


def test_a_type_of_one_file(regen):
    """FILE:TYPE beside files that say their own."""
    Path("ids.csv").write_text("id\nx1\n")
    Path("m.csv").write_text("invoiceNumber\nINV-1\n")
    done = regen("check", "ids.csv:credit memo", "m.csv", "--json")
    assert done.document["types"] == {"CreditMemo": 1, "Invoice": 1}


def test_the_same_command_continues_and_another_reading_is_another_run(tmp_path, regen, simulator):
    """The options are recorded: the run is held to them, also when its rows are compared with the file again."""
    Path("m.csv").write_text(BOTH)
    with simulator() as server:
        words = ("m.csv", "--base-url", server.url)
        assert regen("run", *words, "--by", "id").code == 0
        assert regen("run", *words, "--by", "id").code == 0
        assert len(folders(tmp_path / "runs")) == 1
        assert regen("run", *words).code == 0
        assert len(folders(tmp_path / "runs")) == 2
        bodies = [identity["body"] for identity in server.regenerations()]
    assert sorted(map(str, bodies)) == sorted(
        map(str, [{"id": "cm1", "type": "CreditMemo"}, {"number": "CM-1", "type": "CreditMemo"}])
    )


def test_reconcile_reads_the_file_as_the_run_did(regen, simulator):
    """With its header row: otherwise the ledger would seem to hold other rows."""
    Path("m.csv").write_text(TITLED)
    with simulator() as server:
        assert regen("run", "m.csv", "--base-url", server.url, "--header-row", "3").code == 0
        checked = regen("reconcile", "last")
    assert (checked.code, "not those of the ledger" in checked.out) == (0, False)


def test_a_plan_file_says_the_same(regen):
    """Under the same names, with a type for one file."""
    Path("m.csv").write_text(TITLED)
    Path("ids.csv").write_text("id\nx1\n")
    Path("p.toml").write_text(
        '[[step]]\ndo = "regenerate"\nmanifests = ["m.csv"]\nheader_row = 3\n'
        '[[step]]\ndo = "regenerate"\nmanifests = ["ids.csv:Invoice"]\nby = "id"\n'
    )
    assert regen("check", "p.toml", "--json").document["types"] == {"Invoice": 2}
    refused = regen("check", "p.toml", "--by", "id")
    assert (refused.code, "its steps say" in refused.err) == (2, True)


def test_options_of_tonights_file_do_not_misread_last_nights_rows(tmp_path, regen, simulator):
    """errors.csv has its header in the first line, whatever --header-row says."""
    Path("m.csv").write_text(TITLED)
    with simulator() as server:
        base = ("--base-url", server.url)
        assert regen("run", subscriptions(tmp_path / "s.csv", 4, missing=2), *base).code == 3
        (run,) = (folder.name for folder in folders(tmp_path / "runs"))
        refused = regen("run", "m.csv", *base, "--header-row", "3", "--retry-failed-from", run)
    assert (refused.code, "--header-row would also be used" in refused.err) == (2, True)
