"""The tools that a run is compared with: for each its command, how it goes on after a crash, and what it tells of rows.

A tool that is not installed is skipped; bulk-post is installed into a throw-away environment, if it can be.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import CREDENTIALS, HERE, IN_FLIGHT

PATH = "/v1/uno-regenerate/booking-transaction"
BODY = '{"type":"Subscription","subscriptionName":"%s","subscriptionVersion":1}'


def names_in(manifest: Path) -> list[str]:
    """The objects of a manifest."""
    with manifest.open(newline="") as file:
        return [row["subscriptionName"] for row in csv.DictReader(file)]


class Tool:
    """One tool at work in a folder of its own."""

    name = ""
    environment: dict[str, str] = {}  # noqa: RUF012 - never changed

    def __init__(self, folder: Path, url: str, manifest: Path) -> None:
        folder.mkdir()
        self.folder, self.url, self.manifest = folder, url, manifest
        self.prepare()

    @staticmethod
    def missing() -> str | None:
        """Why it cannot be measured here."""
        return None

    def prepare(self) -> None:
        """Write the files that it needs."""

    def command(self) -> list[str]:
        """Its command."""
        raise NotImplementedError

    def resumed(self) -> list[str]:
        """The command that goes on after a crash, as its manual has it."""
        return self.command()

    def done(self, out: str) -> set[str]:
        """The objects that it tells to be done; `out` is its standard output."""
        raise NotImplementedError


class Runner(Tool):
    """This program."""

    name = "regen run"
    environment = CREDENTIALS

    def command(self) -> list[str]:
        words = [sys.executable, "-m", "runner", "run", str(self.manifest), "--type", "Subscription", "--quiet"]
        return [*words, "--base-url", self.url, "--runs-dir", str(self.folder), "--concurrency", str(IN_FLIGHT)]

    def done(self, out: str) -> set[str]:
        with next(self.folder.glob("*/results.csv")).open(newline="") as file:
            return {row["subscriptionName"] for row in csv.DictReader(file) if row["regen_state"] == "succeeded"}


class Curl(Tool):
    """curl, many at once, with its own retries."""

    name = "curl -Z --retry"

    @staticmethod
    def missing() -> str | None:
        return None if shutil.which("curl") else "not installed"

    def prepare(self) -> None:
        form = 'url = "%s%s?%s"\nheader = "Content-Type: application/json"\ndata = "%s"\noutput = "/dev/null"\n'
        form += 'retry = 5\nfail\nwrite-out = "%%{http_code} %%{url}\\n"\n'
        blocks = [form % (self.url, PATH, name, (BODY % name).replace('"', '\\"')) for name in names_in(self.manifest)]
        (self.folder / "curl.cfg").write_text("next\n".join(blocks))

    def command(self) -> list[str]:
        return ["curl", "-s", "-Z", "--parallel-max", str(IN_FLIGHT), "-K", str(self.folder / "curl.cfg")]

    def done(self, out: str) -> set[str]:
        return {line.rpartition("?")[2] for line in out.splitlines() if line.startswith("200 ")}


class Parallel(Tool):
    """GNU parallel, a curl a row, with its job log."""

    name = "GNU parallel + curl"

    @staticmethod
    def missing() -> str | None:
        return None if shutil.which("parallel") and shutil.which("curl") else "not installed"

    def prepare(self) -> None:
        (self.folder / "names").write_text("".join(f"{name}\n" for name in names_in(self.manifest)))

    def command(self) -> list[str]:
        body = (BODY % "{}").replace('"', '\\"')
        one = f'curl -s -f -o /dev/null -H "Content-Type: application/json" -d "{body}" {self.url}{PATH}'
        words = ["parallel", "--will-cite", "-j", str(IN_FLIGHT), "--retries", "5"]
        return [*words, "--joblog", str(self.folder / "log"), "-a", str(self.folder / "names"), one]

    def resumed(self) -> list[str]:
        return [*self.command()[:-1], "--resume-failed", self.command()[-1]]

    def done(self, out: str) -> set[str]:
        with (self.folder / "log").open(newline="") as file:
            jobs = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            done = {int(job["Seq"]) for job in jobs if job["Exitval"] == "0"}
        return {name for number, name in enumerate(names_in(self.manifest), 1) if number in done}


class K6(Tool):
    """k6, which is for load tests and is used for this, too."""

    name = "k6"

    @staticmethod
    def missing() -> str | None:
        return None if shutil.which("k6") else "not installed"

    def prepare(self) -> None:
        names = ",".join(f'"{name}"' for name in names_in(self.manifest))
        (self.folder / "rows.json").write_text(f"[{names}]")
        text = "import exec from 'k6/execution';" + _K6 % (IN_FLIGHT, self.url + PATH)
        (self.folder / "rows.js").write_text(text)

    def command(self) -> list[str]:
        console = str(self.folder / "done")
        return [
            "k6",
            "run",
            "--quiet",
            "--log-format",
            "raw",
            "--console-output",
            console,
            str(self.folder / "rows.js"),
        ]

    def done(self, out: str) -> set[str]:
        lines = (self.folder / "done").read_text().splitlines()
        return {line.split()[1] for line in lines if line.startswith("done ")}


_K6 = """
import http from 'k6/http';
const rows = JSON.parse(open('./rows.json'));
export const options = { scenarios: { rows: {
  executor: 'shared-iterations', vus: %d, iterations: rows.length, maxDuration: '10m' } } };
