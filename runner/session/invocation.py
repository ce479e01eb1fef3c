"""What one `run` or `resume` may do: the options of the command line that are no settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from runner.dispatch.run_limits import Tally, Terms


@dataclass(frozen=True)
class Invocation:
    """What one `run` or `resume` may do."""

    terms: Terms = field(default_factory=Terms)
    resend_unknown: bool = False
    accept_failures: bool = False
    accept_incomplete_ledger: bool = False
    wait: bool = False
    no_wait: bool = False  # return once jobs are created
    preflight: bool = False  # look up first whether the objects exist
    moved: bool = False  # the run folder came from elsewhere
    quiet: bool = False
    command: tuple[str, ...] = ()  # the command line, for the record
    confirmed: str | None = None  # how production was confirmed
    stopped: Callable[[], bool] | None = None  # called about five times a second: whether to end gracefully
    on_progress: Callable[[Tally], None] | None = None  # called about every second
