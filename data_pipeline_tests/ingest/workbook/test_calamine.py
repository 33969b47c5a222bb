"""Rules of reading XLS, XLSB and ODS: every cell as text, nothing turned into a blank."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest
import xlwt

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import Format
from data_pipeline.ingest.workbook.calamine import read_workbook, write_duration, write_number
from data_pipeline_tests.ingest.workbook import ods_files as ods
from data_pipeline_tests.ingest.workbook import workbooks as xlsx
from data_pipeline_tests.ingest.workbook import xls_files as xls
from data_pipeline_tests.ingest.workbook import xlsb_files as xlsb
from data_pipeline_tests.ingest.workbook.reading import read

VALUES = [1, 1.0, 1.5, 0.1 + 0.2, 1e22, 1e-7, 1e15 + 0.5, 8991234567890, True, False, "007", " x ", "1e5", -0.0]
VALUE_TEXTS = ("1", "1", "1.5", "0.30000000000000004", "10000000000000000000000", "0.0000001", "1000000000000000.5",
               "8991234567890", "TRUE", "FALSE", "007", " x ", "1e5", "0")  # fmt: skip


def test_an_xls_gives_every_value_as_its_text(tmp_path: Path) -> None:
    def fill(sheet: xlwt.Worksheet) -> None:
        for column, value in enumerate(VALUES):
            sheet.write(0, column, value)
        sheet.write_rich_text(1, 0, ["00", ("1", xlwt.easyfont("bold true"))])
        sheet.write_merge(2, 3, 0, 1, "merged")

    rows = read(xls.write_xlwt(tmp_path / "a.xls", fill)).cells.rows()

    assert rows[0] == VALUE_TEXTS
    assert [row[:2] for row in rows[1:]] == [("001", ""), ("merged", "")]


@pytest.mark.parametrize(
    ("is_1904", "serials"),
    [(False, ("1900-01-01", "1900-02-28", "1900-03-01", "2023-03-15")),
     (True, ("1904-01-02", "1904-02-29", "1904-03-02", "2027-03-16"))],
    ids=["1900", "1904"],
)  # fmt: skip
def test_an_xls_gives_dates_by_its_own_calendar(is_1904: bool, serials: tuple[str, ...], tmp_path: Path) -> None:
    def fill(sheet: xlwt.Worksheet) -> None:
        for column, serial in enumerate((1, 59, 61, 45000)):
            sheet.write(0, column, serial, xls.DATE)
        sheet.write(1, 0, dt.date(2025, 1, 2), xls.DATE)
        sheet.write(1, 1, dt.datetime(2025, 1, 2, 3, 4, 5), xls.MOMENT)  # noqa: DTZ001 - a cell has no zone
        sheet.write(1, 2, dt.time(3, 4, 5), xls.TIME)
        sheet.write(1, 3, 1.5, xls.DURATION)

    rows = read(xls.write_xlwt(tmp_path / "a.xls", fill, is_1904=is_1904)).cells.rows()

    assert rows == [serials, ("2025-01-02", "2025-01-02T03:04:05", "03:04:05", "PT36H00M00S")]


def test_an_xls_keeps_its_errors_apart_from_blanks(tmp_path: Path) -> None:
    cells = b"".join(
        xls.error(0, column, code) for column, code in enumerate((0x00, 0x07, 0x0F, 0x17, 0x1D, 0x24, 0x2A))
    )
    cells += xls.formula_error(1, 2, 0x07) + xls.boolean(1, 3, True) + xls.formula(1, 4, bytes(8))
    path = xls.write_xls(tmp_path / "a.xls", {"Other": xls.error(0, 0, 0x2A), "Stok": cells})

    rows = read(path, "Stok").cells.rows()

    assert rows == [
        ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"),
        ("", "", "#DIV/0!", "TRUE", "0", "", ""),
    ]


def test_an_xlsb_gives_every_value_as_its_text(tmp_path: Path) -> None:
    sheet = xlsb.sheet(
        xlsb.row(0, xlsb.text(0, "SKU"), xlsb.shared(1, 0), xlsb.integer(2, 7), xlsb.integer(3, -8),
                 xlsb.number(4, 0.1 + 0.2), xlsb.integer(5, 123_456_789), xlsb.boolean(6, True), xlsb.blank(7)),
        xlsb.row(1, xlsb.error(0, 0x07), xlsb.formula_error(1, 0x2A), xlsb.number(2, 1e22), xlsb.integer(3, 0)),
        xlsb.row(2, xlsb.integer(0, 45000, xlsb.DATE), xlsb.number(1, 45000, xlsb.DATE), xlsb.number(2, 0.5, xlsb.TIME),
                 xlsb.number(3, 1.5, xlsb.DURATION), xlsb.number(4, 45000.25, xlsb.MOMENT)),
    )  # fmt: skip

    rows = read(xlsb.write_xlsb(tmp_path / "a.xlsb", {"Stok": sheet}, strings=("0042 ",))).cells.rows()

    assert [tuple(filter(None, row)) for row in rows] == [
        ("SKU", "0042 ", "7", "-8", "0.30000000000000004", "123456789", "TRUE"),
        ("#DIV/0!", "#N/A", "10000000000000000000000", "0"),
        ("2023-03-15", "2023-03-15", "12:00:00", "PT36H00M00S", "2023-03-15T06:00:00"),
    ]


def test_an_xlsb_of_1904_counts_from_there(tmp_path: Path) -> None:
    sheet = xlsb.sheet(xlsb.row(0, xlsb.integer(0, 45000, xlsb.DATE)))

    path = xlsb.write_xlsb(tmp_path / "a.xlsb", {"Stok": sheet}, is_1904=True)

    assert read(path).cells.rows() == [("2027-03-16",)]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (ods.number("1"), "1"),
        (ods.number("0.30000000000000004"), "0.30000000000000004"),
        (ods.number("1E-05"), "0.00001"),
        (ods.cell('office:value-type="percentage" office:value="0.5"', "<text:p>50%</text:p>"), "0.5"),
        (ods.cell('office:value-type="currency" office:currency="IDR" office:value="12500"'), "12500"),
        (ods.cell('office:value-type="date" office:date-value="2025-01-02"', "<text:p>2/1/25</text:p>"), "2025-01-02"),
        (ods.cell('office:value-type="date" office:date-value="2025-01-02T03:04:05"'), "2025-01-02T03:04:05"),
        (ods.cell('office:value-type="time" office:time-value="PT36H00M00S"'), "PT36H00M00S"),
        (ods.cell('office:value-type="boolean" office:boolean-value="true"', "<text:p>WAHR</text:p>"), "TRUE"),
        (ods.text("007"), "007"),
        (ods.text("a<text:s/>b<text:s text:c='3'/>c"), "a b   c"),
        (ods.text("a<text:tab/>b<text:line-break/>c"), "a\tb\nc"),
        (ods.text("0<text:span>0</text:span>1"), "001"),
        (ods.cell('office:value-type="string"', "<text:p>1</text:p><text:p>2</text:p>"), "1\n2"),
        (ods.cell('office:value-type="float" office:value="3"',
                  "<office:annotation><text:p>#N/A</text:p></office:annotation><text:p>3</text:p>"), "3"),
        (ods.error("#DIV/0!"), "#DIV/0!"),
        (ods.error("Err:502"), "Err:502"),
        (ods.error("#WERT!"), "#WERT!"),
        (ods.cell('office:value-type="float" office:value="0" table:formula="of:=1/0"', "<text:p>#DIV/0!</text:p>"),
         "#DIV/0!"),
        (ods.cell("""office:value-type='string' table:formula='of:=IF(1>0;1/0)' office:string-value=''
                  calcext:value-type='error'""",
                  "<office:annotation><text:p>why</text:p></office:annotation><text:p>#N/A</text:p>"), "#N/A"),
        (ods.text("#1 Serum"), "#1 Serum"),
        (ods.number("5").replace("<text:p>5", "<text:p>#5"), "5"),
    ],
    ids=["whole", "noise", "exponent", "percentage", "currency", "date", "moment", "duration", "boolean", "zeros",
         "spaces", "tab and break", "rich", "paragraphs", "annotation", "error", "numbered error", "German error",
         "error of old programs", "error with annotation", "no error", "number with a sign"],
)  # fmt: skip
def test_an_ods_gives_every_value_as_its_text(cell: str, text: str, tmp_path: Path) -> None:
    path = ods.write_ods(tmp_path / "a.ods", {"Stok": ods.row(cell, ods.text("end"))})

    assert read(path).cells.rows() == [(text, "end")]


def test_repeated_cells_and_rows_of_ods_are_repeated(tmp_path: Path) -> None:
    rows = (
        ods.row(ods.text("x", 'table:number-columns-repeated="2"'), ods.error("#N/A"), repeated=2)
        + ods.row(
            ods.text("m", 'table:number-columns-spanned="2"'), ods.cell(tag="covered-table-cell"), ods.number("1")
        )
        + ods.row(ods.cell('table:number-columns-repeated="16384"'), repeated=1_048_000)
    )

    raw = read(ods.write_ods(tmp_path / "a.ods", {"Stok": rows}))

    assert raw.cells.rows() == [("x", "x", "#N/A"), ("x", "x", "#N/A"), ("m", "", "1")]
    assert raw.row_numbers == [1, 2, 3]


def test_an_xlsx_is_read_as_a_second_opinion(tmp_path: Path) -> None:
    cells = '<c r="A3" t="e"><v>#DIV/0!</v></c><c r="B3" t="b"><v>1</v></c><c r="C3"><v>6.0</v></c>'
    cells += """<c s='0' t = 'e' r='D3'><v>#SPILL!</v></c><c r="E3"><v>NAN</v></c>"""

    raw = read(xlsx.write_workbook(tmp_path / "a.xlsx", xlsx.HEADER + xlsx.row(3, cells)))

    assert raw.cells.rows() == [("SKU", "Stok", "", "", ""), ("#DIV/0!", "TRUE", "6", "#SPILL!", "NAN")]
    assert raw.row_numbers == [1, 3]


