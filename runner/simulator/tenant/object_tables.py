"""The objects of Zuora Billing that have transactions, and those that are needed to find them.

Sources: "Indexed fields", "Available tables" (Data Query), "Fields for Zuora Billing-Revenue integration", and the
official client's Object Query models.
"""

from __future__ import annotations

from runner.simulator.tenant.columns import COMMON_TEXT, COMMON_TIME, table

_BOOKING_FLAG = "ExcludeItemBookingFromRevenueAccounting"
_BILLING_FLAG = "ExcludeItemBillingFromRevenueAccounting"
_BOTH_FLAGS = f"{_BOOKING_FLAG} {_BILLING_FLAG}"
_MEMO = "MemoNumber Status InvoiceId AccountId Currency ReasonCode SourceType"

OBJECTS = (
    table("Account", text=COMMON_TEXT + "AccountNumber Name Batch CrmId Currency ParentId Status", time=COMMON_TIME),
    table(
        "Subscription",
        text=COMMON_TEXT + "Name Status AccountId InvoiceOwnerId OriginalId PreviousSubscriptionId TermType Notes",
        whole="Version",
        flag="AutoRenew",
        day="ContractEffectiveDate ServiceActivationDate TermStartDate TermEndDate CancelledDate",
        time=COMMON_TIME,
    ),
    table("RatePlan", text=COMMON_TEXT + "Name SubscriptionId AmendmentId ProductRatePlanId", time=COMMON_TIME),
    table(
        "RatePlanCharge",
        text=COMMON_TEXT + "RatePlanId OriginalId ChargeNumber ChargeType ChargeModel Name",
        whole="Segment Version",
        amount="Quantity Price",
        flag=f"IsLastSegment {_BOTH_FLAGS}",
        day="EffectiveStartDate EffectiveEndDate",
        time=COMMON_TIME,
    ),
    table("Orders", text=COMMON_TEXT + "OrderNumber AccountId Status", day="OrderDate", time=COMMON_TIME),
    table("OrderAction", text=COMMON_TEXT + "OrderId Type SubscriptionId", time=COMMON_TIME),
    table(
        "OrderLineItem",
        text=COMMON_TEXT
        + """OrderId ItemNumber ItemState ItemCategory ItemType ItemName ProductCode ProductRatePlanChargeId
        RelatedSubscriptionNumber""",
        amount="Quantity Amount",
        flag=_BOTH_FLAGS,
        day="TransactionDate",
        time=COMMON_TIME,
    ),
    table(
        "Invoice",
        text=COMMON_TEXT + "InvoiceNumber Status AccountId SourceId Currency PostedById",
        amount="Amount Balance",
        day="InvoiceDate DueDate",
        time=COMMON_TIME + "PostedDate",
    ),
    table(
        "InvoiceItem",
        text=COMMON_TEXT + "InvoiceId SubscriptionId RatePlanChargeId AccountingCode ChargeName",
        amount="ChargeAmount TaxAmount",
        flag=_BILLING_FLAG,
        day="ServiceStartDate ServiceEndDate",
        time=COMMON_TIME,
    ),
    table("CreditMemo", text=COMMON_TEXT + _MEMO, amount="TotalAmount", day="MemoDate", time=COMMON_TIME + "PostedOn"),
    table("DebitMemo", text=COMMON_TEXT + _MEMO, amount="TotalAmount", day="MemoDate", time=COMMON_TIME + "PostedOn"),
    table(
        "CreditMemoItem",
        text=COMMON_TEXT + "CreditMemoId SubscriptionId InvoiceItemId RatePlanChargeId",
        amount="Amount",
        flag=_BILLING_FLAG,
        time=COMMON_TIME,
    ),
    table(
        "DebitMemoItem",
        text=COMMON_TEXT + "DebitMemoId SubscriptionId InvoiceItemId RatePlanChargeId",
        amount="Amount",
        flag=_BILLING_FLAG,
        time=COMMON_TIME,
    ),
    table(
        "InvoiceItemAdjustment",
        text=COMMON_TEXT + "AdjustmentNumber Status InvoiceId AccountId SourceType SourceId AccountingCode Type",
        amount="Amount",
        flag=_BILLING_FLAG,
        day="AdjustmentDate",
        time=COMMON_TIME,
    ),
    table("AccountingPeriod", text=COMMON_TEXT + "Name Status", day="StartDate EndDate", time=COMMON_TIME),
    table("JournalRun", text=COMMON_TEXT + "Number Status", day="TargetStartDate TargetEndDate", time=COMMON_TIME),
)
