"""The run's SQLite file, the one truth: the only door to sqlite3."""

from runner.ledger.enrol import Enrolment, Line, Manifest
from runner.ledger.journal import Claim, Event, Journal, Record
from runner.ledger.pen import Pen
from runner.ledger.store import Store, create, open_read_only, open_writable

__all__ = [
    "Claim",
    "Enrolment",
    "Event",
    "Journal",
    "Line",
    "Manifest",
    "Pen",
    "Record",
    "Store",
    "create",
    "open_read_only",
    "open_writable",
]
