"""How long a key serves, and how long a command is the run that it began: contracts of several packages."""

from __future__ import annotations

from datetime import timedelta

KEY_KEPT_SECONDS = 24 * 3600.0  # Zuora keeps a key for so long (Zuora API reference, "Idempotent requests")
KEY_SECONDS = 23 * 3600.0  # after its first use one in doubt may be sent again for so long: an hour is to spare
SAME_RUN_FOR = timedelta(hours=20)  # from its start: the same command is the same run
