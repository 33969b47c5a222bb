"""Rules of reading XLS: the records that hold cells, all of them, and nothing that a chart or comment holds."""

import struct
from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.workbook.calamine import list_sheets
from data_pipeline.ingest.workbook.xls import read_xls
from data_pipeline.ingest.workbook.xls_records import find_filled_rows, keep_tables, list_tabs, read_stream
from data_pipeline.model.reading import Limits
from data_pipeline_tests.ingest.workbook import xls_files as xls

TEXT = xls.formula(1, 0, bytes([0, 0, 0, 0, 0, 0, 255, 255])) + xls.record(0x207, b"\3\0\0SKU")
BLANK = xls.record(0x201, struct.pack("<HHH", 2, 0, 0))
CHART = xls.start(0x20) + xls.number(7, 0, 99) + xls.record(0x0A)
CELLS = xls.number(0, 0, 5) + TEXT + BLANK + xls.number(3, 1, 0.5) + CHART + xls.formula_error(4, 0, 7)


def test_values_are_sure_and_texts_are_possible_and_what_a_chart_keeps_is_neither(tmp_path: Path) -> None:
    stream = read_stream(xls.write_xls(tmp_path / "a.xls", {"Lain": b"", "Stok": CELLS}))

    found = find_filled_rows(stream, list_tabs(stream)[1].start)

    assert (found.sure, found.possible) == ({1, 4, 5}, {2})


def test_cells_behind_a_chart_in_the_sheet_are_read(tmp_path: Path) -> None:
    raw = read_xls(xls.write_xls(tmp_path / "a.xls", {"Stok": CELLS}), "a.xls")

    assert raw.row_numbers == [1, 2, 4, 5]
    assert raw.cells.rows() == [("5", ""), ("SKU", ""), ("", "0.5"), ("#DIV/0!", "")]


def test_the_reader_gets_no_record_but_those_of_cells(tmp_path: Path) -> None:
    comment = xls.record(0x1C, b"\1")
    stream = read_stream(xls.write_xls(tmp_path / "a.xls", {"Stok": CELLS + comment}))

    kept = keep_tables(stream, list_tabs(stream))

    assert comment not in kept
    assert CHART not in kept
    assert xls.number(3, 1, 0.5) in kept


def test_a_long_text_goes_on_in_the_next_record(tmp_path: Path) -> None:
    """Calamine cuts it at 8,217 characters."""
    text = "".join(f"{number:05}" for number in range(6000))

    raw = read_xls(xls.write_xlwt(tmp_path / "a.xls", lambda sheet: sheet.write(0, 0, text)), "a.xls")

    assert raw.cells.rows() == [(text,)]


def test_a_stream_that_ends_inside_a_sheet_is_refused(tmp_path: Path) -> None:
    path = xls.write_xls(tmp_path / "a.xls", {"Stok": xls.start(0x20) + xls.number(0, 0, 5)})

    with pytest.raises(FileRejected) as refusal:
        read_xls(path, "a.xls")

    assert refusal.value.code == "UNREADABLE_FILE"
    assert "its records break off" in str(refusal.value)


def test_few_cells_in_the_corners_of_a_sheet_are_read_and_too_many_rows_of_them_are_refused(tmp_path: Path) -> None:
    corners = xls.number(0, 0, 1) + xls.number(65_535, 255, 2)
    far = b"".join(xls.number(row, 255, row) for row in range(9_000))
    path = xls.write_xls(tmp_path / "a.xls", {"Stok": corners, "Jauh": far})

    raw = read_xls(path, "a.xls")

    assert (raw.row_numbers, raw.cells.shape) == ([1, 65_536], (2, 256))
    with pytest.raises(FileRejected) as refusal:
        read_xls(path, "a.xls", sheet="Jauh", limits=Limits(memory_bytes=64 << 20))
    assert (refusal.value.code, str(refusal.value)) == (
        "TOO_LARGE_FOR_MEMORY",
        "a.xls: reading it needs about 52 MiB for a table, 32 MiB are allowed. Split the workbook, or save the list "
        "as CSV.",
    )


def test_the_sheets_of_an_xls_are_listed_without_another_reader(tmp_path: Path) -> None:
    path = xls.write_xls(tmp_path / "a.xls", {"Kosong": b"", "Stok": CELLS})

    sheets = list_sheets(path, "Stok")

    assert [(sheet.name, sheet.is_read, sheet.rows, sheet.columns) for sheet in sheets] == [
        ("Kosong", False, 0, 0),
        ("Stok", True, 5, 2),
    ]
