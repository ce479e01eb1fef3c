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
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.domain.model import Outcome, State
from runner.domain.run_status import RunStatus
from runner.ledger import Claim, Enrolment, Event, Facts, Journal, Manifest, Record, open_read_only, open_writable
from runner.ledger.enrolment import Line, NewRequest
from runner.ledger.facts import Start
from runner.results.report import render
from runner.results.report.html import element, text
from runner.results.report.statistics import course, latency
from runner.runs.run_json import document_of
from tests.harness.program import table

GOLDEN = Path(__file__).parent / "golden" / "report.html"
EPOCH = 1_800_000_000_000_000
FACTS: dict[str, Any] = {
    "run_id": "golden",
    "fingerprint": "f" * 64,
    "tenant": "a-tenant",
    "tenant_kind": "central-sandbox",
    "base_url": "https://rest.test.zuora.com",
    "host": "rest.test.zuora.com",
    "entity_ids": ("entity-1",),
    "org_ids": (),
    "formats": ("csv",),
    "status": RunStatus.PLANNED,
    "planned_at": "2027-01-15T07:59:00.000000Z",
    "user": "somebody",
    "machine": "a-machine",
    "version": "1.0.0",
    "parent": "golden-before",
    "starts": (
        Start(
            at="2027-01-15T08:00:00.000000Z",
            command=("regen", "run", "<nightly>.csv"),
            login="somebody",
            host="a-machine",
            utc_offset=330,
        ),
        Start(
            at="2027-01-15T18:00:00.000000Z",
            command=("regen", "resume", "golden"),
            login="other",
            uid=7,
            host="a-machine",
            production="--yes",
            utc_offset=330,
        ),
    ),
}


def fate_of(number: int) -> tuple[State, dict[str, Any]]:
    """Most succeed; some fail in each way."""
    told: dict[str, Any] = {}
    if number % 20 == 0:
        told = {"code": "53100340", "category": "40", "message": f"Subscription A-S{number:03d} was not found"}
    elif number % 33 == 0:
        told = {"code": "53100310", "category": "10", "message": "No permission for <b>this</b> object"}
    elif number % 70 == 0:
        told = {"code": "53100360", "category": "60", "message": "Internal error"}
    elif number == 299:
        return State.UNKNOWN, {"message": "time-out"}
    return (State.FAILED if told else State.SUCCEEDED), told


def run_of_the_past(path: Path, requests: int = 300, cells: str = '["A-S","<script>alert(1)</script>"]') -> Path:
    """A ledger that is the same to the byte whenever it is made: two stretches ten hours apart, pauses, failures."""
    with Enrolment(path) as enrolment:
        enrolment.step(1, "regenerate", {"re_migrate": True})
        for number in range(1, requests + 1):
            label, body = f"A-S{number:03d} v1", json.dumps({"n": number})
            line = Line(number, 1, number, cells, "booking-transaction", "Subscription", label, number, None)
            enrolment.lines([line])
            digest = number.to_bytes(20, "big")
            enrolment.requests([NewRequest(number, 1, "booking-transaction", "reMigrate=true", body, digest, number)])
        rejected = (requests + 1, 1, requests + 1, cells, None, None, None, None, 'rule-broken: "x" & <y>')
        enrolment.lines([Line(*rejected)])
        enrolment.manifest(Manifest(1, 1, "<nightly>.csv", "0" * 64, 1234, ("name", "note")), requests + 1)
        enrolment.finish(Facts(**FACTS))
    with open_writable(path) as store:
        journal = Journal(store)
        journal.write([], [Claim(number, 1, 0, at(number)) for number in range(1, requests + 1)])
        journal.write([record(number) for number in range(1, requests + 1)], [])
        paused = [
            Event(
                EPOCH + second * 1_000_000, "paused", json.dumps({"seconds": 2.5, "reason": f"throttled & <{second}>"})
            )
            for second in (3, 9)
        ]
        shrunk = Event(EPOCH + 5_000_000, "concurrency", json.dumps({"from": 30, "to": 15, "reason": "throttled"}))
        journal.write([], [], (), [*paused, shrunk])
        ending = {
            "status": RunStatus.FINISHED,
            "exit_code": 3,
            "reason": "some failed",
            "ended_at": "2027-01-15T18:01:00Z",
        }
        store.set_facts(**ending, started_at="2027-01-15T08:00:00Z")
        store.set_facts(head="0" * 64)
        store.settle_down()
    return path


