"""The run's SQLite file, the one truth: the only door to sqlite3."""

from runner.ledger.database import Settled, Store, create, open_read_only, open_writable
from runner.ledger.enrolment import Enrolment, Line, Manifest
from runner.ledger.facts import Facts
from runner.ledger.journal import Claim, Event, Journal, Record
from runner.ledger.writer import Pen, Written

__all__ = [
    "Claim",
    "Enrolment",
    "Event",
    "Facts",
    "Journal",
    "Line",
    "Manifest",
    "Pen",
    "Record",
    "Settled",
    "Store",
    "Written",
    "create",
    "open_read_only",
    "open_writable",
]
