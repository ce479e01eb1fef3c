"""Text as markup."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from runner.results.report.html import element, text


@given(st.text(), st.text())
def test_whatever_is_put_in_stays_text(content, attribute):
    """Any text comes back as it was, but for what may not stand in a document."""
    shown = element("p", content, title=attribute)
    root = ElementTree.fromstring(shown)
    assert len(root) == 0
    assert ElementTree.fromstring(f"<p>{text(content)}</p>").text in (root.text, None)
    ElementTree.fromstring(str(shown).encode())
