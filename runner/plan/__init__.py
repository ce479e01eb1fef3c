"""From manifest rows to requests in the ledger."""

from runner.system.callable_package import make_callable

make_callable(__name__, "runner.api.calls", "plan")
