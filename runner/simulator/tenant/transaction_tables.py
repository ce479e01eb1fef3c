"""The transaction tables.

Sources: "Booking Transaction object fields and Data Query", "Billing Transaction object fields and Data Query", and
published exports of both (171 and 126 columns). BillingTransaction has no column `deleted`.
"""

from __future__ import annotations

from runner.simulator.tenant.columns import COMMON_TEXT, COMMON_TIME, table

BOOKING = table(
    "BookingTransaction",
    text=COMMON_TEXT
    + """TransactionType TransactionSubType BusinessType OrderId OrderNumber OriginalOrderId OrderLineItemId
    OrderLineItemCategory AmendmentId AmendmentNumber AmendmentType AmendmentReason SubscriptionId SubscriptionNumber
    OriginalSubscriptionId SubscriptionStatus SubscriptionOwnerId SubscriptionOwnerAccountNumber
    SubscriptionOwnerAccountName SubscriptionInvoiceOwnerId SubscriptionInvoiceOwnerAccountNumber
    SubscriptionInvoiceOwnerAccountName SubscriptionCreatorAccountId SubscriptionCreatorAccountNumber
    SubscriptionCreatorAccountName SubscriptionCreatorInvoiceOwnerId SubscriptionCreatorInvoiceOwnerNumber
    SubscriptionCreatorInvoiceOwnerName RatePlanId RatePlanChargeId OriginalRatePlanChargeId ChargeNumber ChargeType
    ChargeModel ChargeStatus ParentChargeNumber ProductId ProductName ProductSku ProductCategory ProductClass
    ProductFamily ProductLine ProductRatePlanId ProductRatePlanName ProductRatePlanChargeId ProductRatePlanChargeName
    ItemName SalesOrderLineId SalesOrderNumber SalesOrderLineNumber OriginalSalesOrderLineItemId SequenceNumber
    CurrencyCode HomeCurrencyCode TriggerEvent BillingRule TermType DiscountLevel
    DiscountAppliedToRatePlanId DiscountAppliedToRatePlanChargeId DiscountAppliedToRatePlanChargeName
    DiscountAppliedToRatePlanChargeNumber DiscountAppliedToAdjustmentRevenueAccountNumber
    DiscountAppliedToAdjustmentLiabilityAccountNumber DiscountAppliedToContractAssetAccountNumber
    DiscountAppliedToContractLiabilityAccountNumber DiscountAppliedToContractRecognizedRevenueAccountNumber
    DiscountAppliedToUnbilledReceivablesAccountNumber RevenueRecognitionTiming RevenueAmortizationMethod
    AdjustmentRevenueAccountName AdjustmentRevenueAccountNumber AdjustmentRevenueGLAccountName
    AdjustmentLiabilityAccountName AdjustmentLiabilityAccountNumber AdjustmentLiabilityGLAccountName
    ContractAssetAccountName ContractAssetAccountNumber ContractAssetGLAccountName
    ContractLiabilityAccountName ContractLiabilityAccountNumber ContractLiabilityGLAccountName
    ContractRecognizedRevenueAccountName ContractRecognizedRevenueAccountNumber
    ContractRecognizedRevenueGLAccountName UnbilledReceivablesAccountName UnbilledReceivablesAccountNumber
    UnbilledReceivablesGLAccountName CustomerId CustomerName CustomerNumber CompanyCode OrgId OrgName RampId
    BillToCityId BillToStateId BillToCountryId SoldToCityId SoldToStateId SoldToCountryId""",
    whole="""SubscriptionVersion PreviousSubscriptionVersion ChargeSegment ParentChargeSegment RatePlanChargeVersion
    RampNumber TermNumber DeltaTermDuration ValidityPeriod ValidityPeriodNumber""",
    amount="""CurrentCcv PreviousCcv DeltaCcv CurrentElp PreviousElp DeltaElp CurrentQuantity PreviousQuantity
    DeltaQuantity ListPrice SellPrice UnitListPrice UnitSalePrice InlineDiscountAmount TaxAmount DiscountPercentage
    RevenueExtendedSellingPrice FxRate GlobalFxRate""",
    flag="""ExcludeItemBookingFromRevenueAccounting ExcludeItemBillingFromRevenueAccounting IsDoneFlag IsUnbilled
    IsAllocationEligible SkipCtModFlag RestrictSoValueUpdateFlag ReflectDiscountInNetAmount""",
    day="""TransactionDate CurrentStartDate CurrentEndDate PreviousStartDate PreviousEndDate EstimatedStartDate
    EstimatedEndDate EstimatedEvergreenEndDate ChargeThroughDate ZbillExRateDate OriginalOrderDate
    SubscriptionStartDate SubscriptionEndDate SubscriptionTermStartDate SubscriptionTermEndDate
    SubscriptionLastBookingDate OriginalTermStartDate OriginalTermEndDate ActualDiscountStartDate
    ActualDiscountEndDate DiscountAppliedToRatePlanChargeStartDate DiscountAppliedToRatePlanChargeEndDate""",
    time=COMMON_TIME
    + """AmendmentCreateDate AmendedByOrderOn ChargeOliCreateDate ChargeOliUpdateDate OriginalChargeCreateDate
    OriginalChargeSegmentCreateDate""",
)

