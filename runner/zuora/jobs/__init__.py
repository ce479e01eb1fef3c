"""Asynchronous jobs of the tenant: created, listed, followed."""
