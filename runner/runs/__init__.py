"""The run folder: ids, locks, run.json, event log, seal, pruning."""

from runner.system.callable_package import make_callable

make_callable(__name__, "runner.api.calls", "runs")
