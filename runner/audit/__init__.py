"""Proof of a run: verify, reconcile, diff, and the tenant's own record."""
