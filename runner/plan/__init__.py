"""From manifest rows to requests in the ledger."""
