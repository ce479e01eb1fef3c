"""The command `regen template`."""

from __future__ import annotations

from tests.runner.plan.test_backfill import COMMAND


def test_a_template_that_cannot_be_had(tmp_path, regen):
    """Said so, with the way round it; --no-template-check plans offline, `Note` and all."""
    source = tmp_path / "c.csv"
    source.write_text("ID,Note\nr1,x\n")
    base = (source, "--base-url", "http://127.0.0.1:1", "--plan")
    refused = regen(*COMMAND, *base)
    assert (refused.code, "--no-template-check" in refused.err) == (2, True)
    assert regen(*COMMAND, *base, "--no-template-check").code == 0


def test_the_tenants_own_template(tmp_path, regen, simulator):
    """`regen template TYPE` prints it; for a type that is one of manifests, too, --backfill asks the tenant."""
    with simulator() as server:
        base = ("--base-url", server.url)
        (tmp_path / "mine.csv").write_text(printed := regen("template", "RatePlanCharge", *base).out)
        assert printed.startswith("ID,")
        (tmp_path / "mine.csv").write_text(f"{printed.strip()}\nr1{',x' * printed.count(',')}\n")
        assert regen(*COMMAND, "mine.csv", *base, "--plan").code == 0
        assert regen("template", "InvoiceItemAdjustment", *base).out != printed
        assert regen("template", "InvoiceItemAdjustment", "--backfill", *base).out.startswith("ID,")
        assert "did you mean" in regen("template", "RatePlanCharg", "--backfill", *base).err
    assert "no base URL" in regen("template", "RatePlanCharge").err
    refused = regen("template", "RatePlanCharge", *base)
    assert (refused.code, "template for RatePlanCharge: " in refused.err) == (2, True)
    assert "--no-template-check" not in refused.err


def test_templates(regen):
    """An empty manifest a type; a suggestion for a misspelt one."""
    assert "subscriptionName" in regen("template", "Subscription").out
    refused = regen("template", "Subscriptoin")
    assert (refused.code, "Subscription" in refused.err) == (2, True)
