"""The simulator's own endpoints under /_sim/: what happened, and what shall happen next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from runner.simulator.responses import encode

if TYPE_CHECKING:
    from runner.simulator.simulator import Simulator


class Control:
    """GET effects, stats, options; POST reset, faults, outage, expire-tokens."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._answers = {
            ("GET", "/_sim/effects"): self._effects,
            ("GET", "/_sim/stats"): self._stats,
            ("GET", "/_sim/options"): self._options,
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
        except (ValueError, TypeError) as wrong:
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
        return {name: value for name, value in options.items() if name not in ("client_secret", "state")}

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


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type="application/json")
