"""`regen doctor`: everything that a run needs, looked at one by one before there is a run.

```
settings ─ ground (folder, disk, space) ─ line (proxy, DNS, TLS, clock) ─ tenant (token, ids, permission, limits)
```

Each look is a `Finding` with its remedy. Nothing is sent but GETs, and the POST that fetches a token.
"""

from runner.doctor.finding import Finding, Level

__all__ = ["Finding", "Level"]
