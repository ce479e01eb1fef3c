"""The transaction types of a journal run. Source: the models of the official client (`zuora-sdk` 3.21)."""

_APPLICATIONS = (
    "Electronic Payment Application",
    "External Payment Application",
    "Electronic Refund Application",
    "External Refund Application",
)
TRANSACTION_TYPES = (
    "Invoice Item",
    "Taxation Item",
    "Invoice Item Adjustment (Invoice)",
    "Invoice Item Adjustment (Tax)",
    "Invoice Adjustment",
    "Electronic Payment",
    "External Payment",
    "Electronic Refund",
    "External Refund",
    "Electronic Credit Balance Payment",
    "External Credit Balance Payment",
    "Electronic Credit Balance Refund",
    "External Credit Balance Refund",
    "Credit Balance Adjustment (Applied from Credit Balance)",
    "Credit Balance Adjustment (Transferred to Credit Balance)",
    "Revenue Event Item",
    "Debit Memo Item (Charge)",
    "Debit Memo Item (Tax)",
    "Credit Memo Item (Charge)",
    "Credit Memo Item (Tax)",
    "Credit Memo Application Item",
    *_APPLICATIONS,
    *(f"{name} Item" for name in _APPLICATIONS),
)
