"""report.html: one page, complete in itself, escaped, bounded; the same figures as everywhere else."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sqlite3
import subprocess
import zlib
from collections import Counter
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runner.ledger import open_read_only
from runner.results.report import render
from runner.runs.run_json import document_of
from tests.harness.program import table
from tests.runner.results.report.conftest import EPOCH, run_of_the_past

GOLDEN = Path(__file__).parent / "golden" / "report.html"


def tree(page: str) -> ElementTree.Element:
    """The page as a tree: it is well-formed XML, too."""
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))


def texts(page: str) -> str:
    return " ".join(tree(page).itertext())


def named(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if one.tag.rpartition("}")[2] == tag]


def test_the_page_is_the_golden_one(page):
    """Change it on purpose: REGEN_GOLDEN=write pytest tests/runner/results/report/test_page.py."""
    if os.environ.get("REGEN_GOLDEN") == "write":
        GOLDEN.write_text(page)
    assert page == GOLDEN.read_text()


def test_it_tells_what_an_auditor_asks(page):
    """What was asked, by whom, of which tenant; how it went; what went wrong and what to do; the digests."""
    shown = texts(page).replace("\N{NO-BREAK SPACE}", " ")
    for expected in (
        "The transactions of 300 subscriptions were to be overwritten and re-sent to Revenue; 273 succeeded; "
        "26 failed, 1 is unknown and 1 row was rejected, listed below; 10 h 1 min, of which 31 s sending.",
        "301 rows = 273 succeeded + 26 failed + 1 unknown + 1 rejected",
        "https://rest.test.zuora.com (central-sandbox limits)",
        "somebody on a-machine",
        "<nightly>.csv",
        "re_migrate = true",
        "Subscription # was not found",
        "Subscription A-S020 was not found",
        "Ask the tenant's administrator",
        "Started, and resumed once",
        "2027-01-15 23:30:00 +05:30 (18:00:00 UTC)",
        "other on a-machine",
        "This run sends rows of run golden-before again.",
        "regen show golden --ticket",
        "2 pauses",
        "1 gap without requests folded",
        "the limit changed once",
        "0" * 64,
        "f" * 64,
    ):
        assert expected in shown, expected


def test_nothing_in_it_is_fetched_or_run(page):
    """No script, no address; a policy that forbids them; the only link leads to the file beside it."""
    root = tree(page)
    assert not [
        tag for tag in ("script", "link", "img", "iframe", "object", "embed", "base", "form") if named(root, tag)
    ]
    for one in root.iter():
        for name in one.attrib:
            assert not name.lower().startswith("on")
            assert name.rpartition("}")[2] not in ("src", "srcset", "action")
            assert name != "href" or one.attrib[name] == "errors.csv"
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src &#x27;none&#x27;" in page


def test_dark_and_paper(page):
    """The style knows both."""
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_a_page_stays_small_whatever_the_run(tmp_path):
    """Thousands of kinds of failures, long messages, long cells: less than 1 MB."""
    ledger = run_of_the_past(tmp_path / "ledger.db", 3000, cells=json.dumps(["x" * 2000, "y<" * 1000]))
    base = sqlite3.connect(ledger)
    words = [("".join(chr(97 + int(digit)) for digit in str(seq)) + "<&>" * 2000, seq) for seq in range(1, 3001)]
    base.executemany("UPDATE outcome SET message = ?, state = 'failed' WHERE seq = ?", words)
    base.execute("UPDATE request SET state = 'failed'")
    at_once = [
        (EPOCH + n * 1000, "paused", json.dumps({"seconds": 1, "reason": "because<" * 500})) for n in range(5000)
    ]
    base.executemany("INSERT INTO event (at, name, facts) VALUES (?, ?, ?)", at_once)
    base.commit()
    base.close()
    with open_read_only(ledger) as store:
        page = render(store, document_of(store))
    assert len(page.encode()) < 1_000_000
    tree(page)


def test_the_same_figures_in_all_five(audited, regen):
    """show, report.html, run.json, the results and the ledger, after faults, a kill, a stop and a resume; and
    reconcile and verify hold."""
    assert (regen("reconcile", "it").code, regen("verify", "it").code) == (0, 0)
    events = [json.loads(line)["event"] for line in (audited / "run.log").read_text().splitlines()]
    assert (events.count("started"), events.count("ended")) == (3, 2)
    document = json.loads((audited / "run.json").read_bytes())
    rows = Counter(row["regen_state"] for row in table(audited))
    with (audited / "results.csv").open(newline="") as file:
        in_csv = Counter(row["regen_state"] for row in csv.DictReader(file))
    ledger = sqlite3.connect(audited / "ledger.db")
    states = Counter(dict(ledger.execute("SELECT state, count(*) FROM fate GROUP BY state")))
    sent = ledger.execute("SELECT count(*) FROM attempt").fetchone()[0]
    ledger.close()
    shown = regen("show", "it", "--json").document
    balance = re.search(r"rows = (.*)", regen("show", "it").out)
    page = (audited / "report.html").read_text()
    legend = re.findall(r'</span> (\w+)</td><td class="n" data-label="rows">([\d,]+)</td>', page)
    counts = {name: count for name, count in document["counts"].items() if count and name != "rows"}
    assert counts == dict(rows) == dict(in_csv) == dict(states)
    assert shown["counts"] == document["counts"]
    assert balance is not None
    assert {part.split()[1]: int(part.split()[0]) for part in balance[1].split(" + ")} == counts
    assert {name: int(count) for name, count in legend if int(count) and name != "rows"} == counts
    assert document["requests"]["sent"] == shown["requests"]["sent"] == sent
    assert f"<dd>{sent}</dd>" in page
    assert sum(row["regen_attempts"] or 0 for row in table(audited) if row["regen_state"] != "duplicate") == sent
    for name in ("first_claimed_at", "last_answered_at", "head"):
        assert document[name] == shown[name]
        assert document[name] in page


BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium here")


def browsed(page: str, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """What a browser that reaches no network makes of the page."""
    path = folder / "report.html"
    path.write_text(page)
    always = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ]
    words = [str(BROWSER), *always, f"--user-data-dir={folder / 'profile'}", *flags, path.as_uri()]
    return subprocess.run(words, capture_output=True, text=True, timeout=90, check=False)


def first_pixel(png: bytes) -> bytes:
    """Red, green, blue of the upper left corner: no filter of PNG changes the first pixel."""
    chunks, at = b"", 8
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        chunks += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return zlib.decompress(chunks)[1:4]


MEASURE = """<script>
function measure(frame) {
  const page = frame.contentDocument;
  const nameless = [...page.querySelectorAll("svg, a, th")].filter(
    (element) => !element.textContent.trim() && !element.getAttribute("aria-labelledby"));
  const broken = [...page.querySelectorAll(".id, time")].filter((element) => element.getClientRects().length > 1);
  const width = page.documentElement.scrollWidth;
  document.title = [page.defaultView.innerWidth, width, nameless.length, broken.length].join(" ");
}
</script>"""


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_fits_its_window(page, tmp_path, width):
    """No sideways scrolling, no id broken in two, nothing without a name for a screen reader. In a frame, as the
    window of a browser without a screen is never narrower than 500 pixels."""
    frame = f'<iframe width="{width}" height="900" style="border: 0" onload="measure(this)" srcdoc="{escape(page)}">'
    dom = browsed(f"<title></title>{MEASURE}{frame}", tmp_path, "--window-size=1400,1000", "--dump-dom").stdout
    measured = re.search(r"<title>(\d+) (\d+) (\d+) (\d+)</title>", dom)
    assert measured is not None
    assert tuple(map(int, measured.groups())) == (width, width, 0, 0)


@needs_browser
def test_a_browser_parses_what_was_meant(page, tmp_path):
    """Six sections, four pictures, no script, the cell as text; nothing to complain of."""
    browser = browsed(page, tmp_path, "--dump-dom", "--enable-logging=stderr")
    dom = browser.stdout
    assert dom.count("<section>") == 6
    assert dom.count("<svg ") == 4
    assert "<script" not in dom
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in dom
    assert "<title>Run golden</title>" in dom
    assert "CONSOLE" not in browser.stderr


@needs_browser
def test_a_browser_shows_it_in_the_dark_and_on_paper(page, tmp_path):
    """The page's own dark colours where the reader asks for dark; a few pages of paper."""
    dark = "--blink-settings=preferredColorScheme=0"
    browsed(page, tmp_path, dark, "--window-size=200,200", f"--screenshot={tmp_path / 'dark.png'}")
    assert first_pixel((tmp_path / "dark.png").read_bytes()).hex() == "14181d"
    browsed(page, tmp_path, dark, f"--print-to-pdf={tmp_path / 'page.pdf'}")
    paper = (tmp_path / "page.pdf").read_bytes()
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 6
