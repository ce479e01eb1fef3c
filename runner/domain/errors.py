"""The exceptions of the program and its exit codes.

    RunnerError                  (exit 1)
    ├── Refused                  (exit 2: usage, config or manifest; nothing was sent)
    │   ├── NoConnection         (no tenant or no credentials are named)
    │   └── RemoteUnusable       (the object storage cannot be reached, read or written)
    ├── RunHeld                  (exit 6: another process holds the run)
    └── LedgerError              (exit 1)
        ├── LedgerFull           (the disk is full; resumable)
        └── LedgerUnusable       (corrupt, foreign, or not writable)

A failed row is data, not an exception. Messages speak to the person who must act.
"""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """What a command's exit code means; the table is in runner/topics/exit-codes.md."""

    SUCCEEDED = 0
    FAULT = 1
    REFUSED = 2
    ROWS_FAILED = 3
    STOPPED = 4
    PAUSED = 5
    HELD = 6
    INTERRUPTED = 130
    TERMINATED = 143


class RunnerError(Exception):
    """The program cannot go on; the message says what happened and what to do."""

    exit_code = ExitCode.FAULT


class Refused(RunnerError):
    """Usage, config or manifest: nothing was sent."""

    exit_code = ExitCode.REFUSED


class NoConnection(Refused):
    """No tenant or no credentials are named: what needs none can still be done."""


class RemoteUnusable(Refused):
    """The object storage cannot be reached, read or written; at the start of a run nothing was sent."""


class RunHeld(RunnerError):
    """Another process holds the run."""

    exit_code = ExitCode.HELD


class LedgerError(RunnerError):
    """The ledger could not be read or written."""


class LedgerFull(LedgerError):
    """No space is left for the ledger."""


class LedgerUnusable(LedgerError):
    """The file is corrupt, foreign, of a later version, or not writable."""
