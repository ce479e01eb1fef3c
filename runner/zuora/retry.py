"""One more try for what may be asked as often as one likes: a GET, a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Answered = TypeVar("Answered")
Sleep = Callable[[float], Awaitable[None]]


async def retried(
    attempt: Callable[[], Awaitable[Answered]],
    is_final: Callable[[Answered], bool],
    waits: Iterable[float],
    sleep: Sleep,
) -> Answered:
    """Call `attempt` until its answer is final, after each wait (seconds) once more; returns the last answer.

    Where an answer asks for a longer wait (`retry_after_seconds`), it gets it.
    """
    answer = await attempt()
    for seconds in waits:
        if is_final(answer):
            break
        await sleep(max(seconds, getattr(answer, "retry_after_seconds", None) or 0.0))
        answer = await attempt()
    return answer
