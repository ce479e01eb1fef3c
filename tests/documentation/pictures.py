"""Make the pictures of the README from a real run: `python -m tests.documentation.pictures`. Needs Chromium.

2,000 rows against the simulator with faults, seeded: .github/terminal.svg shows what `regen run` prints,
.github/report.png the first screen of the report.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from tests import ROOT
from tests.harness.program import simulated

FAULTS = {"lost-answer": 0.02, "502-worked": 0.02, "locking": 0.05, "rule": 0.003}
COLUMNS, LINE, FONT = 112, 19, 14
STYLE = f"font: {FONT}px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre"


def _run(folder: Path) -> str:
    """What a run of 2,000 rows prints, with the command before it."""
    rows = [f"A-S{n:08},1" if n % 180 else f"MISSING-S{n:07},1" for n in range(1, 2001)]
    (folder / "subscriptions.csv").write_text("\n".join(["subscriptionName,subscriptionVersion", *rows, ""]))
    words = ["run", "subscriptions.csv", "--re-migrate", "--run-id", "2026-11-21-subscriptions"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ZUORA_CLIENT_ID": "r", "ZUORA_CLIENT_SECRET": "r"}
    with simulated(latency=0.05, faults=FAULTS, seed=7, retry_after=0) as server:
        environment["ZUORA_BASE_URL"] = server.url
        command = [sys.executable, "-m", "runner", *words]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    plan = [line for line in done.stderr.splitlines() if "%|" not in line]
    printed = "\n".join([*plan, *done.stdout.splitlines()]).replace(server.url, "http://127.0.0.1:9080")
    return f"$ regen {' '.join(words[:3])}\n{printed}"


def _svg(text: str) -> str:
    """Text as a picture of a terminal."""
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, COLUMNS, subsequent_indent="    ")]
    height = LINE * (len(lines) + 2)
    spans = [
        f'<text x="16" y="{LINE * (n + 2)}" fill="{_colour(line)}" xml:space="preserve">{html.escape(line)}</text>'
        for n, line in enumerate(lines)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 990 {height}" style="{STYLE}">',
            f'<rect width="990" height="{height}" rx="8" fill="#16181d"/>',
            *spans,
            "</svg>\n",
        ]
    )


def _colour(line: str) -> str:
    if line.startswith("$"):
        return "#7fd1b9"
    return "#e8c27a" if re.search(r"\d failed", line) or "OVERWRITTEN" in line else "#d7dae0"


def main() -> None:
    """Write both pictures."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is needed for the picture of the report")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (ROOT / ".github/terminal.svg").write_text(_svg(_run(folder)), "utf-8")
        report = folder / "runs/2026-11-21-subscriptions/report.html"
        picture = ROOT / ".github/report.png"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1100,1000"]
        subprocess.run([chromium, *options, f"--screenshot={picture}", report.as_uri()], check=True)


if __name__ == "__main__":
    main()
