"""The trial balance of an accounting period: begun by a PUT, and shown by the period itself.

Source: Zuora API reference, "Run trial balance" (PUT /v1/accounting-periods/{id}/run-trial-balance; asynchronous),
"Retrieve an accounting period" (`runTrialBalanceStatus` Pending, Error, Completed; `runTrialBalanceErrorMessage`).
To run it again does no harm.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from runner.domain.errors import RunnerError
from runner.domain.model import Judgement, Kind, Reason, Reply, Request, Seen, Silence
from runner.zuora.client import Client
from runner.zuora.envelope import BOM
from runner.zuora.jobs.accounting_periods import Period, accounting_periods
from runner.zuora.operations import TRIAL_BALANCE


class Begun(NamedTuple):
    """The answer to the PUT, and the period's id. Without an answer, why the periods could not be read."""

    answer: Reply | Silence | Seen | None
    period: str = ""
    trouble: str = ""


class _Body(msgspec.Struct, rename="camel"):
    accounting_period_name: str


async def begin(client: Client, request: Request) -> Begun:
    """Run the trial balance of the period that a request names."""
    name = msgspec.json.decode(request.body or b"{}", type=_Body).accounting_period_name
    try:
        periods = await accounting_periods(client)
    except RunnerError as error:
        return Begun(None, trouble=str(error))
    period = next((period for period in periods if period.name == name), None)
    if period is None:
        near = get_close_matches(name, [each.name for each in periods], n=1)
        more = f"; did you mean {near[0]!r}?" if near else ""
        return Begun(_refused(f"the tenant has no accounting period {name!r}{more}"))
    return Begun(await client.ask("PUT", TRIAL_BALANCE.path.format(quote(period.id, safe=""))), period.id)


def _refused(message: str) -> Seen:
    return Seen(Judgement(Kind.FAILED, Reason.REFUSED, category="job", message=message), sent=True)


def job_of(answer: Reply | Silence) -> dict[str, Any] | None:
    """A period as a job: its trial balance's status and message. GETs often lack `success`. None if it is none."""
    if not isinstance(answer, Reply) or answer.status != 200:
        return None
    try:
        fields = msgspec.json.decode(answer.body.removeprefix(BOM), type=dict[str, Any])
        period = msgspec.convert(fields, Period)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if fields.get("success") is False:
        return None
    status, message = fields.get("runTrialBalanceStatus"), fields.get("runTrialBalanceErrorMessage")
    return {"number": period.id, "status": status, "errorMessage": message}