def at(number: int) -> int:
    """Ten requests a second; the second half ten hours later."""
    return EPOCH + number * 100_000 + (36_000_000_000 if number > 150 else 0)


def record(number: int) -> Record:
    state, told = fate_of(number)
    took = 40_000 + number * number * 10
    outcome = Outcome(state, (f"id-{number}",) if state is State.SUCCEEDED else (), **told)
    return Record(
        request=number,
        number=1,
        sent_at=at(number),
        answered_at=at(number) + took,
        reason="done",
        in_doubt=False,
        over=False,
        generation=0,
        http_status=200 if state is not State.UNKNOWN else None,
        request_id=f"request-{number}",
        outcome=outcome,
        first_sent_at=at(number),
        latency_ms=took / 1000,
        **told,
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """The golden run's page."""
    ledger = run_of_the_past(tmp_path_factory.mktemp("golden") / "ledger.db")
    with open_read_only(ledger) as store:
        return render(store, document_of(store))


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
    told = texts(page)
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
        "2027-01-15 23:30:00 (18:00:00 UTC)",
        "other on a-machine",
        "Its rows are rows of run golden-before that were to be sent again.",
        "regen show golden --ticket",
        "2 pauses",
        "1 gap without requests folded",
        "the limit changed once",
        "0" * 64,
        "f" * 64,
    ):
        assert expected in told, expected


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


def test_a_small_group_is_shown_whole_and_a_large_one_begun(tmp_path):
    """Twenty rows of a kind are all there; of more the rest is in errors.csv, which is linked."""
    for requests, more in ((400, 0), (520, 6)):
        with open_read_only(run_of_the_past(tmp_path / f"{requests}.db", requests)) as store:
            shown = render(store, document_of(store))
        assert shown.count("was not found</td>") == 20
        assert (f"… and {more} more rows, all in" in texts(shown)) == bool(more)
        assert bool(named(tree(shown), "a")) == bool(more)


def test_what_manifests_and_servers_say_stays_text(page):
    """`<script>` in a cell, markup in a message, in a path, in a reason."""
    assert "<script>" not in page
    assert "name = A-S, note = <script>alert(1)</script>" in texts(page)
    assert "No permission for <b>this</b> object" in texts(page)
    assert "throttled & <3>" in texts(page)


def test_every_picture_has_a_text(page):
    """A role, a title, a description; and the caption says the same."""
    pictures = named(tree(page), "svg")
    assert len(pictures) == 4
    for picture in pictures:
        assert picture.attrib["role"] == "img"
        title, description = named(picture, "title")[0], named(picture, "desc")[0]
        assert picture.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
        assert title.text
        assert description.text
        assert description.text in texts(page)


def test_dark_and_paper(page):
    """The style knows both."""
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_course_folds_gaps_and_counts_everything(tmp_path):
    """Two stretches; the areas under the rate are all requests; never more under way than were sent."""
    with open_read_only(run_of_the_past(tmp_path / "ledger.db")) as store:
        told, took = course(store), latency(store)
    assert told is not None
    assert took is not None
    assert [round(one.end - one.begin) for one in told.stretches] == [15, 16]
    count = 0.0
    for stretch, points in zip(told.stretches, told.rate.points, strict=True):
        ends = [begin for begin, _ in points[1:]] + [stretch.end]
        count += sum(value * (end - begin) for (begin, value), end in zip(points, ends, strict=True))
    assert round(count) == 300
    assert 1 <= told.under_way.most <= 12
    assert sum(took.counts) == 300
    assert took.percentiles[100] == pytest.approx(940.0)


