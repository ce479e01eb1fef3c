"""Documents are readable in a terminal."""

from __future__ import annotations

from runner.cli.markdown import rendered


def test_prose_is_wrapped_and_lists_are_indented():
    """Links lose their targets, headings their marks."""
    text = "# A title\n\nOne two\nthree [four](x.md) **five**.\n\n- item one\n  goes on\n- two\n1. first\n"
    assert rendered(text, 20).splitlines() == [
        *("A TITLE", "", "One two three four", "five.", ""),
        *("- item one goes on", "- two", "1. first"),
    ]


def test_code_is_left_as_it_is():
    """Also what would be a table, a heading or a comment elsewhere."""
    text = "Text:\n\n```toml\n# note\n| a |\n\n<!-- x -->\n```\n<!-- gone -->\n"
    assert rendered(text).splitlines() == ["Text:", "", "    # note", "    | a |", "", "    <!-- x -->"]


def test_a_table_is_in_columns():
    """The last column takes what is left of the line."""
    text = "| code | meaning |\n|---|---|\n| 0 | all of it succeeded |\n| 130 | no |\n"
    assert rendered(text, 26).splitlines() == [
        "code  meaning",
        "----  -------------------",
        "0     all of it succeeded",
        "130   no",
    ]


def test_a_wide_table_is_a_list_of_records():
    """A heading before each cell."""
    text = "| a | b | c | d |\n|---|---|---|---|\n| 1 | 2 | 3 | 4 |\n"
    assert rendered(text).splitlines() == ["a: 1", "  b: 2", "  c: 3", "  d: 4"]
