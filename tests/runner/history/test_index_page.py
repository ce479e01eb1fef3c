"""`regen report --all`: a page of all runs, whose links lead somewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote

from runner.history.index_page import render
from runner.history.sources import sources_in


class Links(HTMLParser):
    """Where the page's links lead."""

    def __init__(self):
        super().__init__()
        self.targets = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.targets.append(dict(attrs)["href"])


def test_every_run_is_on_the_page_and_every_link_leads_to_a_report(regen, runs):
    """The newest first."""
    done = regen("report", "--all")
    assert done.code == 0
    page = runs / "index.html"
    assert str(page.relative_to(runs.parent)) in done.out
    text = page.read_text("utf-8")
    rows = text[text.index("<tbody>") :]
    assert rows.index("fourth") < rows.index("second") < rows.index("first")
    links = Links()
    links.feed(text)
    assert len(links.targets) >= 3
    assert all((runs / unquote(target)).is_file() for target in links.targets)


def test_a_folder_without_runs_is_an_empty_page(tmp_path):
    """No error."""
    assert "0 runs" in render(sources_in(tmp_path))


def test_one_of_report_and_all(regen, runs):
    """Both, or neither, is refused."""
    assert regen("report").code == 2
    assert regen("report", "first", "--all").code == 2


def test_each_end_of_a_run_brings_the_page_up_to_date(regen, runs):
    """Without a command of its own; a page that cannot be written changes nothing."""
    text = (runs / "index.html").read_text("utf-8")
    assert "second" in text
    assert "fourth" not in text, "a plan has not ended"
