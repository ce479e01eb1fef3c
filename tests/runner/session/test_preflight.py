"""`--preflight`: what is not in the tenant is reported before the first POST."""

from __future__ import annotations

from tests.harness.tenant_objects import TenantObjects, serving

OLD = "2026-11-01 10:00:00"


def test_objects_that_do_not_exist_want_a_word(regen, tmp_path, monkeypatch):
    """By name and version, by id in either spelling, by number, by order and item; --yes sends all the same."""
    monkeypatch.setattr("runner.zuora.data_query.job.WAIT_SECONDS", (0.01, 0.01))
    with serving(TenantObjects()) as tenant:
        monkeypatch.setenv("ZUORA_BASE_URL", tenant.url)
        tenant.add("subscription", OLD, id=f"{1:032x}", name="A-S1", version=2, status="Active")
        tenant.add("invoice", OLD, id="i1", invoicenumber="INV1", status="Posted")
        tenant.add("orders", OLD, id="o1", ordernumber="O-1")
        tenant.add("orderlineitem", OLD, id="l1", orderid="o1", itemnumber="1")
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
        assert refused.code == 2 and not tenant.regenerated
        for text in ("Subscription not in the tenant: A-S1 3", f"{2:032x}", "INV2", "i2", "2 O-1"):
            assert text in refused.err, (text, refused.err)
        assert "C-1" not in refused.err and refused.err.count("1 object of type") == 5
        sent = regen("run", *files, "--preflight", "--yes")
        assert sent.code == 0 and "INV2" in sent.err and len(tenant.regenerated) == 11
