"""The tables of Data Query and their columns as Zuora publishes them; written from the pages, not from the program.

Sources: "Indexed fields" of Data Query, "Available tables", "Fields for Zuora Billing-Revenue integration", "Booking
Transaction object fields and Data Query", "Billing Transaction object fields and Data Query".
"""

from __future__ import annotations

BOOKING_FLAG = "excludeitembookingfromrevenueaccounting"
BILLING_FLAG = "excludeitembillingfromrevenueaccounting"
COLUMNS = {
    "subscription": "id name version status accountid originalid previoussubscriptionid updateddate",
    "rateplan": "id subscriptionid updateddate",
    "rateplancharge": "id rateplanid chargenumber segment version originalid updateddate"
    f" {BOOKING_FLAG} {BILLING_FLAG}",
    "orders": "id ordernumber accountid status orderdate updateddate",
    "orderlineitem": f"id orderid itemnumber itemstate itemcategory {BOOKING_FLAG} {BILLING_FLAG} updateddate",
    "invoice": "id invoicenumber status accountid invoicedate posteddate amount currency updateddate",
    "invoiceitem": f"id invoiceid subscriptionid rateplanchargeid {BILLING_FLAG} updateddate",
    "creditmemo": "id memonumber status memodate invoiceid accountid totalamount updateddate",
    "creditmemoitem": f"id creditmemoid subscriptionid invoiceitemid rateplanchargeid {BILLING_FLAG} updateddate",
    "debitmemo": "id memonumber status memodate invoiceid accountid totalamount updateddate",
    "debitmemoitem": f"id debitmemoid subscriptionid invoiceitemid rateplanchargeid {BILLING_FLAG} updateddate",
    "invoiceitemadjustment": "id adjustmentnumber status invoiceid sourcetype sourceid amount accountid updateddate",
    "bookingtransaction": "id createddate updateddate subscriptionid subscriptionnumber subscriptionversion"
    " orderlineitemid rateplanchargeid chargenumber chargesegment salesorderlineid transactiontype",
    "billingtransaction": "id createddate updateddate documentid documentnumber documenttype documentlineid"
    " subscriptionid subscriptionname rateplanchargeid orderlineitemid salesorderlineid transactiontype",
}
PUBLISHED = {table: frozenset(columns.split()) for table, columns in COLUMNS.items()}
