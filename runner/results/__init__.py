"""What people read: result files, summary, row history, remedies, report."""

from runner.system.callable_package import make_callable

make_callable(__name__, "runner.api.results", "results")
