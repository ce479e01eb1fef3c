"""Sending: from the rows of a manifest to outcomes that can be trusted."""
