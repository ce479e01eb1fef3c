"""A ticket for the vendor, without data of the customer."""

from __future__ import annotations

from tests.harness.program import table


def test_a_ticket_holds_ids_and_no_data_of_the_customer(audited, regen):
    """For Zuora Support: times, request ids, process ids, track ids; no cell of any manifest."""
    shown = regen("show", "it", "--ticket")
    output = shown.out
    assert "read them before you send them" in shown.err
    broken = next(row for row in table(audited) if row["regen_object"] == "A-BROKEN v1")
    for name in ("regen_request_id", "regen_process_id", "regen_track_id", "regen_key"):
        assert broken[name] in output
    assert "Zuora-Request-Id" in output
    for row in table(audited):
        for name in ("subscriptionName", "note", "regen_object"):
            assert row[name] not in output


def test_a_ticket_masks_cells_in_messages(audited, regen):
    """Also words without a digit, where the row holds them."""
    import sqlite3

    ledger = sqlite3.connect(audited / "ledger.db")
    ledger.execute("UPDATE outcome SET message = 'ACME Corp: gone is locked' WHERE request = 46")
    ledger.execute('UPDATE line SET cells = \'["ACME Corp","1","gone"]\' WHERE line = 46')
    ledger.commit()
    ledger.close()
    for output in (regen("show", "it", "--ticket").out, regen("show", "it", "--ticket", "--row", 46).out):
        assert "#: # is locked" in output
        assert "ACME" not in output
