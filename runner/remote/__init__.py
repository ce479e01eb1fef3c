"""Object storage beside the machine: which run a command is anywhere, copies of its ledger, its sealed folder.

```
begun/<tenant>/<fingerprint>      register   create-if-absent, before the first request
holder/<run>/<epoch>              fence      one object for every start; the highest epoch holds the run
ledger/<run>/<epoch>-<n>.zst      copies     SQLite's online backup, compressed
tenant=…/month=…/run=<id>/…       publish    the sealed folder; SHA256SUMS last
```

Nothing here is imported for a run without `remote`.
"""
