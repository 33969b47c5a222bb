"""Rules of dates: a number that the workbook shows as a date arrives as that date, in ISO form."""

from pathlib import Path

import polars as pl
import pytest

from data_pipeline.ingest.workbook.date_styles import DateKind, classify_format
from data_pipeline.ingest.workbook.serial_dates import write_dates
from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, MAIN, OFFICE, RELATIONS, WORKBOOK, row, write_workbook

FORMATS = {"none": 0, "date": 14, "moment": 22, "time": 21, "duration": 46, "own": 164, "digits": 165}
OWN_FORMATS = (
    '<numFmt numFmtId="164" formatCode="dd/mm/yyyy;@"/><numFmt numFmtId="165" formatCode="0.00 &quot;d&quot;"/>'
)
CELL_STYLES = "".join(f'<xf numFmtId="{number}"/>' for number in FORMATS.values())
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts>{OWN_FORMATS}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    f"<cellXfs>{CELL_STYLES}</cellXfs></styleSheet>"
)
MAC_WORKBOOK = WORKBOOK.replace("<sheets>", '<workbookPr date1904="1"/><sheets>')


def style(name: str) -> int:
    """The position of a style."""
    return list(FORMATS).index(name)


def read_cells(path: Path, *cells: str, workbook: str = WORKBOOK, rows: str = "") -> list[str]:
    """Texts of the row below the header."""
    parts = {"xl/styles.xml": STYLES, "xl/workbook.xml": workbook}
    raw = read_xlsx(write_workbook(path / "a.xlsx", HEADER + row(2, *cells) + rows, parts=parts), "a.xlsx")
    return [text or "" for text in raw.cells.row(1)]


@pytest.mark.parametrize(
    ("shown", "stored", "text"),
    [
        ("date", "45986", "2025-11-25"),
        ("own", "45986", "2025-11-25"),
        ("date", "45986.5", "2025-11-25T12:00:00"),
        ("moment", "45986.40106481482", "2025-11-25T09:37:32"),
        ("moment", "45986", "2025-11-25"),
        ("time", "0.40106481482", "09:37:32"),
        ("time", "0", "00:00:00"),
        ("time", "45986.5", "2025-11-25T12:00:00"),
        ("duration", "1.104166666667", "PT26H30M00S"),
        ("duration", "0.5000057870", "PT12H00M00.500S"),
        ("duration", "-0.25", "-PT06H00M00S"),
        ("none", "45986", "45986"),
        ("digits", "45986", "45986"),
        ("date", "4.5986E4", "2025-11-25"),
        ("date", "2958465", "9999-12-31"),
        ("date", "2958466", "2958466"),
        ("date", "-1", "-1"),
        ("date", "soon", "soon"),
    ],
)
def test_a_number_arrives_as_what_the_workbook_shows(shown: str, stored: str, text: str, tmp_path: Path) -> None:
    cell = f'<c r="A2" s="{style(shown)}"><v>{stored}</v></c>'

    assert read_cells(tmp_path, cell, '<c r="B2"><v>7</v></c>') == [text, "7"]


@pytest.mark.parametrize(
    ("days", "in_1900", "in_1904"),
    [
        ("0", "1900-01-00", "1904-01-01"),
        ("0.5", "12:00:00", "1904-01-01T12:00:00"),
        ("1", "1900-01-01", "1904-01-02"),
        ("59", "1900-02-28", "1904-02-29"),
        ("60", "1900-02-29", "1904-03-01"),
        ("61", "1900-03-01", "1904-03-02"),
        ("44524", "2021-11-24", "2025-11-25"),
    ],
)
def test_days_are_counted_by_the_workbooks_own_system(days: str, in_1900: str, in_1904: str, tmp_path: Path) -> None:
    """The first system counts a 29 February 1900 that never was: it arrives as such, and is no date to anybody."""
    cell = f'<c r="A2" s="{style("date")}"><v>{days}</v></c>'

    assert read_cells(tmp_path, cell)[0] == in_1900
    assert read_cells(tmp_path, cell, workbook=MAC_WORKBOOK)[0] == in_1904


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A2" s="{}" t="n"><v>45986</v></c>', "2025-11-25"),
        ('<c s="{}" r="A2"><f>TODAY()</f><v>45986</v></c>', "2025-11-25"),
        ('<c s="{}"><v>45986</v></c>', "2025-11-25"),
        ('<c r="A2" s="{}" t="str"><v>45986</v></c>', "45986"),
        ('<c r="A2" s="{}" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="A2" s="{}" t="b"><v>1</v></c>', "1"),
        ('<c r="A2" s="{}" t="inlineStr"><is><t>45986</t></is></c>', "45986"),
        ('<c r="A2" t="d"><v>2025-11-25T09:37:32</v></c>', "2025-11-25T09:37:32"),
        ('<c r="A2" t="d"><v>09:37:32</v></c>', "09:37:32"),
        ('<c r="A2" s="{}"/>', ""),
    ],
    ids=["number", "formula", "no place", "text", "error", "boolean", "own text", "iso date", "iso time", "blank"],
)
def test_only_numbers_become_dates(cell: str, text: str, tmp_path: Path) -> None:
    assert read_cells(tmp_path, cell.format(style("date")), '<c r="B2"><v>7</v></c>') == [text, "7"]


