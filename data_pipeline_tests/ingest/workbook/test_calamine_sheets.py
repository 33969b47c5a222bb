"""Rules of reading XLS, XLSB and ODS: every row where it stands, and which sheet."""

from pathlib import Path

import pytest
import xlwt

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.workbook.calamine import list_sheets
from data_pipeline_tests.ingest.workbook import ods_files as ods
from data_pipeline_tests.ingest.workbook import xls_files as xls
from data_pipeline_tests.ingest.workbook import xlsb_files as xlsb
from data_pipeline_tests.ingest.workbook.reading import read

BLANK = ods.cell()


def write_with_gaps(path: Path) -> Path:
    """A header in row 3, records in rows 5 and 6 and 9, from column B on."""
    if path.suffix == ".xlsb":
        cells = {2: xlsb.text(1, "SKU"), 4: xlsb.text(1, "a"), 5: xlsb.text(2, "b"), 8: xlsb.text(1, "c")}
        return xlsb.write_xlsb(path, {"Stok": xlsb.sheet(*(xlsb.row(at, cell) for at, cell in cells.items()))})
    if path.suffix == ".ods":
        rows = [ods.row(BLANK, repeated=2), ods.row(BLANK, ods.text("SKU")), ods.row(BLANK)]
        rows += [ods.row(BLANK, ods.text("a")), ods.row(BLANK, BLANK, ods.text("b"))]
        rows += [ods.row(BLANK, repeated=2), ods.row(BLANK, ods.text("c"))]
        return ods.write_ods(path, {"Stok": "".join(rows)})
    cells = ((2, 1, "SKU"), (4, 1, "a"), (5, 2, "b"), (6, 1, ""), (8, 1, "c"))
    return xls.write_xlwt(path, lambda sheet: [sheet.write(*cell, xls.DATE) for cell in cells])


@pytest.mark.parametrize("suffix", [".xls", ".xlsb", ".ods"])
def test_rows_are_numbered_as_the_sender_sees_them(suffix: str, tmp_path: Path) -> None:
    raw = read(write_with_gaps(tmp_path / f"a{suffix}"))

    assert raw.row_numbers == [3, 5, 6, 9]
    assert raw.cells.rows() == [("", "SKU", ""), ("", "a", ""), ("", "", "b"), ("", "c", "")]


def write_sheets(path: Path) -> Path:
    """An empty sheet, a hidden one, one with content, another one."""
    names = ("Kosong", "Rahasia", "Stok", "Retur")
    if path.suffix == ".xlsb":
        sheets = {name: xlsb.sheet(*([xlsb.row(0, xlsb.text(0, name))] * (name != "Kosong"))) for name in names}
        return xlsb.write_xlsb(path, sheets, hidden=("Rahasia",))
    if path.suffix == ".ods":
        tables = {name: ods.row(ods.text(name)) if name != "Kosong" else ods.row(BLANK) for name in names}
        return ods.write_ods(path, tables, hidden=("Rahasia",))
    book = xlwt.Workbook()
    for name in names:
        sheet = book.add_sheet(name)
        sheet.visibility = 2 * (name == "Rahasia")
        if name != "Kosong":
            sheet.write(0, 0, name)
    book.save(str(path))
    return path


@pytest.mark.parametrize("suffix", [".xls", ".xlsb", ".ods"])
def test_sheets_are_listed_as_their_tabs_stand(suffix: str, tmp_path: Path) -> None:
    sheets = list_sheets(write_sheets(tmp_path / f"a{suffix}"), "Stok")

    assert [(sheet.name, sheet.is_hidden, sheet.is_read, sheet.rows, sheet.columns) for sheet in sheets] == [
        ("Kosong", False, False, 0, 0),
        ("Rahasia", True, False, 1, 1),
        ("Stok", False, True, 1, 1),
        ("Retur", False, False, 1, 1),
    ]


@pytest.mark.parametrize("suffix", [".xls", ".xlsb", ".ods"])
@pytest.mark.parametrize(
    ("sheet", "name"),
    [(None, "Stok"), (4, "Retur"), ("Retur", "Retur"), ("retur ", "Retur"), ("Rahasia", "Rahasia"), (2, "Rahasia")],
)
def test_a_sheet_is_read_by_name_by_position_or_for_its_content(
    suffix: str, sheet: str | int | None, name: str, tmp_path: Path
) -> None:
    """Undeclared, the first visible sheet that holds anything; declared, also a hidden one."""
    raw = read(write_sheets(tmp_path / f"a{suffix}"), sheet)

    assert (raw.sheet, raw.cells.rows()) == (name, [(name,)])


@pytest.mark.parametrize(("sheet", "wanted"), [("Stock", "'Stock'"), (5, "5"), (0, "0")])
def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(
    sheet: str | int, wanted: str, tmp_path: Path
) -> None:
    with pytest.raises(FileRejected) as refusal:
        read(write_sheets(tmp_path / "a.xls"), sheet)

    assert refusal.value.code == "SHEET_NOT_FOUND"
    assert str(refusal.value) == (
        f"a.xls: expected a sheet {wanted}; the workbook has 1: 'Kosong', 2: 'Rahasia', 3: 'Stok', 4: 'Retur'. "
        "Send the workbook that has it."
    )


@pytest.mark.parametrize("suffix", [".xls", ".xlsb", ".ods"])
def test_a_workbook_without_content_has_no_rows(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".xls":
        xls.write_xlwt(path, lambda sheet: sheet.write(3, 3, "", xls.DATE))
    elif suffix == ".xlsb":
        xlsb.write_xlsb(path, {"Stok": xlsb.sheet(xlsb.row(3, xlsb.blank(3)))})
    else:
        ods.write_ods(path, {"Stok": ods.row(BLANK)})

    raw = read(path)

    assert (raw.cells.height, raw.row_numbers, raw.sheet) == (0, [], "Stok")


def test_wide_and_long_sheets_are_read_whole(tmp_path: Path) -> None:
    wide = xlsb.sheet(xlsb.row(0, *(xlsb.integer(column, column) for column in range(16_384))))
    long = xlsb.sheet(*(xlsb.row(at, xlsb.integer(0, at)) for at in range(0, 30_000, 3)))
    path = xlsb.write_xlsb(tmp_path / "a.xlsb", {"Wide": wide, "Long": long})

    first, second = read(path, "Wide"), read(path, "Long")

    assert (first.cells.shape, first.cells.row(0)[-1]) == ((1, 16_384), "16383")
    assert (second.cells.shape, second.row_numbers) == ((10_000, 1), list(range(1, 30_001, 3)))
