"""The quick way through a sheet gives what the parser gives, or leaves it to the parser."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.read import xlsx
from manifests.read.plain_rows import PlainRows

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = f'<workbook xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
RELATIONS = (
    f'<Relationships><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/s.xml"/>'
    f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
STYLES = (
    '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="0000000"/></numFmts><cellXfs>'
    + "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 170, 2))
    + "</cellXfs></styleSheet>"
)
SHARED = (
    "<si><t>A-1</t></si>",
    '<si><t xml:space="preserve"> b &amp; c </t></si>',
    "<si><t/></si>",
    "<si><r><t>two </t></r><r><rPr><b/></rPr><t>runs</t></r></si>",
    "<si><t>_x000D_&#10;</t></si>",
    "<si><t>kanji</t><rPh sb='0' eb='1'><t>hint</t></rPh></si>",
    "<si><t><![CDATA[<x>]]></t></si>",
    "<si/>",
)
VALUES = (
    "",
    "0",
    "1",
    "-1",
    "2",
    "7",
    "1.50",
    "1E+16",
    "45292",
    "123456789012345678",
    "true",
    "#N/A",
    " 3 ",
    "a&lt;b",
    "x",
)
ATTRIBUTES = (
    *("", ' t="s"', ' s="1"', ' s="2" t="n"', ' t="n" s="3"', ' t="b"', ' t="e"', ' t="str"', ' t="inlineStr"'),
    *(' t="d"', " t='s'", ' cm="1"', ' s="9"', ' t="s" t="s"', ' r="B2"', ' s = "1"', ' s="&#49;"', "\n"),
)
CONTENT = (
    *(lambda v: "", lambda v: f"<v>{v}</v>", lambda v: f"<f>B1</f><v>{v}</v>", lambda v: "<f>NOW()</f>"),
    *(lambda v: f"<is><t>{v}</t></is>", lambda v: f'<is><t xml:space="preserve"> {v}</t></is>', lambda v: "<v/>"),
    *(
        lambda v: f"<is><r><t>{v}</t></r><r><t>{v}</t></r></is>",
        lambda v: f"<v>{v}<!-- x --></v>",
        lambda v: "<f/><v/>",
    ),
    *(
        lambda v: f"<v><![CDATA[{v}]]></v>",
        lambda v: f'<f t="shared" si="0"/><v>{v}</v>',
        lambda v: f"\n <v>{v}</v>\r\n",
    ),
    *(
        lambda v: f"<v>{v}\x01</v>",
        lambda v: f"<v>{v}]]></v>",
        lambda v: f"<is><t>{v}\ufffe</t></is>",
        lambda v: "<v>&#50;</v>",
    ),
    *(
        lambda v: f"<v>{v}</v><extLst/>",
        lambda v: f"<v>{v}",
        lambda v: f"<v>{v}</t>",
        lambda v: "<is><t>_x0041_ü</t></is>",
    ),
)
ROWS = (
    *(
        ' r="{}"',
        ' r="{}" spans="1:3 5:5" x14ac:dyDescent="0.25"',
        ' r="{}" hidden="1"',
        ' r="{}" ht="0"',
        "",
        ' spans="1:1" r="{}"',
    ),
    *(
        ' r="1"',
        ' r="{}" hidden="true" ',
        ' r="{}" ht="x"',
        ' r="{}" r="{}"',
        " r='{}'",
        ' r="x"',
        ' r="{}" hidden = "1"',
    ),
)
CELLS = st.tuples(
    st.sampled_from("ABCDE"), st.sampled_from(ATTRIBUTES), st.sampled_from(CONTENT), st.sampled_from(VALUES)
)
BETWEEN = st.sampled_from(
    ("", "", "", "", '<row r="3"/>', '<row r="3" hidden="1" />', "<!-- </row> -->", "\n", "x", "</row>")
)


@st.composite
def rows(draw: st.DrawFn) -> str:
    """A sheet's rows: mostly plain, here and there anything else."""
    cell = draw(
        st.sampled_from(
            (
                CELLS,
                CELLS.map(
                    lambda c: (c[0], draw(st.sampled_from(ATTRIBUTES[:9])), draw(st.sampled_from(CONTENT[:6])), c[3])
                ),
            )
        )
    )
    text = ""
    for number in range(1, draw(st.integers(1, 5))):
        start = draw(st.sampled_from(ROWS[:5]) | st.sampled_from(ROWS)).replace("{}", str(number))
        cells = "".join(_cell(number, *each) for each in draw(st.lists(cell, max_size=4)))
        text += f"<row{start}>{cells}</row>{draw(BETWEEN)}"
    return text


