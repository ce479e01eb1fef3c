"""How far a run is, and what may happen to it next.

```
planned ──▶ running ──▶ finished
   │           ├─────▶ paused · interrupted · terminated · stopped · fault ──▶ running (`regen resume`)
   │           └─────▶ halted (a step failed; only --accept-failures goes on)
   └▶ refused (rows were rejected; planned again)             any but finished ──▶ abandoned
```
"""

from __future__ import annotations

import enum


class RunStatus(enum.StrEnum):
    """The state of a run as its ledger and run.json record it."""

    PLANNED = "planned"
    REFUSED = "refused"  # the manifest had rejected rows and was refused whole
    RUNNING = "running"  # a process sends, or was killed while it did
    PAUSED = "paused"  # its deadline or budget was reached
    INTERRUPTED = "interrupted"  # SIGINT
    TERMINATED = "terminated"  # SIGTERM or SIGHUP
    STOPPED = "stopped"  # by the circuit breaker, the credentials or the tenant
    FAULT = "fault"  # the program could not go on
    HALTED = "halted"  # a step ended with failures; the next one has not begun
    FINISHED = "finished"  # every request is settled
    ABANDONED = "abandoned"  # closed by a person

    @property
    def resumable(self) -> bool:
        """Whether a plain `resume` sends what is pending, though something was sent before."""
        return not (self.over or self in (RunStatus.PLANNED, RunStatus.REFUSED))

    @property
    def over(self) -> bool:
        """Whether nothing more is sent unless a person says so."""
        return self in (RunStatus.FINISHED, RunStatus.HALTED, RunStatus.ABANDONED)

    @property
    def needs_person(self) -> bool:
        """Whether only a person's decision takes the run further."""
        return self is RunStatus.HALTED

    @property
    def may_be_unfinished(self) -> bool:
        """Whether pending requests of the run are unfinished business: they block the same manifests elsewhere."""
        return not (self.over or self is RunStatus.REFUSED)

    @property
    def ended(self) -> bool:
        """Whether an invocation ended gracefully, so that the ledger has a closing and the folder a seal."""
        return self not in (RunStatus.PLANNED, RunStatus.REFUSED, RunStatus.RUNNING)

    @property
    def has_results(self) -> bool:
        """Whether the run has result files to point at."""
        return self not in (RunStatus.PLANNED, RunStatus.RUNNING)
