"""What the tenant shows of the rows of one run: those that are not confirmed, and why."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.audit.reconcile import reconcile, results_of
from runner.ledger import Store, open_read_only
from runner.ledger.sent_requests import labels
from runner.runs.folder import RunFolder
from runner.session.tenant_check import TenantAnswer, query_tenant
from runner.system.counting import counted

if TYPE_CHECKING:
    from runner.audit.check import Check
    from runner.audit.revenue_check import RowInRevenue
    from runner.audit.tenant_query import Inquiry
    from runner.config.settings import Flags


class Doubt(enum.Enum):
    """Why a row is not confirmed."""

    MISSING = "not in Billing"
    NOT_DONE = "unknown and not done"
    NOT_RECEIVED = "not received by Revenue"
    ERRORED = "refused by Revenue"
    WAITING = "waiting for a collection of Revenue"
    CANNOT_TELL = "unknown, and the tenant does not show yet whether it is done"
    NOT_SHOWN = "not shown by Revenue"

    @property
    def is_mended_by_sending(self) -> bool:
        """Whether the row is to be sent again."""
        return self in (Doubt.MISSING, Doubt.NOT_DONE, Doubt.NOT_RECEIVED, Doubt.ERRORED)

    @property
    def may_pass(self) -> bool:
        """Whether the same question may have another answer later."""
        return self in (Doubt.WAITING, Doubt.CANNOT_TELL)


REPAIRED_BY_SENDING = ("missing", "revenue errors", "settled")  # checks whose failures are rows that are sent again
UNSETTLED = ("failed", "rejected", "pending")


@dataclass
class Standing:
    """One run against its tenant. `doubts` are by row, `labels` name these rows as people do."""

    folder: RunFolder
    rows: int = 0  # that the tenant can show
    doubts: dict[int, Doubt] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    unsettled: Mapping[str, int] = field(default_factory=dict)  # rows by state, whose failures a person must look at
    refuted: tuple[str, ...] = ()  # checks that fail for another reason
    remedies: tuple[str, ...] = ()

    @property
    def confirmed(self) -> bool:
        """Whether the tenant has everything of the run."""
        return not (self.doubts or self.unsettled or self.refuted)

    def to_send(self) -> list[int]:
        """The rows that are to be sent again."""
        return sorted(row for row, doubt in self.doubts.items() if doubt.is_mended_by_sending)

    def may_pass(self) -> bool:
        """Whether waiting may confirm the run."""
        return not (self.unsettled or self.refuted) and all(doubt.may_pass for doubt in self.doubts.values())

    def superseded(self, sent: frozenset[str]) -> None:
        """These objects were sent again by a later run, which answers for them now."""
        self.doubts = {row: doubt for row, doubt in self.doubts.items() if self.labels.get(row) not in sent}

    def text(self) -> str:
        """For people."""
        parts = [f"{self.rows - len(self.doubts):,} of {counted(self.rows, 'row')} confirmed"]
        parts += [f"{count:,} {doubt.value}" for doubt, count in Counter(self.doubts.values()).items()]
        parts += [f"{count:,} {state}" for state, count in self.unsettled.items()]
        parts += [f"check {name} failed: regen reconcile {self.folder.id}" for name in self.refuted]
        return "; ".join(parts)


def standing_of(folder: RunFolder, flags: Flags, *, revenue: bool) -> Standing:
    """Ask the tenant about a run, as `regen reconcile` does; its files are written beside the run's. Raises
    QueryFailedError if the tenant does not answer."""
    target = folder.later()
    with open_read_only(folder.ledger) as store, results_of(store, folder.path) as results:
        answer = query_tenant(store, target, flags, revenue=revenue)
        checks = [*reconcile(store, folder.path, results), *answer.checks]
        standing = Standing(folder, refuted=_refuted(checks))
        document = folder.current_document()
        standing.unsettled = {state: count for state in UNSETTLED if (count := document.counts.get(state, 0))}
        _judge_billing(standing, answer.billing)
        if revenue:
            _judge_revenue(standing, answer)
        standing.labels = labels(store, standing.doubts)
        return standing


def objects_of(folder: RunFolder) -> frozenset[str]:
    """The objects of a run's rows, as `Standing.labels` names them."""
    with open_read_only(folder.ledger) as store:
        return frozenset(labels(store, range(1, _rows(store) + 1)).values())


def _rows(store: Store) -> int:
    from runner.ledger.integrity import rows_of

    return rows_of(store)[0]


def _refuted(checks: list[Check]) -> tuple[str, ...]:
    wrong = (check for check in checks if not check.passed)
    return tuple(dict.fromkeys(check.name for check in wrong if check.error or check.name not in REPAIRED_BY_SENDING))


def _judge_billing(standing: Standing, inquiry: Inquiry) -> None:
    from runner.audit.unknown_rows import DONE, NOT_DONE

    standing.rows = sum(len(table.shown) for table in inquiry.tables) + len(inquiry.annotations)
    for table in inquiry.tables:
        standing.doubts |= dict.fromkeys(table.missing, Doubt.MISSING)
    for noted in inquiry.annotations:
        if noted.answer != DONE:
            standing.doubts[noted.row] = Doubt.NOT_DONE if noted.answer == NOT_DONE else Doubt.CANNOT_TELL


def _judge_revenue(standing: Standing, answer: TenantAnswer) -> None:
    """Every row whose transactions are in Billing must be in Revenue, too."""
    inquiry, states = answer.billing, answer.states
    by_row = {state.row: state for state in states}
    rows = [row for table in inquiry.tables for row in table.shown] + [noted.row for noted in inquiry.annotations]
    for row in rows:
        if row not in standing.doubts and (doubt := _doubt_of(by_row.get(row))) is not None:
            standing.doubts[row] = doubt
    standing.remedies = tuple(dict.fromkeys(state.remedy for state in states if state.remedy))
    if Doubt.NOT_SHOWN in standing.doubts.values():
        standing.remedies += tuple(_unseen(answer.checks))


def _unseen(checks: Sequence[Check]) -> Iterator[str]:
    """What of Revenue could not be looked at."""
    for check in checks:
        if check.name == "revenue":
            yield from ([check.skipped] if check.skipped else ())
            yield from (note for note in check.notes if note.startswith("could not be looked at"))


def _doubt_of(state: RowInRevenue | None) -> Doubt | None:
    from runner.audit.revenue_check import COLLECTED, ERRORED, PENDING

    if state is None:
        return Doubt.NOT_SHOWN
    if state.state == PENDING:
        return Doubt.WAITING if state.is_received else Doubt.NOT_RECEIVED
    return {COLLECTED: None, ERRORED: Doubt.ERRORED}.get(state.state, Doubt.NOT_SHOWN)
