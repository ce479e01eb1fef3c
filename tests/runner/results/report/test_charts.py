"""The pictures of the report."""

from __future__ import annotations

from tests.runner.results.report.test_page import named, texts, tree


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