def test_dates_of_several_kinds_stand_where_they_stood(tmp_path: Path) -> None:
    cells = (f'<c r="A{n}" s="{style(kind)}"><v>{n}</v></c>' for n, kind in ((4, "date"), (5, "none"), (9, "duration")))
    rows = "".join(f'<row r="{n}">{cell}</row>' for n, cell in zip((4, 5, 9), cells, strict=True))

    path = write_workbook(tmp_path / "a.xlsx", HEADER + rows, parts={"xl/styles.xml": STYLES})

    assert read_xlsx(path, "a.xlsx").cells["0"].to_list() == ["SKU", "1900-01-04", "5", "PT216H00M00S"]


def test_styled_blanks_beyond_the_table_are_no_dates(tmp_path: Path) -> None:
    cells = f'<c r="A2"><v>1</v></c><c r="XFD2" s="{style("date")}"></c>'
    rows = f'{HEADER}<row r="2">{cells}</row>'

    path = write_workbook(tmp_path / "a.xlsx", rows, parts={"xl/styles.xml": STYLES})

    assert read_xlsx(path, "a.xlsx").cells.rows() == [("SKU", "Stok"), ("1", "")]


def test_styles_may_lie_anywhere(tmp_path: Path) -> None:
    relation = f'<Relationship Id="rId3" Type="{OFFICE}/styles" Target="/xl/Look.xml"/></Relationships>'
    parts = {
        "xl/Look.xml": STYLES,
        "xl/_rels/workbook.xml.rels": RELATIONS.replace("</Relationships>", relation),
    }
    rows = HEADER + row(2, f'<c r="A2" s="{style("date")}"><v>45986</v></c>')

    path = write_workbook(tmp_path / "a.xlsx", rows, parts=parts)

    assert read_xlsx(path, "a.xlsx").cells.row(1)[0] == "2025-11-25"


def test_a_default_style_may_be_a_date(tmp_path: Path) -> None:
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'
    rows = HEADER + row(2, '<c r="A2"><v>45986</v></c>')

    path = write_workbook(tmp_path / "a.xlsx", rows, parts={"xl/styles.xml": styles})

    assert read_xlsx(path, "a.xlsx").cells["0"].to_list() == ["SKU", "2025-11-25"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", None),
        ("0.00E+00", None),
        ("#,##0;[Red]-#,##0", None),
        ('0 "hari"', None),
        (r"0\d", None),
        ("[$Rp-421]#,##0", None),
        ("@", None),
        (";;;", None),
        ("yyyy-mm-dd", "date"),
        ("[$-409]d-mmm-yy;@", "date"),
        ("mmm", "date"),
        ('[=0]"-";dd/mm/yy', "date"),
        ("d/m/yyyy h:mm", "date"),
        ("h:mm AM/PM", "time"),
        ("mm:ss.0", "time"),
        ("[h]:mm:ss", "duration"),
        ("[mm]:ss", "duration"),
        ("[Red][hh]:mm", "duration"),
    ],
)
def test_a_number_format_says_what_it_shows(code: str, kind: DateKind | None) -> None:
    assert classify_format(code) == kind


def test_nothing_is_written_of_no_numbers() -> None:
    assert write_dates(pl.Series([], dtype=pl.String), "date", has_1904_dates=False).to_list() == []
