"""The errors of Zuora Revenue's staging: all of them at once, for there is neither a filter nor a page.

Source: "Get staging error" (GET /v1/stage/error/transaction: `Result` with a row for each error, 204 without any).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from runner.zuora.envelope import BOM
from runner.zuora.revenue.client import RevenueClient, refused

PATH = "/v1/stage/error/transaction"


class StageError(msgspec.Struct, frozen=True):
    """An error of a line that is in staging. Ids and time as Revenue writes them."""

    message: str
    so_line_id: str = ""
    inv_line_id: str = ""
    created: str = ""


async def stage_errors(client: RevenueClient) -> list[StageError]:
    """The errors of transaction lines. Raises RevenueUnavailableError."""
    page = await client.get(PATH)
    if page.status == 204 or (page.status == 200 and not page.body.strip()):
        return []
    rows = _rows(page.body) if page.status == 200 else None
    if rows is None:
        raise refused(PATH, page)
    return list(_errors(rows))


def _rows(body: bytes) -> list[Any] | None:
    """The rows of an answer; None if it is not the answer to this question."""
    try:
        decoded = msgspec.json.decode(body.removeprefix(BOM))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not isinstance(decoded, dict):
        return None
    fields = {str(name).lower(): value for name, value in decoded.items()}
    rows, success = fields.get("result"), fields.get("success", True)
    if rows is None and str(fields.get("status", "")).lower() == "success":
        rows = []
    return rows if isinstance(rows, list) and str(success).lower() != "false" else None


def _errors(rows: list[Any]) -> Iterator[StageError]:
    for row in rows:
        fields = {str(name).lower(): _text(value) for name, value in row.items()} if isinstance(row, dict) else {}
        if message := fields.get("err_msg", ""):
            ids = (fields.get("so_line_id", ""), fields.get("inv_line_id", ""))
            yield StageError(message, *ids, created=fields.get("crtd_dt", ""))


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