BILLING = table(
    "BillingTransaction",
    deletable=False,
    text=COMMON_TEXT
    + """TransactionType BusinessType DocumentId DocumentNumber DocumentType DocumentLineId DocumentLineNumber InvoiceId
    BookingReference OriginalInvoiceLineId SubscriptionId SubscriptionName SubscriptionStatus SubscriptionOwnerId
    SubscriptionOwnerName SubscriptionOriginalOwnerId InvoiceOwnerId InvoiceOwnerName InvoiceOriginalOwnerId
    RatePlanId RatePlanName RatePlanChargeId OriginalRatePlanChargeId ChargeNumber ChargeName ChargeModelId ChargeTypeId
    ProductId ProductCategory ProductClass ProductFamily ProductLine ProductRatePlanId ProductRatePlanChargeId
    OrderLineItemId SalesOrderLineId SalesOrderNumber SalesOrderLineNumber OriginalSalesOrderLineItemId CurrencyCode
    HomeCurrencyCode TriggerEvent TermType DiscountAppliedToRatePlanChargeId DiscountAppliedToRatePlanChargeNumber
    DiscountAppliedToRatePlanChargeModelId DiscountAppliedToRatePlanChargeTypeId RevenueRecognitionTiming
    RevenueAmortizationMethod AdjustmentRevenueAccountId AdjustmentRevenueAccountName AdjustmentRevenueAccountNumber
    AdjustmentRevenueGLAccountName AdjustmentLiabilityAccountId AdjustmentLiabilityAccountName
    AdjustmentLiabilityAccountNumber AdjustmentLiabilityGLAccountName ContractAssetAccountId ContractAssetAccountName
    ContractAssetAccountNumber ContractAssetGLAccountName ContractLiabilityAccountId ContractLiabilityAccountName
    ContractLiabilityAccountNumber ContractLiabilityGLAccountName ContractRecognizedRevenueAccountId
    ContractRecognizedRevenueAccountName ContractRecognizedRevenueAccountNumber ContractRecognizedRevenueGLAccountName
    UnbilledReceivablesAccountId UnbilledReceivablesAccountName UnbilledReceivablesAccountNumber
    UnbilledReceivablesGLAccountName CustomerId CustomerName CustomerNumber CompanyCode OrgId OrgName
    BillToCityId BillToStateId BillToCountryId SoldToCityId SoldToStateId SoldToCountryId""",
    whole="""SubscriptionVersion BookingSubscriptionVersion ChargeSegment RatePlanChargeVersion
    BookingRatePlanChargeVersion TermNumber DiscountAppliedToRatePlanChargeSegment""",
    amount="""SellPrice ListPrice TaxAmount DocumentQuantity OrderedQuantity UnitSalePrice UnitListPrice
    InlineDiscountAmount RevenueExtendedSellingPrice FxRate GlobalFxRate""",
    flag="""AvoidOverage ExcludeItemBookingFromRevenueAccounting ExcludeItemBillingFromRevenueAccounting
    IsAllocationEligible IsUnbilled ReflectDiscountInNetAmount RetainLineId""",
    day="""DocumentDate StartDate EndDate ChargeThroughDate ZbillExRateDate SubscriptionStartDate SubscriptionEndDate
    SubscriptionTermStartDate SubscriptionTermEndDate""",
    time=COMMON_TIME + "ChargeCreateDate ChargeLastUpdateDate",
)

# Its name in SQL is not published; the object's own name is used. The export's first column is `id`, its type is
# `Delivery Schedule` or `Unbilled Usage`.
EVENTS = table(
    "RevenueRecognitionEventsTransaction",
    text="""Id AccountId Type SubscriptionName ChargeNumber SalesOrderLineId OriginalRatePlanChargeId FundId
    UsageChargeNumber""",
    whole="ChargeSegment",
    amount="DailyAmount DailyQuantity UnitPrice",
    flag="ExcludeItemBookingFromRevenueAccounting ExcludeItemBillingFromRevenueAccounting",
    day="TransactionDate FundStartDate FundEndDate",
    time=COMMON_TIME,
)
