"""What shows that a ledger is the one that the run left: its plan, its chain of outcomes, its last closing.

Each function yields sentences on what is wrong, so that `verify` can list them and `resume` can refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.ledger import checkpoint, queries
from runner.ledger.block_digests import BLOCK
from runner.ledger.checkpoint import Closing
from runner.ledger.database import Store
from runner.ledger.hash_chain import chain, genesis


def changed_plan(store: Store) -> Iterator[str]:
    """What was enrolled and is no longer as it was."""
    for part in checkpoint.ENROLLED:
        yield from _changed_blocks(store, part)
    recorded = {part: checkpoint.recorded(store, part) for part in checkpoint.ENROLLED}
    if checkpoint.total(recorded) != store.facts().enrolled:
        yield "the digests of what was enrolled are not those that the chain begins with"


def changed_outcomes(store: Store) -> Iterator[str]:
    """The entries of the chain of outcomes whose hash is not that of their content and the entry before."""
    for position, entry in enumerate(chain(store), 1):
        if entry.recorded != entry.expected:
            row = store.row("SELECT request FROM outcome WHERE seq = ?", entry.seq)
            yield f"outcome {entry.seq}, of row {row and row[0]}: changed, or the one before it is missing"
        elif entry.seq != position:
            yield f"outcome {entry.seq}: {position} was expected; one is missing"


def changed_ending(store: Store) -> Iterator[str]:
    """What is not as the last closing of the ledger says; for a run whose status says that it has ended."""
    endings = checkpoint.closings(store)
    if not endings:
        yield "the run has ended, but its closing is missing"
        return
    for part in checkpoint.CLOSED:
        yield from _changed_blocks(store, part)
    recorded = {part: checkpoint.recorded(store, part) for part in checkpoint.CLOSED}
    if checkpoint.total(recorded) != endings[-1].digests:
        yield "the digests of the ending are not those that the head holds"
    yield from changed_closings(store)
    last = store.row("SELECT max(seq) FROM outcome")
    if ((last and last[0]) or 0) != endings[-1].seq:
        yield f"outcomes after {endings[-1].seq}: added since the run ended, or removed"
    if store.facts().head != endings[-1].hash:
        yield "the head that the facts name is not that of the last ending"


def changed_closings(store: Store) -> Iterator[str]:
    """The closings whose hash is not that of their content, of the closing before and of the outcomes up to them."""
    endings = checkpoint.closings(store)
    heads = {0: genesis(store.facts())} | _outcome_heads(store, endings)
    before = ""
    for position, ending in enumerate(endings, 1):
        if ending.closing != position or ending.hash != checkpoint.link(before, heads.get(ending.seq, ""), ending):
            yield f"ending {ending.closing}: changed, or what it closed was"
        before = ending.hash


def changed_status(store: Store) -> Iterator[str]:
    """What contradicts the status of a run that no process holds and whose status is of no ending."""
    status = store.facts().status
    if checkpoint.closings(store):
        yield f"the run has ended before, but its status is {status}: it was killed, or its status was changed"
    elif queries.begun(store):
        yield f"requests were sent, but the run's status is {status}: it was killed, or its status was changed"


def _changed_blocks(store: Store, part: str) -> Iterator[str]:
    recorded, now = checkpoint.recorded(store, part), dict(checkpoint.blocks(store, part))
    for block in sorted(recorded.keys() | now.keys()):
        if recorded.get(block) != now.get(block):
            yield f"ledger, {_block_name(part, block)}: changed, removed or added"


def _block_name(part: str, block: int) -> str:
    if part == "fact":
        return "facts of the run"
    first, last = block * BLOCK, (block + 1) * BLOCK - 1
    names = {"line": "lines", "state": "states of the requests", "attempt": "attempts of the requests"}
    return f"{names.get(part, part + 's')} {max(first, 1)} to {last}"


def _outcome_heads(store: Store, endings: list[Closing]) -> dict[int, str]:
    """The hash of the last outcome of each ending, by its number."""
    heads = {}
    for ending in endings:
        row = store.row("SELECT hash FROM outcome WHERE seq = ?", ending.seq)
        if row is not None:
            heads[ending.seq] = row[0]
    return heads