export default function () {
  const name = rows[exec.scenario.iterationInTest];
  const body = JSON.stringify({ type: 'Subscription', subscriptionName: name, subscriptionVersion: 1 });
  const answer = http.post('%s', body, { headers: { 'Content-Type': 'application/json' } });
  if (answer.status === 200) { console.log('done ' + name); }
}
"""


class BulkPost(Tool):
    """bulk-post, from PyPI: a templated request a row of a CSV file."""

    name = "bulk-post"
    path = Path()  # of the throw-away environment

    @staticmethod
    def missing() -> str | None:
        return None if BulkPost.path.is_file() else "could not be installed (it needs Python 3.12)"

    def command(self) -> list[str]:
        body = '{"type":"Subscription","subscriptionName":"{{subscriptionName}}","subscriptionVersion":1}'
        words = [str(self.path), "-u", self.url + PATH, "-c", str(self.manifest), "-b", body]
        words += ["--parallel", "-n", str(IN_FLIGHT), "--retry-on", "429,503", "--retry-delay", "100"]
        return [*words, "--redrive-file", str(self.folder / "failed.csv")]

    def done(self, out: str) -> set[str]:
        failed = self.folder / "failed.csv"
        return set(names_in(self.manifest)) - (set(names_in(failed)) if failed.is_file() else set())


class Copied(Tool):
    """The script of `copied.py`."""

    name = "the copied asyncio script"

    def command(self) -> list[str]:
        words = [sys.executable, "-m", "tests.bench.copied", self.url, str(self.manifest)]
        return [*words, str(self.folder / "done"), str(IN_FLIGHT)]

    def done(self, out: str) -> set[str]:
        lines = (self.folder / "done").read_text().splitlines()
        return {line.partition(",")[0] for line in lines if line.endswith(",200")}


TOOLS: tuple[type[Tool], ...] = (Runner, Curl, Parallel, K6, BulkPost, Copied)


def install_bulk_post(folder: Path) -> None:
    """Try to install it into an environment in this folder."""
    for python in _pythons():
        made = subprocess.run([python, "-m", "venv", str(folder)], capture_output=True)
        if made.returncode == 0:
            pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "bulk-post"]
            subprocess.run(pip, capture_output=True)
            BulkPost.path = folder / "bin" / "bulk-post"
            return


def _pythons() -> Iterator[str]:
    """Interpreters of version 3.12 or later. BENCH_PYTHON names another one."""
    names = ("python3.14", "python3.13", "python3.12")
    candidates = [os.environ.get("BENCH_PYTHON"), sys.executable, *map(shutil.which, names)]
    test = "import sys; sys.exit(sys.version_info < (3, 12))"
    for python in filter(None, candidates):
        if subprocess.run([python, "-c", test], capture_output=True, cwd=HERE).returncode == 0:
            yield python
