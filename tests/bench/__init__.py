"""Benchmarks: whole runs of `regen run` as a process beside competitors, on one machine, against one server.

`python -m tests.bench [NAME…]`, or `make bench`. Each compares side by side in one run, several times in turn, and
prints a table in Markdown; ratios of medians hold from machine to machine, absolute figures do not.
"""
