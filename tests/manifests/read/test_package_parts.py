"""Workbooks as their XML can be: whatever a cell or a package looks like, no row vanishes and no text is made up."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from manifests import ManifestError, Reading, checker, open_manifest
from manifests.read.number_formats import Shown, shown_by

ROWS = (["invoiceNumber", "note"], ["INV-1", "a"], ["INV-2", "b"], ["INV-3", "c"])
Edit = Callable[[str, bytes], tuple[str, bytes]]


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Edit], str]:
    """A workbook with three invoices, whose parts somebody changed."""

    def make(edit: Edit) -> str:
        book = openpyxl.Workbook()
        for row in ROWS:
            book.active.append(row)
        plain, path = tmp_path / "plain.xlsx", tmp_path / "m.xlsx"
        book.save(plain)
        with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
            for name in source.namelist():
                target.writestr(*edit(name, source.read(name)))
        return str(path)

    return make


def in_sheet(pattern: bytes, replacement: bytes) -> Edit:
    """A change of the sheet's own XML."""

    def edit(name: str, content: bytes) -> tuple[str, bytes]:
        return name, re.sub(pattern, replacement, content) if name.endswith("sheet1.xml") else content

    return edit


def outcome(path: str, **reading: object) -> list[str]:
    """The label of each row, or the rule that it breaks."""
    rows: list[str] = []
    how = Reading(**reading)  # type: ignore[arg-type]
    with open_manifest(path, reading=how) as source:
        check = checker(source.columns, path=path, reading=how).check
        for batch in source.batches():
            checked = check(batch)
            pairs = zip(checked.objects, checked.problems, strict=True)
            rows += [problem.partition(":")[0] if problem else label or "" for label, problem in pairs]
    return rows


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (b't="e"/>', "not-text"),
        (b't="e"><v>#REF!</v></c>', "not-text"),
        (b"><v>abc</v></c>", "not-text"),
        (b"><v>1_000</v></c>", "not-text"),
        (b"><v>NaN</v></c>", "not-text"),
        (b"><v>-5</v></c>", "not-text"),
        (b"><v>007</v></c>", "7"),
        (b"><v>1E3</v></c>", "1000"),
        (b't="str"><f t="shared" si="0"/></c>', "not-text"),
        (b't="str"><f>A2</f><v>INV-9</v></c>', "INV-9"),
        (b"><f>A2</f><v>0.0</v></c>", "not-text"),
    ],
)
def test_a_cell_is_what_excel_shows_or_rejected(edited: Callable[[Edit], str], cell: bytes, expected: str) -> None:
    """Its row stays, also where it is the only cell."""
    whole = edited(in_sheet(rb'<row r="3".*?</row>', b'<row r="3"><c r="A3" ' + cell + b"</row>"))
    assert outcome(whole) == ["INV-1", expected, "INV-3"]


@pytest.mark.parametrize("number", [b"999", b"-1", b"x"])
def test_what_cannot_be_read_is_named_with_its_row(edited: Callable[[Edit], str], number: bytes) -> None:
    """A text that the workbook does not have."""
    cell = b'<c r="A3" t="s"><v>%s</v></c>' % number
    with pytest.raises(ManifestError, match="row 3"):
        outcome(edited(in_sheet(rb'<c r="A3".*?</c>', cell)))


def moved(before: str, after: str) -> Edit:
    return lambda name, content: (name.replace(before, after), content.replace(before.encode(), after.encode()))


@pytest.mark.parametrize(
    "edit",
    [
        moved("workbook.xml", "workbook2.xml"),
        moved("xl/", "book/"),
        moved("xl/", "XL/"),
        moved("sharedStrings.xml", "texts.xml"),
        lambda name, content: (name.replace("/", "\\"), content),
    ],
    ids=["name", "folder", "capitals", "texts", "backslashes"],
)
def test_parts_are_where_the_package_says(edited: Callable[[Edit], str], edit: Edit) -> None:
    """Not where Excel usually puts them."""
    assert outcome(edited(edit)) == ["INV-1", "INV-2", "INV-3"]


def test_an_office_document_of_another_kind_is_named(tmp_path: Path) -> None:
    """Word's main part is not a workbook."""
    path = tmp_path / "m.docx"
    relation = '<Relationship Id="r" Type="http://x/relationships/officeDocument" Target="word/document.xml"/>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", f"<Relationships>{relation}</Relationships>")
        archive.writestr("word/document.xml", "<w:document/>")
    with pytest.raises(ManifestError, match="not a workbook"):
        outcome(str(path))


def test_hidden_columns_are_noted(edited: Callable[[Edit], str]) -> None:
    """They are read all the same: the person is told which."""
    for attributes in (b'hidden="1"', b'width="0" customWidth="1"'):
        columns = b'<cols><col min="1" max="1" %s/></cols><sheetData>' % attributes
        with open_manifest(edited(in_sheet(b"<sheetData>", columns))) as source:
            assert [
                note.endswith("1 column is hidden and read all the same ('invoiceNumber')") for note in source.notes
            ]
            assert len(source.notes) == 1
    with open_manifest(edited(in_sheet(b"", b""))) as source:
        assert not source.notes


def test_a_hidden_header_wants_consent(edited: Callable[[Edit], str]) -> None:
    """The person sees another first row."""
    path = edited(in_sheet(b'<row r="1"', b'<row r="1" hidden="1"'))
    with pytest.raises(ManifestError, match="row 1: 1 row is hidden"):
        outcome(path)
    assert outcome(path, hidden="include") == ["INV-1", "INV-2", "INV-3"]
    assert outcome(path, header_row=1) == ["INV-1", "INV-2", "INV-3"]


def test_rows_that_are_in_the_file_are_not_hidden_by_default(edited: Callable[[Edit], str]) -> None:
    """`zeroHeight` hides the rows that are not (ECMA-376, part 1, 18.3.1.81)."""
    path = edited(in_sheet(b"<sheetFormatPr ", b'<sheetFormatPr zeroHeight="1" '))
    assert outcome(path) == ["INV-1", "INV-2", "INV-3"]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        *((code, Shown.DIGITS) for code in ("General", "0", "@", "0_);(0)", "[Red]0", "[$-409]General", "##0", "0;-0")),
        *(
            (code, Shown.OTHERWISE)
            for code in ("00", "0,", '"INV-"0', "0\\x", "*-0", "[<100]0;0", ";;;", "_)", "# ##0")
        ),
        *((code, Shown.AMOUNT) for code in ("#,##0", "0.00", "_-* #,##0_-")),
        *((code, Shown.DATE) for code in ("yyyy-mm-dd", "[h]:mm", "[$-407]d. mmm")),
    ],
)
def test_how_a_format_shows_a_number(code: str, shown: Shown) -> None:
    """Digits alone, or something that the stored number does not show."""
    assert shown_by(code) is shown
