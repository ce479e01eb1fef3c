"""HTML that cannot be anything but well-formed: whatever is not markup is escaped."""

from __future__ import annotations

import re
from html import escape
from importlib import resources

from runner.system.console import harmless

VOID = frozenset({"meta", "br", "rect", "line", "path", "polyline"})
LONGEST = 300
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_WIDE = """\
@media screen { main { max-width: 90rem; } }
figure { max-width: 58rem; }
.scroll { overflow-x: auto; }
"""  # a table that is too wide all the same scrolls, the page does not


_NEVER = re.compile("[\ud800-\udfff\ufffe\uffff]")  # what no document may hold


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(tag: str, /, *inside: object, **attributes: object) -> Markup:
    """An element. Text inside is escaped. Attributes are named with `_` for `-`, and `class_`; None is left out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_clean(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in VOID and not inside:
        return Markup(f"<{tag}{written}/>")
    return Markup(f"<{tag}{written}>{''.join(map(text, inside))}</{tag}>")


def text(value: object) -> Markup:
    """A value as markup: escaped, without characters that steer anything."""
    if isinstance(value, Markup):
        return value
    return Markup("" if value is None else escape(_clean(str(value))))


def _clean(value: str) -> str:
    return _NEVER.sub("�", harmless(value))


def together(parts: list[Markup]) -> Markup:
    """Pieces of markup, a line each."""
    return Markup("\n".join(parts))


def short(value: object, most: int = LONGEST) -> str:
    """A value as text of bounded length."""
    whole = str(value)
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def html_page(title: str, *inside: object, wide: bool = False) -> str:
    """A whole page in the common style; it loads and runs nothing. On a wide one tables of class `scroll` scroll."""
    style = resources.files("runner.results.report").joinpath("style.css").read_text("utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title),
        element("style", Markup(style + (_WIDE if wide else ""))),
    )
    body = element("body", element("main", *inside))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


UNBROKEN = 36  # characters of an id that fit on a line of a telephone


def identifier(value: object, most: int = 80) -> Markup:
    """An id, a name, a number of an object: never broken at a hyphen, if it fits on a line at all."""
    shown = short(value, most)
    return element("span", shown, class_="id" if len(shown) <= UNBROKEN else "long")


def table(
    headers: list[str],
    rows: list[list[object]],
    *,
    numbers: frozenset[int] = frozenset(),
    whole: frozenset[int] = frozenset(),
    narrow: bool = False,
) -> Markup:
    """A table; the columns in `numbers` are aligned as such, those in `whole` never broken. A narrow one is no wider
    than its cells.

    On a small screen each row is a block of its own, and each cell has its header before it: `data-label`.
    """
    classes = dict.fromkeys(whole, "id") | dict.fromkeys(numbers, "n")
    cells = [element("th", header, scope="col", class_=classes.get(at)) for at, header in enumerate(headers)]
    body = [
        element(
            "tr",
            *(
                element("td", cell, class_=classes.get(at), data_label=headers[at] or None)
                for at, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    head = element("thead", element("tr", *cells))
    return element("table", head, element("tbody", *body), class_="narrow" if narrow else None)
