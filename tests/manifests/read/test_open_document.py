"""OpenDocument workbooks: a cell is what its maker saw, and nothing that cannot be seen is sent unasked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from manifests import ManifestError, Reading, checker, open_manifest

DEFAULT, INCLUDE = Reading(), Reading(hidden="include")
HEADER = (
    '<table:table-row><table:table-cell office:value-type="string"><text:p>Invoice Number</text:p></table:table-cell>'
)
NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0"'
    for name, uri in {"office": "office", "table": "table", "text": "text", "style": "style", "draw": "drawing"}.items()
)
STYLE = '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>'


def ods(path: Path, rows: str, *, before: str = "", after: str = "", attributes: str = "") -> Path:
    """A workbook with a sheet S1 of these rows below a header."""
    header = f"{HEADER}</table:table-row>"
    sheet = f'<table:table table:name="S1"{attributes}>{before}{header}{rows}</table:table>{after}'
    spaces = f'{NAMESPACES} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    body = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"<office:document-content {spaces}>{STYLE}{body}</office:document-content>")
    return path


def row(cells: str, attributes: str = "") -> str:
    return f"<table:table-row{attributes}>{cells}</table:table-row>"


def cell(kind: str, shown: str, attributes: str = "") -> str:
    return f'<table:table-cell office:value-type="{kind}"{attributes}><text:p>{shown}</text:p></table:table-cell>'


def number(value: str, shown: str) -> str:
    return cell("float", shown, f' office:value="{value}"')


def sent(path: Path, reading: Reading = DEFAULT) -> list[str | None]:
    """The label of each row, or its problem, after the row that messages name."""
    with open_manifest(str(path), reading=reading) as source:
        check = checker(source.columns, path=source.path, reading=reading).check
        checked = [(batch, check(batch)) for batch in source.batches()]
        return [
            f"{source.shown_row(number)}: {problem or label}"
            for batch, each in checked
            for number, problem, label in zip(batch.rows, each.problems, each.objects, strict=True)
        ]


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (cell("string", "INV-1"), "INV-1"),
        (cell("string", "a<text:s/><text:s text:c='2'/>b<text:tab/><text:span>c</text:span>"), "control-characters"),
        (cell("string", "x<text:s text:c='2'/><text:a>y</text:a>"), "x  y"),
        (cell("string", "INV-1</text:p><office:annotation><text:p>note</text:p></office:annotation><text:p>"), None),
        (number("123", "123"), "123"),
        (number("123", "0000123"), "not-text: Invoice Number is a number that is shown as '0000123'"),
        (number("1000", "1,000"), "not-text: Invoice Number is a number that is shown as '1,000'"),
        (number("123", ""), "not-text: Invoice Number is a number, and the file does not say how it looks"),
        (number("1.5", "1.5"), "not-text: Invoice Number is a fraction"),
        (number("-5", "-5"), "not-text: Invoice Number is a negative number"),
        (number("1234567890123456", "1234567890123456"), "not-text: Invoice Number is a number of more than 15 digits"),
        (cell("percentage", "15%", ' office:value="0.15"'), "not-text: Invoice Number is a fraction"),
        (
            cell("currency", "5 EUR", ' office:value="5"'),
            "not-text: Invoice Number is a number that is shown as '5 EUR'",
        ),
        (cell("date", "12-Jan", ' office:date-value="2026-01-12"'), "not-text: Invoice Number is a date or time"),
        (cell("boolean", "TRUE", ' office:boolean-value="true"'), "not-text: Invoice Number is true or false"),
        (
            cell("string", "#N/A", ' calcext:value-type="error" table:formula="of:=X"'),
            "not-text: Invoice Number is an error",
        ),
        (cell("string", "INV-7", ' table:formula="of:=X"'), "INV-7"),
        (cell("float", "0", ' office:value="0" table:formula="of:=X"'), "not-text: Invoice Number is a formula whose"),
        ('<table:table-cell table:formula="of:=X"/>', "not-text: Invoice Number is a formula without a stored value"),
        (
            '<table:table-cell table:formula="of:=X"/><table:table-cell table:number-columns-repeated="16383"/>',
            "not-text",
        ),
    ],
)
def test_a_cell_is_what_its_maker_saw(tmp_path: Path, content: str, result: str | None) -> None:
    """Or its row is rejected by name."""
    (only,) = sent(ods(tmp_path / "m.ods", row(content)))
    assert only.startswith(f"2: {result or 'INV-1'}")


def test_rows_keep_their_numbers(tmp_path: Path) -> None:
    """Whatever is repeated or empty; the million empty rows at the end of a sheet are none."""
    empty = row("<table:table-cell/>", ' table:number-rows-repeated="3"')
    rows = row(cell("string", "I1"), ' table:number-rows-repeated="2"') + empty + row(cell("string", "I2"))
    path = ods(tmp_path / "m.ods", rows + empty.replace('"3"', '"1048570"'))
    assert sent(path) == ["2: I1", "3: I1", "7: I2"]


@pytest.mark.parametrize("how", ["collapse", "filter", "group"])
def test_hidden_rows_need_consent(tmp_path: Path, how: str) -> None:
    """Hidden by hand, by a filter, or folded away in a group."""
    hiding = f' table:visibility="{how}"' if how != "group" else ""
    hidden = row(cell("string", "I2"), hiding)
    if how == "group":
        hidden = f'<table:table-row-group table:display="false">{hidden}</table:table-row-group>'
    path = ods(tmp_path / "m.ods", row(cell("string", "I1")) + hidden + row(cell("string", "I3")))
    with pytest.raises(ManifestError, match="row 3: 1 row is hidden or filtered out"):
        sent(path)
    assert sent(path, Reading(hidden="skip")) == ["2: I1", "4: I3"]
    assert sent(path, INCLUDE) == ["2: I1", "3: I2", "4: I3"]


def test_hidden_columns_are_noted(tmp_path: Path) -> None:
    """They are read all the same."""
    column = '<table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="9"/>'
    path = ods(tmp_path / "m.ods", row(cell("string", "I1") + cell("string", "x")), before=column)
    content = (
        zipfile.ZipFile(path)
        .read("content.xml")
        .decode()
        .replace("Number</text:p></table:table-cell>", "Number</text:p></table:table-cell>" + cell("string", "note"))
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    with open_manifest(str(path)) as source:
        assert list(source.notes) == [f"{path}, sheet S1: 1 column is hidden and read all the same ('note')"]


def test_hidden_and_further_sheets_need_a_choice(tmp_path: Path) -> None:
    """As in Excel's workbooks."""
    other = (
        f'<table:table table:name="S2">{row(cell("string", "Invoice Number"))}{row(cell("string", "I9"))}</table:table>'
    )
    hidden = ods(tmp_path / "h.ods", row(cell("string", "I1")), attributes=' table:style-name="ta2"')
    with pytest.raises(ManifestError, match="only the hidden sheet 'S1' has values"):
        sent(hidden)
    both = ods(tmp_path / "b.ods", row(cell("string", "I1")), after=other)
    with pytest.raises(ManifestError, match=r"several sheets have values \('S1', 'S2'\)"):
        sent(both)
    assert sent(both, Reading(sheet="S2")) == ["2: I9"]


def test_an_encrypted_document_is_named(tmp_path: Path) -> None:
    """Not called damaged."""
    path = tmp_path / "m.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
        archive.writestr("content.xml", b"\x00\x01")
    with pytest.raises(ManifestError, match="protected by a password"):
        sent(path)
