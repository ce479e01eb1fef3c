"""Which ids of replies prove that a reply is a saved one: ids of requests' own, not what a gateway writes on all.

Source: Zuora API reference, "Idempotent requests": headers and body are saved with the result, so a saved reply has
the `Zuora-Request-Id`, `requestId` and `processId` of the first.
"""

from __future__ import annotations

import re

MOST_REMEMBERED = 20_000  # ids in each of two sets: an id that gateways write on all soon comes again

_SHAPE = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9][A-Za-z0-9._:-]{7,127}")
FEWEST_DIFFERENT = 4  # letters and digits: 00000000 and 11111111-1111 name nothing


def is_id(text: str) -> bool:
    """Whether a text has the shape of an id that names one reply: `null`, `N/A`, `none` and zeros name none."""
    return _SHAPE.fullmatch(text) is not None and len(set(text.lower()) - set("._:-")) >= FEWEST_DIFFERENT


class ReplyIds:
    """The ids that replies had lately, and for which request; an id seen with two requests proves nothing."""

    def __init__(self) -> None:
        self._recent: dict[str, int] = {}
        self._older: dict[str, int] = {}
        self._shared: set[str] = set()

    def note(self, request: int, reply_ids: tuple[str, ...]) -> None:
        """Remember that a reply to this request had these ids."""
        for reply_id in reply_ids:
            owner = self._recent.get(reply_id, self._older.get(reply_id, request))
            if owner != request and len(self._shared) < MOST_REMEMBERED:
                self._shared.add(reply_id)
            self._recent[reply_id] = request
        if len(self._recent) > MOST_REMEMBERED:
            self._older, self._recent = self._recent, {}

    def is_shared(self, reply_id: str, request: int) -> bool:
        """Whether a reply to another request had this id."""
        if reply_id in self._shared:
            return True
        owner = self._recent.get(reply_id, self._older.get(reply_id, request))
        return owner != request
