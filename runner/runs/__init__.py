"""The run folder: ids, locks, run.json, event log, seal, pruning."""