@pytest.mark.parametrize(("kind", "end"), [("xls", 700), ("xlsb", 700), ("ods", 700), ("xlsx", 700), ("xls", 4600)])
def test_a_damaged_workbook_is_refused(kind: Format, end: int, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "xls":
        xls.write_xlwt(path, lambda sheet: [sheet.write(at, 0, "SKU") for at in range(1000)])
    elif kind == "xlsx":
        xlsx.write_workbook(path, xlsx.HEADER)
    else:
        ods.write_ods(path, {"Stok": ods.row(ods.text("SKU"))})
    path.write_bytes(path.read_bytes()[:end])

    with pytest.raises(FileRejected) as refusal:
        read_workbook(path, path.name, format=kind)

    assert refusal.value.code == "UNREADABLE_FILE"
    assert str(refusal.value).startswith(f"a.{kind}: expected a whole file, but it cannot be opened (")
    assert str(refusal.value).endswith("It is damaged or was cut off on its way: export it again and send that.")


def test_an_ods_that_breaks_off_is_refused(tmp_path: Path) -> None:
    """Calamine would wait for its end for ever."""
    path = ods.write_ods(tmp_path / "a.ods", {"Stok": ods.row(ods.text("SKU"))})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content[:-120] if name == "content.xml" else content)

    with pytest.raises(FileRejected, match="breaks off"):
        read(path)


def test_a_duration_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    sheet = xlsb.sheet(xlsb.row(0, xlsb.number(0, 1e15, xlsb.DURATION)))

    with pytest.raises(FileRejected, match="must have magnitude"):
        read(xlsb.write_xlsb(tmp_path / "a.xlsb", {"Stok": sheet}))


@pytest.mark.parametrize(
    ("value", "text"),
    [(6.0, "6"), (-0.0, "0"), (0.07, "0.07"), (1e-05, "0.00001"), (1.5e300, "15" + "0" * 299), (-2.5, "-2.5"),
     (float("nan"), "NAN"), (float("-inf"), "-INF")],
)  # fmt: skip
def test_a_number_is_written_in_its_shortest_form_without_exponent(value: float, text: str) -> None:
    assert write_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(dt.timedelta(hours=36), "PT36H00M00S"), (dt.timedelta(seconds=61.5), "PT00H01M01.500S"),
     (dt.timedelta(hours=-1), "-PT01H00M00S"), (dt.timedelta(), "PT00H00M00S")],
)  # fmt: skip
def test_a_duration_is_written_in_iso_form(value: dt.timedelta, text: str) -> None:
    assert write_duration(value) == text