def _cell(number: int, column: str, attributes: str, content: Any, value: str) -> str:
    inside = content(value)
    return f'<c r="{column}{number}"{attributes}>{inside}</c>' if inside else f'<c r="{column}{number}"{attributes}/>'


def read(sheet: bytes, shared: str = "".join(SHARED)) -> Sequence[Any]:
    """Every cell of a sheet with its kind, or why it cannot be read."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", BOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        archive.writestr("xl/styles.xml", STYLES)
        archive.writestr("xl/sharedStrings.xml", f"<sst>{shared}</sst>")
        archive.writestr("xl/worksheets/s.xml", sheet)
    try:
        return cells(zipfile.ZipFile(stream))
    except ValueError as error:
        return [str(error).partition(":")[2]]


def cells(archive: zipfile.ZipFile) -> list[Any]:
    book = xlsx.opened(archive)
    return [
        (
            row.number,
            row.hidden,
            [(cell, getattr(cell, "reason", ""), getattr(cell, "integer", "")) for cell in row.cells],
        )
        for row in book.rows(book.sheets[0].name)
    ]


def by_parser(sheet: bytes) -> bytes:
    """The same sheet with a comment before its rows, which leaves all of it to the parser."""
    return sheet.replace(b"<worksheet", b"<!-- --><worksheet").replace(b"<x:worksheet", b"<!-- --><x:worksheet")


@settings(max_examples=150, deadline=None)
@given(
    rows=rows(),
    head=st.sampled_from(("", '<?xml version="1.0" encoding="utf-8"?>\r\n', "\ufeff")),
    prefix=st.booleans(),
)
def test_both_ways_give_the_same(rows: str, head: str, prefix: bool) -> None:
    """The same cells of the same kinds, or the same refusal."""
    tail = '<mergeCells><mergeCell ref="A1"/></mergeCells><x><c r="A1"><v>1</v></c></x>'
    before = f'<worksheet xmlns="{MAIN}"><cols><col min="2" max="2" hidden="1"/></cols>'
    text = f"{before}<sheetData>{rows}</sheetData>{tail}</worksheet>"
    if prefix:
        text = text.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:").replace("<x:!", "<!")
    sheet = (head + text).encode()
    assert read(sheet) == read(by_parser(sheet))


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.sampled_from(SHARED[:2]) | st.sampled_from(SHARED), min_size=1),
    between=st.sampled_from(("", "\n")),
)
def test_shared_texts_are_the_same_both_ways(texts: list[str], between: str) -> None:
    """In their order, whether they have runs, hints, entities or escapes."""
    used = "".join(f'<c r="A{n}" t="s"><v>{n - 1}</v></c>' for n in range(1, 1 + len(texts)))
    rows = used.replace("<c", "<row><c").replace("</c>", "</c></row>")
    sheet = f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode()
    shared = between.join(texts)
    assert read(sheet, shared) == read(sheet, f"<!-- -->{shared}") == read(sheet, f"{shared}<extLst/>")


@pytest.mark.parametrize("writer", ["openpyxl", "xlsxwriter"])
def test_what_programs_write_is_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: str) -> None:
    """Else it would be read slowly, which no other test would notice."""
    path, results = tmp_path / "m.xlsx", list[bool]()
    take = PlainRows.take
    monkeypatch.setattr(PlainRows, "take", lambda *args: results.append(take(*args)) or results[-1])
    table = [
        ["A & <B>", 1, 2.5, None, True, "=A1" if writer == "xlsxwriter" else "", "long\ntext " * 99],
        *([f"A-{n}"] for n in range(9000)),
    ]
    if writer == "openpyxl":
        book = openpyxl.Workbook()
        for row in table:
            book.active.append(row)
        book.active.row_dimensions[3].hidden = True
        book.save(path)
    else:
        with xlsxwriter.Workbook(path) as other:
            page = other.add_worksheet()
            page.set_row(2, None, None, {"hidden": True})
            for number, row in enumerate(table):
                page.write_row(number, 0, row)
    assert len(cells(zipfile.ZipFile(path))) == len(table)
    assert results
    assert all(results)
