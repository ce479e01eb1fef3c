"""How requests are sent and what their answers mean: what dispatch is handed, and all it knows of the API."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from runner.domain.model import Answer, History, Judgement, Request


class Sender(Protocol):
    """Sends the requests of one step."""

    def send(self, request: Request, generation: int, attempt: int) -> Awaitable[Answer]:
        """Send one attempt under the key of this generation; what came back, whatever happens on the network."""
        ...

    def judge(self, answer: Answer, request: Request, history: History, now: float) -> Judgement:
        """What an answer means; `now` in seconds since the epoch."""
        ...
