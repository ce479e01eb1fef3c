"""The simulator's own endpoints under /_sim/: what happened, and what will happen next."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Protocol

from aiohttp import web

from runner.simulator.context import World
from runner.simulator.effects import Effects
from runner.simulator.responses import encode
from runner.simulator.tenant.engine import EngineMissingError
from runner.simulator.tenant.records import Records
from runner.simulator.tokens import Tokens


class Controlled(Protocol):
    """What these endpoints need of the simulator."""

    world: World
    effects: Effects
    tokens: Tokens
    records: Records

    def change(self, faults: dict[str, float] | None = None, **options: Any) -> None: ...

    def order_outage(self, *, seconds: float = 0.0, requests: int = 0, kind: str | None = None) -> None: ...

    def switch_outage(self, kind: str | None) -> None: ...

    def reset(self) -> None: ...

    def stats(self) -> dict[str, Any]: ...


class Control:
    """GET effects, stats, options, rows; POST reset, faults, outage, expire-tokens, rows, lose, delete."""

    def __init__(self, simulator: Controlled) -> None:
        self._simulator = simulator
        self._answers = {
            ("GET", "/_sim/effects"): self._effects,
            ("GET", "/_sim/stats"): self._stats,
            ("GET", "/_sim/options"): self._options,
            ("GET", "/_sim/rows"): self._rows,
            ("POST", "/_sim/rows"): self._insert,
            ("POST", "/_sim/lose"): self._lose,
            ("POST", "/_sim/delete"): self._delete,
            ("POST", "/_sim/reset"): self._reset,
            ("POST", "/_sim/faults"): self._change,
            ("POST", "/_sim/outage"): self._outage,
            ("POST", "/_sim/expire-tokens"): self._expire,
        }

    async def respond(self, request: web.Request) -> web.Response:
        """The answer to one request under /_sim/; 400 with `error` if it cannot be."""
        answer = self._answers.get((request.method, request.path))
        if answer is None:
            return _json({"error": "no such page", "pages": [" ".join(page) for page in self._answers]}, 404)
        try:
            body = json.loads(await request.read() or b"{}")
            if not isinstance(body, dict):
                raise ValueError("expected a JSON object")
            return _json(answer(request, body))
        except (ValueError, TypeError, AttributeError, EngineMissingError) as wrong:
            return _json({"error": str(wrong)}, 400)

    def _effects(self, request: web.Request, _: dict[str, Any]) -> Any:
        shown = self._simulator.effects.shown()
        if path := request.query.get("path"):
            shown["identities"] = [entry for entry in shown["identities"] if entry["path"] == path]
        return shown

    def _stats(self, _: web.Request, __: dict[str, Any]) -> Any:
        return self._simulator.stats()

    def _options(self, _: web.Request, __: dict[str, Any]) -> Any:
        options = vars(self._simulator.world.options)
        return {
            name: value
            for name, value in options.items()
            if name not in ("client_secret", "revenue_client_secret", "state")
        }

    def _rows(self, request: web.Request, _: dict[str, Any]) -> Any:
        """`?table=`: its rows, columns without a value left out."""
        rows = self._simulator.records.rows(request.query.get("table", ""))
        return {"rows": [{name: _text(value) for name, value in row.items() if value is not None} for row in rows]}

    def _insert(self, _: web.Request, body: dict[str, Any]) -> Any:
        """`table` and `rows`, as `Records.insert` has them."""
        return {"ids": self._simulator.records.insert(body.get("table", ""), body.get("rows", []))}

    def _lose(self, _: web.Request, body: dict[str, Any]) -> Any:
        """`table` and `ids` of rows that are gone, as if they had never been written."""
        self._simulator.records.lose(body.get("table", ""), body.get("ids", []))
        return {"lost": body.get("ids", [])}

    def _delete(self, _: web.Request, body: dict[str, Any]) -> Any:
        """`table` and `ids` of rows that are marked as deleted."""
        self._simulator.records.delete(body.get("table", ""), body.get("ids", []))
        return {"deleted": body.get("ids", [])}

    def _reset(self, _: web.Request, __: dict[str, Any]) -> Any:
        self._simulator.reset()
        return {"reset": True}

    def _change(self, request: web.Request, body: dict[str, Any]) -> Any:
        self._simulator.change(body.pop("faults", None), **body)
        return self._options(request, body)

    def _outage(self, _: web.Request, body: dict[str, Any]) -> Any:
        """`mode` (503, silent, or null to end it); or `seconds` or `requests`, and `kind`. Nothing ends it, too."""
        if set(body) == {"mode"}:
            self._simulator.switch_outage(body["mode"])
        else:
            self._simulator.order_outage(**body)
        return {"ordered": body}

    def _expire(self, _: web.Request, __: dict[str, Any]) -> Any:
        return {"expired": self._simulator.tokens.expire()}


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type="application/json")
