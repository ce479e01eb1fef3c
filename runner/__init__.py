"""Sending: from the rows of a manifest to outcomes that can be trusted."""

__version__ = "0.1.0"
