"""XLS -> RawRows, every cell as text, by xlrd: calamine cuts long texts and takes some numbers for dates.

It is given the records that hold cells, and no others (xls_records.py). Dates are told by the file's own formats, as
those of XLSX are.
"""

import io
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import xlrd

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import unreadable
from data_pipeline.ingest.workbook.creation import find_created_at
from data_pipeline.ingest.workbook.date_styles import BUILT_IN, DateKind, classify_format
from data_pipeline.ingest.workbook.filled_rows import check_rows
from data_pipeline.ingest.workbook.serial_dates import write_dates
from data_pipeline.ingest.workbook.sheets import SheetInfo, build_frame, choose_sheet, write_number
from data_pipeline.ingest.workbook.xls_records import find_filled_rows, keep_tables, list_tabs, read_stream
from data_pipeline.model.inspection import SheetForm, SheetKind
from data_pipeline.model.reading import Limits
from data_pipeline.model.tables import RawRows

# What xlrd raises at damaged records; it states what it takes for granted by assertions.
DAMAGE = (
    xlrd.XLRDError,
    AssertionError,
    struct.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    OSError,
)
KINDS: Mapping[int, SheetKind] = {0: "cells", 2: "chart"}
ROWS_AT_ONCE = 5_000
BYTES_PER_CELL = 24  # of a table, blank ones included
WRITERS: dict[int, Callable[[Any], str]] = {
    xlrd.XL_CELL_EMPTY: lambda _: "",
    xlrd.XL_CELL_TEXT: str,
    xlrd.XL_CELL_NUMBER: write_number,
    xlrd.XL_CELL_DATE: write_number,
    xlrd.XL_CELL_BOOLEAN: lambda value: "TRUE" if value else "FALSE",
    xlrd.XL_CELL_ERROR: lambda code: str(xlrd.error_text_from_code.get(code, "#ERROR!")),
    xlrd.XL_CELL_BLANK: lambda _: "",
}


class Workbook:
    """An open XLS."""

    def __init__(self, path: Path) -> None:
        self.stream = read_stream(path)
        self.tabs = list_tabs(self.stream)
        self._book = xlrd.open_workbook(
            file_contents=keep_tables(self.stream, self.tabs),
            formatting_info=True,  # which is where a cell's style is
            on_demand=True,
            ragged_rows=True,
            logfile=io.StringIO(),
        )
        self.has_1904_dates = self._book.datemode == 1
        self.sheets = [
            SheetInfo(name, place, tab.is_hidden, tab.has_cells)
            for place, (name, tab) in enumerate(zip(self._book.sheet_names(), self.tabs, strict=True), 1)
        ]

    def open_sheet(self, info: SheetInfo) -> xlrd.sheet.Sheet:
        """The cells of a sheet."""
        return self._book.sheet_by_index(info.position - 1)

    def find_date_styles(self) -> dict[int, DateKind]:
        """Position of every cell style that shows dates or times."""
        found = {place: self._classify(style.format_key) for place, style in enumerate(self._book.xf_list)}
        return {place: kind for place, kind in found.items() if kind is not None}

    def _classify(self, key: int) -> DateKind | None:
        code = self._book.format_map[key].format_str if key in self._book.format_map else None
        return BUILT_IN.get(key) if code is None else classify_format(code)


