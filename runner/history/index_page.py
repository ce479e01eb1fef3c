"""`runs/index.html`: all runs at a glance, complete in itself, readable offline. Links lead to each run's report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from runner.history.sources import RunSource, sources_in, started
from runner.results.report.html import Markup, element, html_page, table, together
from runner.runs.folder import RunFolder
from runner.system.atomic_file import replacing
from runner.system.counting import counted

NAME = "index.html"
REPORT = "report.html"
MOST_RUNS = 500  # on the page, the newest; so that the end of a run takes no longer in a folder of many thousands
TREND_RUNS = 60  # bars in the trend
PROBLEMS = ("failed", "unknown", "rejected", "pending")
_BAR, _HEIGHT = 10, 60  # of the trend, in units of its view box


def write_index(runs: Path) -> Path:
    """Write index.html into the runs folder, whole or not at all. Raises OSError where that is impossible."""
    path = runs / NAME
    with replacing(path) as file:
        file.write(render(sources_in(runs, MOST_RUNS)).encode())
    return path


def render(sources: Sequence[RunSource]) -> str:
    """The page as text."""
    newest = list(reversed(sources))
    return html_page(
        "Regeneration runs",
        element("header", element("h1", "Regeneration runs"), _totals(sources)),
        _trend(sources[-TREND_RUNS:]) if len(sources) > 1 else "",
        element("div", _table(newest), class_="scroll"),
        wide=True,
    )


def _totals(sources: Sequence[RunSource]) -> Markup:
    unfinished = sum(source.document.unfinished for source in sources)
    rows = sum(source.document.counts["rows"] for source in sources)
    problems = sum(_problems(source) for source in sources)
    newest = "the newest " if len(sources) == MOST_RUNS else ""
    total = f"{newest}{counted(len(sources), 'run')}, {counted(rows, 'row')}"
    sentence = f"{total}: {counted(problems, 'row')} without success, {counted(unfinished, 'run')} unfinished."
    return element("p", sentence[0].upper() + sentence[1:])


def _problems(source: RunSource) -> int:
    return sum(source.document.counts[state] for state in PROBLEMS)


def _table(sources: Sequence[RunSource]) -> Markup:
    headers = ["started (UTC)", "run", "status", "rows", "succeeded", *PROBLEMS, "mode", "profile", "login"]
    rows: list[list[object]] = [_row(source) for source in sources]
    return table(headers, rows, numbers=frozenset(range(3, 9)), whole=frozenset({0, 2, 9}))


def _row(source: RunSource) -> list[object]:
    document, counts = source.document, source.document.counts
    numbers = [f"{counts[state]:,}" for state in ("rows", "succeeded", *PROBLEMS)]
    when = started(source)[:16].replace("T", " ")
    return [when, _link(source.folder), document.status, *numbers, source.mode, document.profile, source.user]


def _link(folder: RunFolder) -> Markup:
    report = folder.path / REPORT
    if not report.exists():
        return element("span", folder.id, class_="id")
    return element("a", folder.id, class_="id", href=f"{quote(folder.id)}/{REPORT}")


def _trend(sources: Sequence[RunSource]) -> Markup:
    """A bar a run, the oldest left: its height is the share of rows that did not succeed."""
    bars = []
    for at, source in enumerate(sources):
        rows, problems = source.document.counts["rows"], _problems(source)
        height = max(1.0, _HEIGHT * problems / rows) if rows and problems else 0.0
        title = element("title", f"{source.folder.id}: {problems:,} of {counted(rows, 'row')} with a problem")
        bars.append(
            element(
                "rect", title, x=at * _BAR, y=f"{_HEIGHT - height:.1f}", width=_BAR - 2, height=f"{height:.1f}",
                class_="failed",
            )
        )  # fmt: skip
    width = TREND_RUNS * _BAR
    axis = element("line", x1=0, x2=width, y1=_HEIGHT, y2=_HEIGHT, class_="axis")
    label = f"Share of rows that did not succeed, last {counted(len(sources), 'run')}"
    svg = element(
        "svg", together([*bars, axis]), viewBox=f"0 0 {width} {_HEIGHT + 1}", role="img", aria_label=label,
    )  # fmt: skip
    return element("figure", svg, element("figcaption", label + ", the oldest on the left."))
