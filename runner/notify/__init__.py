"""Tells outsiders how a run ended: webhook, command, Prometheus metrics."""
