"""Rules of reading workbooks as programs write them: whatever the form, the same table and nothing lost of it."""

from pathlib import Path

import pytest

from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline_tests.ingest.workbook.workbooks import (
    HEADER,
    MAIN,
    OFFICE,
    RELATIONS,
    row,
    sheet,
    write_workbook,
)

SHEET = "xl/worksheets/sheet1.xml"
TABLE = [("SKU", "Stok"), ("x", "7")]
# Program -> how it writes the record ("x", 7), "x" being shared text 0 where it shares texts.
RECORDS = {
    "Excel": '<row r="2" spans="1:2" ht="15.75" thickBot="1" x14ac:dyDescent="0.25"><c r="A2" s="1" t="s"><v>0</v></c>'
    '<c r="B2" s="2"><v>7</v></c></row>',
    "Excel, formulas": '<row r="2"><c r="A2" t="str"><f t="shared" ref="A2:A3" si="0">B1&amp;"x"</f><v>x</v></c>'
    '<c r="B2" cm="1"><f t="array" ref="B2" aca="1">_xlfn.UNIQUE(A1)</f><v>7</v></c></row>',
    "LibreOffice": '<row r="2" customFormat="false" ht="12.8" hidden="false" outlineLevel="0" collapsed="false">'
    '<c r="A2" s="0" t="s"><v>0</v></c><c r="B2" s="0" t="n"><f aca="false">3+4</f><v>7</v></c></row>',
    "SheetJS": '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="n"><v>7</v></c></row>',
    "openpyxl": '<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c><c r="B2" t="n"><v>7</v></c></row>',
    "XML libraries": '<row r="2"><c t="inlineStr" r="A2"><is><t xml:space="preserve">x</t></is></c>'
    '<c r="B2"><v>7</v></c><c r="C2"><v /></c><c r="D2" s="1" /></row><row r="3" />',
    "POI, streaming": '<row r="2">\n<c r="A2" t="inlineStr"><is><t>x</t></is></c><c r="B2" t="n"><v>7</v></c></row>\n',
    "indented": '\n  <row r="2">\n    <c r="A2" t="s">\n      <v>0</v>\n    </c>\n    <c r="B2">\n      <f/>\n'
    "      <v>7</v>\n    </c>\n  </row>\n",
    "without places": '<row><c t="s"><v>0</v></c><c><v>7</v></c></row>',
    "rich text": '<row r="2"><c r="A2" t="inlineStr"><is><r><rPr><b/><sz val="11"/><rFont val="O\'Neil"/></rPr><t>x</t>'
    '</r><rPh sb="0" eb="1"><t>y</t></rPh><phoneticPr fontId="1"/></is></c><c r="B2"><v>7</v></c></row>',
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_every_programs_form_is_read(record: str, tmp_path: Path) -> None:
    raw = read_xlsx(write_workbook(tmp_path / "a.xlsx", HEADER + record, strings=("x",)), "a.xlsx")

    assert [texts[:2] for texts in raw.cells.fill_null("").rows()][:2] == TABLE
    assert list(raw.row_numbers)[:2] == [1, 2]


def test_the_table_is_as_wide_as_its_widest_row(tmp_path: Path) -> None:
    rows = (
        HEADER + row(2, '<c r="A2"><v>1</v></c>') + row(3, '<c r="AZ3"><v>9</v></c>') + row(4, '<c r="B4"><v>2</v></c>')
    )

    cells = read_xlsx(write_workbook(tmp_path / "a.xlsx", rows), "a.xlsx").cells

    assert cells.width == 52
    assert cells.row(2)[51] == "9"


@pytest.mark.parametrize("place", ["D", "IV", "KZ"])
def test_a_wider_row_far_down_is_read(place: str, tmp_path: Path) -> None:
    """Not every row of a long table is asked where it ends before it is read."""
    rows = "".join(row(n, f'<c r="A{n}"><v>{n}</v></c>') for n in range(2, 3000))
    wide = row(3000, '<c r="A3000"><v>1</v></c>', f'<c r="{place}3000"><v>9</v></c>')
    more = "".join(row(n, f'<c r="A{n}"><v>{n}</v></c>') for n in range(3001, 3100))

    cells = read_xlsx(write_workbook(tmp_path / "a.xlsx", HEADER + rows + wide + more), "a.xlsx").cells

    assert cells.width == {"D": 4, "IV": 256, "KZ": 312}[place]
    assert cells.row(2999)[-1] == "9"


@pytest.mark.parametrize("record", ['<c r="A2"><v>1</v></c><c r="KZ2"><v>9</v></c>', f"{'<c/>' * 311}<c><v>9</v></c>"])
def test_cells_of_hundreds_of_columns_are_read(record: str, tmp_path: Path) -> None:
    cells = read_xlsx(write_workbook(tmp_path / "a.xlsx", HEADER + f'<row r="2">{record}</row>'), "a.xlsx").cells

    assert (cells.width, cells.row(1)[-1]) == (312, "9")


def test_blank_cells_with_a_style_make_a_table_no_wider(tmp_path: Path) -> None:
    rows = HEADER + row(2, '<c r="A2"><v>1</v></c>', '<c r="XFD2" s="1"/>')

    assert read_xlsx(write_workbook(tmp_path / "a.xlsx", rows), "a.xlsx").cells.width == 2


def test_empty_shared_texts_are_blanks(tmp_path: Path) -> None:
    """Java programs write them for every blank cell."""
    cells = row(2, '<c r="A2" t="s"><v>1</v></c>', '<c r="B2" t="s"><v>0</v></c>')
    path = write_workbook(tmp_path / "a.xlsx", HEADER + cells, strings=("x", ""))

    assert read_xlsx(path, "a.xlsx").cells.row(1) == ("", "x")


@pytest.mark.parametrize("count", [3, 500])
def test_any_number_of_empty_shared_texts_may_be_used(count: int, tmp_path: Path) -> None:
    cells = "".join(row(n + 2, f'<c r="A{n + 2}" t="s"><v>{n}</v></c>') for n in range(count))
    path = write_workbook(tmp_path / "a.xlsx", HEADER + cells, strings=("",) * count)

    assert read_xlsx(path, "a.xlsx").cells["0"].to_list() == ["SKU", *[""] * count]


def with_sheets(path: Path, states: dict[str, str]) -> Path:
    """A workbook of sheets in these states; each holds its name, blank ones nothing."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="x{n}"/>'
        for n, (name, state) in enumerate(states.items())
    )
    kinds = {name: "chartsheet" if name == "Chart" else "worksheet" for name in states}
    related = "".join(
        f'<Relationship Id="x{n}" Type="{OFFICE}/{kinds[name]}" Target="worksheets/own{n}.xml"/>'
        for n, name in enumerate(states)
    )
    parts: dict[str, str | bytes | None] = {
        f"xl/worksheets/own{n}.xml": sheet("" if name == "Blank" else row(1, f'<c r="A1" t="str"><v>{name}</v></c>'))
        for n, name in enumerate(states)
    }
    parts["xl/workbook.xml"] = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = RELATIONS.replace("</Relationships>", f"{related}</Relationships>")
    return write_workbook(path / "a.xlsx", "", parts=parts)


@pytest.mark.parametrize(
    ("states", "wanted", "chosen"),
    [
        ({"One": "visible", "Two": "visible"}, None, "One"),
        ({"One": "hidden", "Two": "visible"}, None, "Two"),
        ({"One": "hidden", "Two": "veryHidden"}, None, "One"),
        ({"Blank": "visible", "Two": "visible"}, None, "Two"),
        ({"Blank": "visible", "Two": "hidden"}, None, "Blank"),
        ({"Chart": "visible", "Two": "visible"}, None, "Two"),
        ({"One": "visible", "Two": "visible"}, 2, "Two"),
        ({"One": "visible", "Two": "hidden"}, "two ", "Two"),
        ({"Chart": "visible", "Two": "visible"}, 2, "Two"),
    ],
)
def test_the_sheet_is_the_wanted_one_or_the_first_to_be_seen(
    states: dict[str, str], wanted: str | int | None, chosen: str, tmp_path: Path
) -> None:
    raw = read_xlsx(with_sheets(tmp_path, states), "a.xlsx", sheet=wanted)

    assert raw.sheet == chosen
    assert raw.cells.rows() == ([] if chosen == "Blank" else [(chosen,)])


@pytest.mark.parametrize(
    ("rows", "findings"),
    [
        (row(2, '<c r="A2"><f>1+1</f><v>2</v></c>', '<c r="B2" t="str"><f>""</f><v></v></c>'), {
            "FORMULAS": "a.xlsx: 2 cells hold formulas, which are not computed: the stored values are used",
        }),
        (row(2, '<c r="A2"><f>1+1</f><v></v></c>', '<c r="B2"><f>1+1</f></c>', '<c r="C2"><v>1</v></c>'), {
            "FORMULAS": "a.xlsx: 2 cells hold formulas, which are not computed: the stored values are used",
            "FORMULAS_WITHOUT_VALUE": "a.xlsx: 2 formulas have no stored value and count as blank. Open the workbook "
            "in a spreadsheet program, save it and send that",
        }),
        (row(2, '<c r="A2"><v>1</v></c>'), {}),
    ],
    ids=["with values", "without values", "none"],
)  # fmt: skip
def test_formulas_are_told(rows: str, findings: dict[str, str], tmp_path: Path) -> None:
    raw = read_xlsx(write_workbook(tmp_path / "a.xlsx", HEADER + rows), "a.xlsx")

    assert {finding.code: finding.message for finding in raw.findings} == findings


def test_hidden_sheets_are_told(tmp_path: Path) -> None:
    raw = read_xlsx(with_sheets(tmp_path, {"One": "visible", "Old": "hidden", "Older": "veryHidden"}), "a.xlsx")

    assert [finding.message for finding in raw.findings] == ["a.xlsx: the workbook has 2 hidden sheets: 'Old', 'Older'"]