def read_xls(
    path: Path,
    name: str,
    *,
    sheet: str | int | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> RawRows:
    """Reads one sheet: of that name, at that position from 1, or the first visible one that holds anything.

    Raises: FileRejected when the workbook cannot be read, has no such sheet, or one whose table is too large.
    """
    try:
        book = Workbook(path)
        chosen, content = choose_sheet(
            book.sheets, sheet, open_sheet=book.open_sheet, has_content=lambda one: one.nrows > 0, name=name
        )
        filled = find_filled_rows(book.stream, book.tabs[chosen.position - 1].start)
        refuse_huge(len(filled.sure | filled.possible) * content.ncols, limits, name=name)
        numbers, cells = write_cells(content, book.find_date_styles(), has_1904_dates=book.has_1904_dates)
        created_at = find_created_at(path, format="xls")
    except DAMAGE as error:
        raise unreadable(name, str(error) or type(error).__name__) from error
    check_rows(numbers, filled, sheet=chosen.name, name=name)
    return RawRows(cells=cells, row_numbers=numbers, sheet=chosen.name, decimal_mark=".", created_at=created_at)


def refuse_huge(cells: int, limits: Limits, *, name: str) -> None:
    """Raises FileRejected for a table that memory does not hold: blanks between few cells count like others."""
    if cells * BYTES_PER_CELL > limits.memory_bytes // 2:
        raise FileRejected(
            "TOO_LARGE_FOR_MEMORY",
            f"{name}: reading it needs about {cells * BYTES_PER_CELL >> 20} MiB for a table, "
            f"{limits.memory_bytes >> 21} MiB are allowed. Split the workbook, or save the list as CSV.",
        )


def write_cells(
    sheet: xlrd.sheet.Sheet, date_styles: Mapping[int, DateKind], *, has_1904_dates: bool
) -> tuple[list[int], pl.DataFrame]:
    """Numbers of the rows with content, and their texts."""
    numbers, frames = list[int](), list[pl.DataFrame]()
    for start in range(0, sheet.nrows, ROWS_AT_ONCE):
        rows, dates = list[list[str]](), dict[DateKind, list[tuple[int, int]]]()
        for row in range(start, min(start + ROWS_AT_ONCE, sheet.nrows)):
            types, values = sheet.row_types(row), sheet.row_values(row)
            texts = [WRITERS[kind](value) for kind, value in zip(types, values, strict=True)]
            if not any(texts):
                continue
            if xlrd.XL_CELL_DATE in types:
                note_dates(sheet, row, place=len(rows), date_styles=date_styles, dates=dates)
            numbers.append(row + 1)
            rows.append(texts + [""] * (sheet.ncols - len(texts)))
        for kind, places in dates.items():
            put_dates(rows, places, kind, has_1904_dates=has_1904_dates)
        frames += [build_frame(rows)] if rows else []
    return numbers, pl.concat(frames) if frames else pl.DataFrame()


def note_dates(
    sheet: xlrd.sheet.Sheet,
    row: int,
    *,
    place: int,
    date_styles: Mapping[int, DateKind],
    dates: dict[DateKind, list[tuple[int, int]]],
) -> None:
    """Remembers which cells of a row are to be written as dates; `place` is where the row will stand."""
    for column, type_ in enumerate(sheet.row_types(row)):
        if type_ == xlrd.XL_CELL_DATE:
            kind = date_styles.get(sheet.cell_xf_index(row, column))
            if kind is not None:
                dates.setdefault(kind, []).append((place, column))


def put_dates(rows: list[list[str]], places: list[tuple[int, int]], kind: DateKind, *, has_1904_dates: bool) -> None:
    """Writes cells as dates instead of the days that are stored."""
    days = pl.Series([rows[place][column] for place, column in places], dtype=pl.String)
    written = write_dates(days, kind, has_1904_dates=has_1904_dates).to_list()
    for (place, column), text in zip(places, written, strict=True):
        rows[place][column] = text


def list_xls_sheets(path: Path, read: str) -> tuple[SheetForm, ...]:
    """The sheets of a workbook in the order of its tabs, hidden ones included; `read` names the one that is read.

    Raises: FileRejected when one of them cannot be read.
    """
    try:
        book = Workbook(path)
        sizes = [measure(book.open_sheet(info)) if info.has_cells else (0, 0) for info in book.sheets]
    except DAMAGE as error:
        raise unreadable(path.name, str(error) or type(error).__name__) from error
    return tuple(
        SheetForm(
            name=info.name,
            kind=KINDS.get(tab.form, "macros"),
            is_hidden=info.is_hidden,
            is_read=info.name == read,
            rows=rows,
            columns=columns,
        )
        for info, tab, (rows, columns) in zip(book.sheets, book.tabs, sizes, strict=True)
    )


def measure(sheet: xlrd.sheet.Sheet) -> tuple[int, int]:
    """Rows and columns up to the last cell."""
    return sheet.nrows, sheet.ncols
