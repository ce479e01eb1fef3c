"""Whether a run folder is what the run left: checksums, the ledger's chain and digests, the balance, the views.

SHA256SUMS finds any changed byte; who changes a file *and* its checksum is found by the ledger's digests; who makes
those anew, too, is found by a head that was noted elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from runner import __version__
from runner.audit.check import DAMAGE, Invariant, Note, examined
from runner.audit.results_match import results_agree
from runner.ledger import Store, checkpoint, open_read_only
from runner.ledger.facts import RESULTS_VERSION
from runner.ledger.hash_chain import chain, genesis
from runner.ledger.integrity import unbalanced
from runner.results.report import page as report
from runner.runs.folder import AFTER, DOCUMENT, SEAL, UNSEALED, RunFolder, sha256_of
from runner.runs.run_json import differences, document_of

SHORTEST_HEAD = 16

_SUM = re.compile(r"([0-9a-f]{64})  ([^/\n]+)")


def verify(folder: RunFolder, head: str | None = None) -> list[Invariant]:
    """Every check of a run folder. Raises nothing of what damage does to it."""
    seal = examined("seal", f"every file is as {SEAL} says, and none is missing or added", partial(_seal, folder))
    try:
        with open_read_only(folder.ledger) as store:
            return [seal, *_of_ledger(store, head), *_of_views(store, folder)]
    except DAMAGE as error:
        told = f"it cannot be read: {' '.join(str(error).split())}"
        return [seal, Invariant("ledger", "the ledger can be read", (told,), 1)]


def _of_ledger(store: Store, head: str | None) -> list[Invariant]:
    sound = examined("ledger", "the ledger is a sound SQLite file", partial(_unsound, store))
    chain = examined("chain", "every outcome hashes its content and the one before", partial(_chain, store))
    plan = examined("plan", "what was enrolled is unchanged", partial(_enrolled, store))
    ending = examined("ending", "nothing changed since the run ended", partial(_ended, store))
    found = [sound, chain, plan, ending, examined("balance", "rows add up", partial(unbalanced, store))]
    if head is not None:
        found.append(examined("head", "the head is the one noted elsewhere", partial(_other_head, store, head)))
    return found


def _of_views(store: Store, folder: RunFolder) -> list[Invariant]:
    if not folder.sealed:
        return []
    document = examined("document", f"{DOCUMENT} tells what the ledger tells", partial(_document, store, folder))
    found = [document, results_agree(store.path, folder.path)]
    facts = store.facts()
    if (facts.version, facts.results_version) == (__version__, RESULTS_VERSION):  # another version draws another page
        found.append(examined("report", "the report is the one that the ledger gives", partial(_report, store, folder)))
    return found


# -- files ------------------------------------------------------------------------------------------------------


def _seal(folder: RunFolder) -> Iterator[str]:
    place = folder.path / SEAL
    if not place.exists():
        document = folder.document()
        if document is None or document.status.ended:
            yield f"{SEAL} is missing"
        return
    sums = {}
    for number, line in enumerate(place.read_bytes().decode("utf-8", "replace").split("\n")[:-1], 1):
        match = _SUM.fullmatch(line)
        if match is None or match[2] in sums:
            yield f"{SEAL}, line {number}: changed; it is no checksum, or names a file twice"
        else:
            sums[match[2]] = match[1]
    if not place.read_bytes().endswith(b"\n"):
        yield f"{SEAL}: its last line is cut off"
    yield from _files(folder.path, sums)


def _files(folder: Path, sums: dict[str, str]) -> Iterator[str]:
    for name, told in sums.items():
        if not (folder / name).is_file():
            yield f"{name}: missing"
        elif sha256_of(folder / name) != told:
            yield f"{name}: changed; its SHA-256 is not the one in {SEAL}"
    for path in sorted(folder.iterdir()):
        if path.name in sums or path.name in (SEAL, AFTER):
            continue
        if path.name in UNSEALED:
            yield f"{path.name}: beside a ledger that is closed; it could change what the ledger tells"
        elif path.is_dir() or not path.name.startswith("."):
            yield f"{path.name}: added; {SEAL} does not know it"


# -- the ledger -------------------------------------------------------------------------------------------------


def _unsound(store: Store) -> Iterable[str]:
    store.check()
    return ()


def _chain(store: Store) -> Iterator[str]:
    for at, (seq, told, due) in enumerate(chain(store), 1):
        if told != due:
            row = store.row("SELECT request, state FROM outcome WHERE seq = ?", seq)
            yield f"outcome {seq}, of row {row and row[0]}: changed, or the one before it is missing"
        elif seq != at:
            yield f"outcome {seq}: {at} was due; one is missing"


def _enrolled(store: Store) -> Iterator[str]:
    for part in checkpoint.ENROLLED:
        yield from _changed(store, part)
    known = {part: checkpoint.recorded(store, part) for part in checkpoint.ENROLLED}
    if checkpoint.total(known) != store.facts().enrolled:
        yield "the digests of what was enrolled are not those that the chain begins with"


def _changed(store: Store, part: str) -> Iterator[str]:
    known, now = checkpoint.recorded(store, part), dict(checkpoint.blocks(store, part))
    for block in sorted(known.keys() | now.keys()):
        if known.get(block) != now.get(block):
            yield f"ledger, {_block(part, block)}: changed, removed or added"


def _block(part: str, block: int) -> str:
    if part == "fact":
        return "facts of the run"
    first, last = block * checkpoint.BLOCK, (block + 1) * checkpoint.BLOCK - 1
    names = {"line": "lines", "state": "states of the requests", "attempt": "attempts of the requests"}
    return f"{names.get(part, part + 's')} {max(first, 1)} to {last}"


def _ended(store: Store) -> Iterator[str]:
    endings = checkpoint.closings(store)
    facts = store.facts()
    if not facts.status.ended:
        yield Note(f"the run is {facts.status}: it has no ending to be compared with")
        return
    if not endings:
        yield "the run has ended, but its closing is missing"
        return
    yield Note(f"head {endings[-1].hash}")
    for part in checkpoint.CLOSED:
        yield from _changed(store, part)
    known = {part: checkpoint.recorded(store, part) for part in checkpoint.CLOSED}
    if checkpoint.total(known) != endings[-1].digests:
        yield "the digests of the ending are not those that the head holds"
    yield from _broken_closings(store, endings)
    if facts.head != endings[-1].hash:
        yield "the head that the facts name is not that of the last ending"


def _broken_closings(store: Store, endings: list[checkpoint.Closing]) -> Iterator[str]:
    before = ""
    heads = {0: genesis(store.facts())} | _outcome_heads(store, endings)
    for at, ending in enumerate(endings, 1):
        due = checkpoint.link(before, heads.get(ending.seq, ""), tuple(ending[:4]))
        if ending.closing != at or ending.hash != due:
            yield f"ending {ending.closing}: changed, or what it closed was"
        before = ending.hash
    last = store.row("SELECT max(seq) FROM outcome")
    if ((last and last[0]) or 0) != endings[-1].seq:
        yield f"outcomes after {endings[-1].seq}: added since the run ended, or removed"


def _outcome_heads(store: Store, endings: list[checkpoint.Closing]) -> dict[int, str]:
    heads = {}
    for ending in endings:
        row = store.row("SELECT hash FROM outcome WHERE seq = ?", ending.seq)
        if row is not None:
            heads[ending.seq] = row[0]
    return heads


def _other_head(store: Store, head: str) -> Iterator[str]:
    told, endings = head.strip().lower(), checkpoint.closings(store)
    if len(told) < SHORTEST_HEAD:
        yield f"{head}: give at least {SHORTEST_HEAD} characters of it"
    elif not store.facts().status.ended or not endings:
        yield "the run has no ending to be compared with"
    elif not endings[-1].hash.startswith(told):
        earlier = [ending for ending in endings if ending.hash.startswith(told)]
        if earlier:
            yield f"{head} is the head of ending {earlier[0].closing}; the run was taken up again and ended once more"
        else:
            yield f"{head} is the head of no ending of this ledger; the last is {endings[-1].hash}"


# -- views ------------------------------------------------------------------------------------------------------


def _document(store: Store, folder: RunFolder) -> Iterator[str]:
    document = folder.document()
    if document is None:
        yield f"{DOCUMENT}: missing, or not the document of a run"
        return
    for difference in differences((folder.path / DOCUMENT).read_bytes(), document_of(store)):
        yield (
            f"{DOCUMENT}, {difference.name}: {difference.in_file!r} in the file, {difference.in_ledger!r} in the ledger"
        )


def _report(store: Store, folder: RunFolder) -> Iterator[str]:
    place = folder.path / report.NAME
    if place.read_bytes() != report.render(store, document_of(store)).encode():
        yield f"{place.name}: it is not the one that the ledger gives"
