"""`verify`, `reconcile`, `diff`, `report`: what can be proved about a run that is over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.audit.check import Invariant
from runner.domain.errors import ExitCode
from runner.ledger import open_read_only
from runner.runs.folder import RunFolder, existing, remains
from runner.session.tenant_check import _inquired
from runner.system.console import printable, say, say_json
from runner.system.runtime_tuning import seldom_collecting

if TYPE_CHECKING:
    from runner.config.settings import Flags


def verify(runs: Path, run: str, *, head: str | None, as_json: bool) -> ExitCode:
    """Whether a run folder is what the run left."""
    from runner.audit.verify import verify as verified

    folder = remains(runs, run)
    with seldom_collecting():
        found = verified(folder, head)
    return _told(folder, found, as_json=as_json)


@dataclass(frozen=True)
class Extract:
    """What `reconcile --against` was given."""

    path: str
    id_column: str | None = None
    time_column: str | None = None


@dataclass(frozen=True)
class Reconciled:
    """What `reconcile` was asked."""

    run: str
    flags: Flags
    against: Extract | None = None
    query: bool = False
    as_json: bool = False


def reconcile(runs: Path, asked: Reconciled) -> ExitCode:
    """Whether manifest, ledger and results agree; and the tenant, by an extract or asked itself."""
    from runner.audit.extract_diff import Terms, compare
    from runner.audit.reconcile import reconcile as reconciled
    from runner.audit.reconcile import results_of

    folder = existing(runs, asked.run)
    found: list[Invariant] = []
    files: list[Path] = []
    place = folder.later() if asked.against or asked.query else folder.path
    with open_read_only(folder.ledger) as store, results_of(store, folder.path) as results, seldom_collecting():
        if asked.against is not None:
            terms = Terms(asked.against.id_column, asked.against.time_column)
            compared = compare(store, place, asked.against.path, terms)
            found += compared.invariants
            files += [compared.missing, compared.extra]
        if asked.query:
            inquiry = _inquired(store, place, asked.flags)
            found += inquiry.invariants
            files += inquiry.files
        found = reconciled(store, folder.path, results) + found
    code = _told(folder, found, as_json=asked.as_json)
    for path in files:
        say(str(path), err=asked.as_json)
    return code


def diff(runs: Path, before: str, after: str, *, as_json: bool) -> ExitCode:
    """How a run differs from an earlier one; 3 if objects fail that did not."""
    from runner.audit.run_diff import diff as compared
    from runner.audit.run_diff import runs_before

    old, new = existing(runs, before), existing(runs, after)
    difference = compared(old, new, runs_before(new.path.parent, old, new))
    if as_json:
        say_json(difference.document())
    else:
        say("\n".join(map(printable, difference.lines())))
    return ExitCode.ROWS_FAILED if difference.new_failures else ExitCode.SUCCEEDED


def report(runs: Path, run: str) -> ExitCode:
    """Make the report again, at any time; print its path."""
    from runner.results.report import write_report
    from runner.runs.run_json import document_of

    folder = existing(runs, run)
    with open_read_only(folder.ledger) as store:
        say(str(write_report(store, folder.later(), document_of(store))))
    return ExitCode.SUCCEEDED


def _told(folder: RunFolder, found: list[Invariant], *, as_json: bool) -> ExitCode:
    """Print what was found; 3 if anything does not hold."""
    broken = [invariant.name for invariant in found if not invariant.holds]
    if as_json:
        shown = [invariant.document() for invariant in found]
        say_json({"run": folder.id, "holds": not broken, "checks": shown})
    else:
        for invariant in found:
            say("\n".join(map(printable, invariant.lines())))
        say(f"run {folder.id}: it does not hold: {', '.join(broken)}" if broken else f"run {folder.id}: all holds")
    return ExitCode.ROWS_FAILED if broken else ExitCode.SUCCEEDED
