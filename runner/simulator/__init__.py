"""An outbuilding: a small imitation of the Zuora API, for rehearsals and tests. It imports nothing of the runner."""

from __future__ import annotations

from runner.simulator.clock import Clock, ManualClock, SystemClock
from runner.simulator.faults import FAULTS, PERMANENT, Fault, parse_fault
from runner.simulator.options import Options, parse_outage, parse_rule
from runner.simulator.server import Serving, main, serve, serving, serving_in_thread
from runner.simulator.simulator import Simulator

__all__ = [
    "FAULTS",
    "PERMANENT",
    "Clock",
    "Fault",
    "ManualClock",
    "Options",
    "Serving",
    "Simulator",
    "SystemClock",
    "main",
    "parse_fault",
    "parse_outage",
    "parse_rule",
    "serve",
    "serving",
    "serving_in_thread",
]
