"""The tables of Zuora Revenue that Data Query shows under the prefix `revenuelive.`.

Sources: the pages of the objects RevenueLineStaging, RevenueLineStagingHistory, RevenueLineStageErrors,
RevenueContractLinesDimensions and RevenueContractBillsDimensions: their keys and joins. The other columns are not
published; these follow the names of the REST API (`so_line_id` as SoLineId), whose rows are the same.
"""

from __future__ import annotations

from runner.simulator.tenant.columns import table

REVENUE = "revenuelive"
_LINE = """Id ClientId BookId SecAtrVal BatchId Type SoNum SoLineNum SoLineId InvNum InvLineNum InvLineId TransId
    RegenerateFlag ProcessedFlag CrtdBy UpdtBy"""
_TIMES = "CrtdDt UpdtDt"
_CONTRACT = """RevenueContractID RevenueContractLineID RevenueBookID RevenueOrganizationCode RevenueClientID
    SalesOrderNumber SalesOrderLineNumber SalesOrderLineID"""

STAGING = table("RevenueLineStaging", schema=REVENUE, text=_LINE, time=_TIMES)
HISTORY = table("RevenueLineStagingHistory", schema=REVENUE, text=_LINE, time=_TIMES)
ERRORS = table("RevenueLineStageErrors", schema=REVENUE, text="Id ClientId SecAtrVal StgId ErrMsg", time=_TIMES)
BATCHES = table("RevenueContractBatch", schema=REVENUE, text="Id Status", whole="LineCount ErrorCount", time=_TIMES)
LINES = table("RevenueContractLinesDimensions", schema=REVENUE, text=_CONTRACT, time="CreatedDate UpdatedDate")
BILLS = table(
    "RevenueContractBillsDimensions",
    schema=REVENUE,
    text=f"{_CONTRACT} RevenueContractBillID InvoiceNumber InvoiceLineID InvoiceLineNumber TransactionType",
    time="CreatedDate UpdatedDate",
)
TABLES = (STAGING, HISTORY, ERRORS, BATCHES, LINES, BILLS)
