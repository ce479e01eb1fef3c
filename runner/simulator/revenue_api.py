"""Zuora Revenue's own REST API: its tokens, the errors of staging, and the collection that a checker must never start.

Sources: "Revenue API authentication" (OneID: POST /oauth2/token, paths under /revenue/api), "Authentication" (old:
role, clientname and Basic; the token goes into the header `token` for 30 minutes), "Stage Error" (`Success` in
`status`, 204 without errors, no filter and no pages), "Retrieve BI View data (v2, paged)" and "Create authentication".
405 on everything: the API is not enabled. In which header the old token comes is what published clients read.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from runner.simulator.context import World
from runner.simulator.request import Request
from runner.simulator.responses import Answer, encode
from runner.simulator.revenue_views import bi_view
from runner.simulator.stats import Counts
from runner.simulator.tenant.records import Records
from runner.simulator.tenant.revenue import Line

REVENUE_PATHS = ("/api/integration/", "/revenue/api/integration/", "/oauth2/token")
_OLD_SECONDS, _ONE_ID_SECONDS = 1800.0, 3600.0


class RevenueApi:
    """The API on the old host (`/api/…`) and on the new one (`/revenue/api/…`)."""

    def __init__(self, world: World, records: Records, counts: Counts) -> None:
        self._world = world
        self._records = records
        self._counts = counts
        self._tokens: dict[str, tuple[str, float]] = {}  # token → where it is good, and until when

    def respond(self, request: Request) -> Answer:
        """The answer to a request under one of `REVENUE_PATHS`."""
        if self._world.options.revenue not in ("on", "rest"):
            return Answer(405, b"Method Not Allowed", "text/plain")
        if request.path == "/oauth2/token":
            return self._one_id_token(request)
        prefix = "/revenue/api" if request.path.startswith("/revenue") else "/api"
        path = request.path.removeprefix(f"{prefix}/integration")
        if path == "/v1/authenticate" and prefix == "/api":
            return self._old_token(request)
        refusal = self._refusal(request, prefix)
        return refusal or self._answer(request, path)

    def expire(self) -> None:
        """All tokens end now."""
        self._tokens.clear()

    def _answer(self, request: Request, path: str) -> Answer:
        match request.method, path.strip("/").split("/"):
            case "GET", ["v1", "stage", "error", ("transaction" | "event") as kind]:
                return self._errors(kind)
            case "GET", ["v2", "biviews", *names]:
                return bi_view(self._world, self._records.revenue, request, names)
            case "POST", ["v1", "job", "collection", "template"]:
                self._counts.collections += 1
                return _json(200, {"status": "Success", "job_id": self._records.revenue.collect()})
            case "GET", ["v1", "job", "collection", _]:
                return _json(200, {"data": {"status": "Completed"}})
            case _:
                return _json(404, {"status": "Error", "message": "Not Found"})

    def _errors(self, kind: str) -> Answer:
        """GET stage/error/{transaction|event}: all of them, or 204."""
        lines = self._records.revenue.refused() if kind == "transaction" else []
        if not lines:
            return Answer(204, b"")
        return _json(200, {"status": "Success", "Result": [_row(line) for line in lines]})

    # -- tokens -------------------------------------------------------------------------------------------------

    def _one_id_token(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.text.partition("\n")[2]).items()}
        if request.method != "POST" or form.get("grant_type") != "client_credentials":
            return _json(400, {"error": "unsupported_grant_type"})
        if not self._known(form.get("client_id", ""), form.get("client_secret", "")):
            return _json(401, {"error": "invalid_client"})
        token = self._issue("/revenue/api", _ONE_ID_SECONDS)
        return _json(200, {"access_token": token, "token_type": "Bearer", "expires_in": int(_ONE_ID_SECONDS) - 1})

    def _old_token(self, request: Request) -> Answer:
        scheme, _, pair = request.authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        headers = request.headers
        named = bool(headers.get("role") and headers.get("clientname"))
        if request.method != "POST" or scheme.lower() != "basic" or not named or not self._known(user, password):
            return _json(401, {"status": "Error", "message": "Invalid credentials"})
        token = self._issue("/api", _OLD_SECONDS)
        body = {"Message": "Token Generated", "status": "success"}
        return Answer(200, encode(body), headers={"Revpro-Token": token})

    def _known(self, name: str, secret: str) -> bool:
        options = self._world.options
        right = options.revenue_client_id in (None, name) and options.revenue_client_secret in (None, secret)
        return bool(name and secret and right)

    def _issue(self, prefix: str, seconds: float) -> str:
        token = secrets.token_hex(24)
        self._tokens[token] = (prefix, self._world.now() + seconds)
        return token

    def _refusal(self, request: Request, prefix: str) -> Answer | None:
        """401 without a valid token of this host, 403 without the role."""
        scheme, _, bearer = request.authorization.partition(" ")
        token = request.headers.get("token", "") if prefix == "/api" else bearer if scheme.lower() == "bearer" else ""
        where, until = self._tokens.get(token, ("", 0.0))
        if where != prefix or self._world.now() >= until:
            return _json(401, {"status": "Error", "message": "Token is expired or not valid"})
        if self._world.options.revenue_role == "none":
            return _json(403, {"status": "Error", "message": "The role has no access to this API"})
        return None


def _row(line: Line) -> dict[str, Any]:
    """A row of "Stage Error"."""
    row = line.row
    moment = datetime.fromtimestamp(line.at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": line.number,
        "type": line.kind,
        "so_num": row.get("salesordernumber"),
        "so_line_num": row.get("salesorderlinenumber"),
        "so_line_id": row.get("salesorderlineid"),
        "inv_line_num": row.get("documentlinenumber"),
        "inv_line_id": row.get("documentlineid"),
        "err_msg": line.message,
        "processed_flag": "E",
        "sec_atr_val": "ORG-1",
        "upload_id": None,
        "client_id": 1,
        "crtd_by": "OTR",
        "crtd_dt": moment,
        "updt_by": "OTR",
        "updt_dt": moment,
    }


def _json(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, encode(body), "application/json")
