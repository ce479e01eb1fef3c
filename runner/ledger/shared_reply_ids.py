"""Ids that replies to several requests had: what a gateway writes on all proves nothing of one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from runner.ledger.database import Store

# The attempts first: a plan of which nothing was sent has none.
UNSETTLED_REPLY_IDS = """
SELECT DISTINCT i.value FROM attempt a CROSS JOIN request r ON r.request = a.request, json_each(a.reply_ids) i
WHERE a.reply_ids IS NOT NULL AND r.state IN ('pending', 'unknown')
"""

SHARED_REPLY_IDS = """
SELECT id, min(request), max(request) FROM (
    SELECT a.request, i.value AS id FROM attempt a, json_each(a.reply_ids) i WHERE a.reply_ids IS NOT NULL
    UNION ALL SELECT request, request_id FROM attempt WHERE request_id IS NOT NULL
) WHERE id IN (SELECT value FROM json_each(?)) GROUP BY id HAVING min(request) < max(request)
"""


def shared_reply_ids(store: Store) -> Iterator[tuple[int, str]]:
    """The ids in replies to unsettled requests that replies to other requests had too: two requests for each id."""
    ours = [reply_id for (reply_id,) in store.rows(UNSETTLED_REPLY_IDS)]
    for reply_id, first, last in store.rows(SHARED_REPLY_IDS, json.dumps(ours)) if ours else ():
        yield from ((first, reply_id), (last, reply_id))
