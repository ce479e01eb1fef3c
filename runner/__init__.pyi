"""The types of the Python API: its functions are loaded when they are first used."""

from runner.api.calls import aplan as aplan
from runner.api.calls import aresume as aresume
from runner.api.calls import arun as arun
from runner.api.calls import check as check
from runner.api.calls import plan as plan
from runner.api.calls import resume as resume
from runner.api.calls import run as run
from runner.api.calls import runs as runs
from runner.api.results import results as results
from runner.api.run import Run as Run
from runner.domain import errors as errors

__version__: str