@pytest.mark.parametrize(("column", "days"), [("answered_at", -40), ("answered_at", 9000), ("sent_at", -9000)])
def test_a_clock_that_was_set_meanwhile(tmp_path, column, days):
    """There is a page, whatever the times: the run ends with it."""
    ledger = run_of_the_past(tmp_path / "ledger.db")
    base = sqlite3.connect(ledger)
    base.execute(f"UPDATE attempt SET {column} = {column} + ? WHERE request = 7", (days * 86_400 * 1_000_000,))
    base.execute("UPDATE outcome SET settled_at = settled_at - ? WHERE seq = 9", (40 * 86_400 * 1_000_000,))
    base.commit()
    base.close()
    with open_read_only(ledger) as store:
        tree(render(store, document_of(store)))


@pytest.mark.parametrize("days", [10, 300])
def test_a_run_that_went_on_much_later(tmp_path, days):
    """Its course is told as finely as that of a short one: no peak that was none."""
    ledger = run_of_the_past(tmp_path / "ledger.db")
    with open_read_only(ledger) as store:
        soon = course(store)
    later = days * 86_400 * 1_000_000
    base = sqlite3.connect(ledger)
    base.execute(
        "UPDATE attempt SET sent_at = sent_at + ?, answered_at = answered_at + ? WHERE request > 150", (later,) * 2
    )
    base.execute(
        "UPDATE outcome SET settled_at = settled_at + ? WHERE seq IN (SELECT outcome FROM request WHERE request > 150)",
        (later,),
    )
    base.commit()
    base.close()
    with open_read_only(ledger) as store:
        told = course(store)
    assert soon is not None
    assert told is not None
    assert [round(one.end - one.begin) for one in told.stretches] == [15, 16]
    assert told.rate.most == pytest.approx(soon.rate.most, rel=0.1)
    assert told.under_way.most == pytest.approx(soon.under_way.most, abs=1)


def test_a_page_stays_small_whatever_the_run(tmp_path):
    """Thousands of kinds of failures, long messages, long cells: less than 1 MB."""
    ledger = run_of_the_past(tmp_path / "ledger.db", 3000, cells=json.dumps(["x" * 20_000, "y<" * 10_000]))
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


@given(st.text(), st.text())
def test_whatever_is_put_in_stays_text(told, attribute):
    """Any text comes back as it was, but for what may not stand in a document."""
    shown = element("p", told, title=attribute)
    root = ElementTree.fromstring(shown)
    assert len(root) == 0
    assert ElementTree.fromstring(f"<p>{text(told)}</p>").text in (root.text, None)
    ElementTree.fromstring(str(shown).encode())


def test_a_plan_has_a_report_too(tmp_path, regen):
    """There is nothing to draw yet."""
    (tmp_path / "m.csv").write_text("invoiceNumber\nINV1\n")
    regen("plan", tmp_path / "m.csv", "--base-url", "http://127.0.0.1:1", "--run-id", "it")
    path = Path(regen("report", "it").out.strip())
    assert path.name == "report.html"
    assert "1 row = 1 pending" in texts(path.read_text())


def test_every_run_ends_with_a_report_under_the_seal(audited, regen):
    """Beside the results; `regen report` makes it again, elsewhere, and the same."""
    again = Path(regen("report", "it").out.strip())
    assert again.parent.parent == Path("runs/it/after")
    assert again.read_bytes() == (audited / "report.html").read_bytes()
    assert "report.html" in (audited / "SHA256SUMS").read_text()


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
    told = re.search(r"rows = (.*)", regen("show", "it").out)
    page = (audited / "report.html").read_text()
    legend = re.findall(r'</span> (\w+)</td><td class="n" data-label="rows">([\d,]+)</td>', page)
    counts = {name: count for name, count in document["counts"].items() if count and name != "rows"}
    assert counts == dict(rows) == dict(in_csv) == dict(states)
    assert shown["counts"] == document["counts"]
    assert told is not None
    assert {part.split()[1]: int(part.split()[0]) for part in told[1].split(" + ")} == counts
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
