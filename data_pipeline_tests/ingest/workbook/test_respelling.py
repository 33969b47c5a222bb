"""Rules of workbooks that say the same in other words: they are read as if they said it in the usual ones."""

import re
from pathlib import Path

import pytest

from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline_tests.ingest.workbook.workbooks import RELATIONS, WORKBOOK, build_parts, row, write_workbook

BOOK, RELS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
ROWS = row(1, '<c r="A1" t="s"><v>0</v></c>') + row(2, '<c r="A2"><v>7</v></c>')
WHOLE = build_parts(ROWS, strings=("SKU",))
EMPTY_TAB = '<sheet name="Modul" sheetId="2" r:id=""/></sheets>'


@pytest.mark.parametrize(
    "parts",
    [
        {TEXTS: None, "xl/SharedStrings.xml": WHOLE[TEXTS]},
        {SHEET: None, "xl/worksheets/Sheet1.xml": WHOLE[SHEET]},
        {RELS: re.sub(r"<(/?)Relationship", r"<\1p:Relationship", RELATIONS).replace("xmlns=", "xmlns:p=")},
        {BOOK: WORKBOOK.replace("r:id", "d3p1:id").replace("xmlns:r=", "xmlns:d3p1=")},
        {BOOK: WORKBOOK.replace("</sheets>", EMPTY_TAB)},
    ],
    ids=["case of the texts", "case of a sheet", "prefix of relations", "prefix of a reference", "tab of nothing"],
)
def test_names_of_parts_have_no_case_and_prefixes_no_meaning(parts: dict[str, str | None], tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ROWS, strings=("SKU",), parts=parts)

    raw = read_xlsx(path, "a.xlsx")

    assert (raw.sheet, raw.row_numbers) == ("Sheet 1", [1, 2])
    assert raw.cells.rows() == [("SKU",), ("7",)]


def test_days_are_counted_from_where_the_workbook_says(tmp_path: Path) -> None:
    book = WORKBOOK.replace("<sheets>", '<workbookPr date1904="1"/><sheets>').replace("</sheets>", EMPTY_TAB)
    styles = '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>'
    parts = {BOOK: book, "xl/styles.xml": styles + '<xf numFmtId="14"/></cellXfs></styleSheet>'}
    path = write_workbook(tmp_path / "a.xlsx", row(1, '<c r="A1" s="0"><v>1</v></c>'), parts=parts)

    assert read_xlsx(path, "a.xlsx").cells.rows() == [("1904-01-02",)]


def test_a_shared_text_may_be_what_a_formula_gives(tmp_path: Path) -> None:
    cells = row(1, '<c r="A1" t="s"><f>"SKU"</f><v>0</v></c>', '<c r="B1" t="s"><f>""</f><v>1</v></c>')
    path = write_workbook(tmp_path / "a.xlsx", cells, strings=("SKU", ""))

    assert [tuple(filter(None, cells)) for cells in read_xlsx(path, "a.xlsx").cells.rows()] == [("SKU",)]
