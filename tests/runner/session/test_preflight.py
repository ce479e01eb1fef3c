"""`--preflight`: what is not in the tenant is reported before the first POST."""

from __future__ import annotations

TABLES = {
    "subscription": {"Id": f"{1:032x}", "Name": "A-S1", "Version": 2, "Status": "Active"},
    "invoice": {"Id": "i1", "InvoiceNumber": "INV1", "Status": "Posted"},
    "orders": {"Id": "o1", "OrderNumber": "O-1"},
    "orderlineitem": {"Id": "l1", "OrderId": "o1", "ItemNumber": "1", "ItemState": "Booked"},
}


def test_objects_that_do_not_exist_want_a_word(regen, simulator, tmp_path, monkeypatch):
    """By name and version, by id in either spelling, by number, by order and item; --yes sends all the same."""
    monkeypatch.setattr("runner.zuora.data_query.job.WAIT_SECONDS", (0.01, 0.01))
    with simulator(job_seconds=0) as server:
        monkeypatch.setenv("ZUORA_BASE_URL", server.url)
        for table, row in TABLES.items():
            server.post("rows", {"table": table, "rows": [row]})
        hyphens = "00000000-0000-0000-0000-000000000001"
        for name, text in {
            "names": "subscriptionName,subscriptionVersion\nA-S1,2\nA-S1,3\n",
            "ids": f"subscriptionId\n{hyphens}\n{2:032x}\n",
            "invoices": "invoiceNumber\nINV1\nINV2\n",
            "invoice_ids": "invoiceId\ni1\ni2\n",
            "lines": "orderNumber,itemNumber\nO-1,1\nO-1,2\n",
            "charges": "chargeNumber\nC-1\n",
        }.items():
            (tmp_path / f"{name}.csv").write_text(text)
        files = [f"{name}.csv" for name in ("names", "ids", "invoices", "invoice_ids", "lines", "charges")]
        refused = regen("run", *files, "--preflight")
        assert refused.code == 2 and not server.regenerations()
        for text in ("Subscription not in the tenant: A-S1 3", f"{2:032x}", "INV2", "i2", "2 O-1"):
            assert text in refused.err, (text, refused.err)
        assert "C-1" not in refused.err and refused.err.count("1 object of type") == 5
        sent = regen("run", *files, "--preflight", "--yes")
        assert sent.code == 0 and "INV2" in sent.err and len(server.regenerations()) == 11
