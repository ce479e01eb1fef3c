"""Whether a run folder is what the run left: checksums, the ledger's chain and digests, the balance, the views.

SHA256SUMS finds any changed byte; who changes a file *and* its checksum is found by the ledger's digests; who makes
those anew, too, is found by a head that was noted elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from runner import __version__
from runner.audit.check import Check, Note, describe, run_check
from runner.audit.results_match import results_agree
from runner.domain.errors import RunnerError
from runner.domain.run_status import RunStatus
from runner.ledger import Facts, Store, checkpoint, evidence, open_read_only
from runner.ledger.facts import RESULTS_VERSION
from runner.ledger.integrity import unbalanced
from runner.results.report import page as report
from runner.runs import seal
from runner.runs.completeness import incomplete
from runner.runs.folder import DOCUMENT, RunFolder
from runner.runs.restorations import restored_lines
from runner.runs.run_json import differences, document_of
from runner.runs.seal import SEAL

SHORTEST_HEAD = 16


def verify(folder: RunFolder, head: str | None = None) -> list[Check]:
    """Every check of a run folder. Raises nothing of what damage does to it."""
    files = run_check(
        "seal", f"every file has its checksum in {SEAL}; none is missing or added", partial(_seal, folder)
    )
    try:
        with open_read_only(folder.ledger) as store:
            return [files, *_of_ledger(store, folder, head), *_of_views(store, folder)]
    except (RunnerError, OSError) as error:
        return [files, Check("ledger", "the ledger can be read", (f"cannot be read: {describe(error)}",), 1)]


def _of_ledger(store: Store, folder: RunFolder, head: str | None) -> list[Check]:
    sound = run_check("ledger", "the ledger is a sound SQLite file", partial(_unsound, store))
    chain = run_check(
        "chain", "every outcome hashes its content and the one before", partial(evidence.changed_outcomes, store)
    )
    plan = run_check("plan", "what was enrolled is unchanged", partial(evidence.changed_plan, store))
    ending = run_check("ending", "nothing changed since the run ended", partial(_ended, store, folder))
    complete = run_check("complete", "the ledger is as recent as the rest of its folder", partial(_older, folder))
    checks = [sound, complete, chain, plan, ending, run_check("balance", "rows add up", partial(unbalanced, store))]
    if head is not None:
        description = "the head noted elsewhere is in this ledger's chain"
        checks.append(run_check("head", description, partial(_other_head, store, head)))
    return checks


def _of_views(store: Store, folder: RunFolder) -> list[Check]:
    if not folder.sealed:
        return []
    document = run_check("document", f"{DOCUMENT} agrees with the ledger", partial(_document, store, folder))
    checks = [document, results_agree(store.path, folder.path)]
    facts = store.facts()
    if (facts.version, facts.results_version) == (__version__, RESULTS_VERSION):  # another version draws another page
        description = "the report is the one that the ledger produces"
        checks.append(run_check("report", description, partial(_report, store, folder)))
    return checks


# -- files ------------------------------------------------------------------------------------------------------


def _seal(folder: RunFolder) -> Iterator[str]:
    document = folder.document()
    if not folder.sealed:
        if document is None or document.status.ended:
            yield f"{SEAL} is missing"
        return
    for problem in seal.problems(folder.path):
        yield problem.text


# -- the ledger -------------------------------------------------------------------------------------------------


def _unsound(store: Store) -> Iterable[str]:
    store.check()
    return ()


def _ended(store: Store, folder: RunFolder) -> Iterator[str]:
    """What contradicts the run's last ending. A run that a process holds has none yet."""
    facts, endings = store.facts(), checkpoint.closings(store)
    yield from _breaches(facts)
    yield from map(Note, restored_lines(facts.restorations))
    if facts.status.ended:
        if endings:
            yield Note(f"head {endings[-1].hash}")
        yield from evidence.changed_ending(store)
        return
    yield from evidence.changed_closings(store)
    if folder.is_held():
        yield Note(f"the run is {facts.status}: a process holds it")
    elif facts.status is RunStatus.RUNNING:
        yield (
            f"the run is {facts.status}, but no process holds it: it was killed, or its status was changed; "
            f"`regen resume {folder.id}` takes it to its end"
        )
    else:
        yield Note(f"the run is {facts.status}: it has no ending to be compared with")
        yield from evidence.changed_status(store)


def _older(folder: RunFolder) -> tuple[str, ...]:
    """How the ledger is older than run.json, run.log and the notes on sends."""
    lost = incomplete(folder)
    return () if lost is None else lost.reasons


def _breaches(facts: Facts) -> Iterator[str]:
    """What failed its check earlier and was accepted."""
    for breach in facts.breaches:
        text = f"{breach.at[:19]}Z, {breach.check}: {'; '.join(breach.details)} (accepted by {breach.accepted_by})"
        yield text if breach.breaks else Note(text)


def _other_head(store: Store, head: str) -> Iterator[str]:
    expected, endings = head.strip().lower(), checkpoint.closings(store)
    if len(expected) < SHORTEST_HEAD:
        yield f"{head}: give at least {SHORTEST_HEAD} characters of it"
    elif not store.facts().status.ended or not endings:
        yield "the run has no ending to be compared with"
    elif not endings[-1].hash.startswith(expected):
        earlier = [ending for ending in endings if ending.hash.startswith(expected)]
        if earlier:
            yield Note(
                f"{head} is the head of ending {earlier[0].closing} of {len(endings)}: the run was resumed since; its "
                f"head is now {endings[-1].hash}"
            )
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
    path = folder.path / report.NAME
    if path.read_bytes() != report.render(store, document_of(store)).encode():
        yield f"{path.name}: not the one that the ledger produces"
