"""Files, clock, terminal, processes. Imports nothing of ours."""
