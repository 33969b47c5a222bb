"""XLSB, ODS (and XLSX, as a second opinion) -> RawRows, every cell as text.

Calamine looks at a cell's style, so dates, times and durations come as ISO text. What it would lose is amended before
it reads (amendments.py). What stays: of numbers that no date stands for, 0 with the style of a date comes as midnight,
a negative one as a time of day, and 60, which Excel shows as 29 February 1900, as the 28th.
"""

import datetime as dt
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from data_pipeline.ingest.formats import Format, encrypted, unreadable
from data_pipeline.ingest.workbook.amendments import amend_ods, amend_xlsb, amend_xlsx
from data_pipeline.ingest.workbook.compound import MAGIC
from data_pipeline.ingest.workbook.creation import find_created_at
from data_pipeline.ingest.workbook.filled_rows import check_rows, find_filled_rows
from data_pipeline.ingest.workbook.sheets import SheetInfo, build_frame, choose_sheet, write_number
from data_pipeline.ingest.workbook.xls import list_xls_sheets
from data_pipeline.model.inspection import SheetForm, SheetKind
from data_pipeline.model.tables import RawRows

AMENDMENTS: dict[Format, Callable[[Path], Path | io.BytesIO]] = {
    "xlsx": amend_xlsx,
    "xlsb": amend_xlsb,
    "ods": amend_ods,
}
KINDS: tuple[tuple[SheetTypeEnum, SheetKind], ...] = (
    (SheetTypeEnum.WorkSheet, "cells"),
    (SheetTypeEnum.ChartSheet, "chart"),
    (SheetTypeEnum.DialogSheet, "dialog"),
    (SheetTypeEnum.MacroSheet, "macros"),
    (SheetTypeEnum.Vba, "macros"),
)
PANIC = "PanicException"  # of Rust: no Exception, and of a class that has no other name
# What damaged archives raise.
DAMAGE = (
    CalamineError,
    zipfile.BadZipFile,
    ElementTree.ParseError,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    LookupError,
    ArithmeticError,
    ValueError,
)


def list_sheets(path: Path, read: str) -> tuple[SheetForm, ...]:
    """The sheets of a workbook in the order of its tabs, hidden ones included; `read` names the one that is read.

    All of them are opened to be measured, so this may end the process that does it.
    """
    with path.open("rb") as stream:
        is_xls = stream.read(len(MAGIC)) == MAGIC
    if is_xls:
        return list_xls_sheets(path, read)
    with load_workbook(path) as workbook:
        forms = []
        for index, sheet in enumerate(workbook.sheets_metadata):
            kind = next(kind for one, kind in KINDS if one == sheet.typ)
            end = workbook.get_sheet_by_index(index).end if kind == "cells" else None
            rows, columns = (end[0] + 1, end[1] + 1) if end else (0, 0)
            forms.append(
                SheetForm(
                    name=sheet.name,
                    kind=kind,
                    is_hidden=sheet.visible != SheetVisibleEnum.Visible,
                    is_read=sheet.name == read,
                    rows=rows,
                    columns=columns,
                )
            )
        return tuple(forms)


def describe_sheets(workbook: CalamineWorkbook) -> list[SheetInfo]:
    """The sheets of an open workbook."""
    return [
        SheetInfo(
            name=sheet.name,
            position=position,
            is_hidden=sheet.visible != SheetVisibleEnum.Visible,
            has_cells=sheet.typ == SheetTypeEnum.WorkSheet,
        )
        for position, sheet in enumerate(workbook.sheets_metadata, 1)
    ]


def read_workbook(path: Path, name: str, *, format: Format, sheet: str | int | None = None) -> RawRows:
    """Reads one sheet: of that name, at that position from 1, or the first visible one that holds anything.

    Rows without any content are left out, as XLSX leaves them out; the numbers of the others say where they stood.
    Raises: FileRejected when the workbook cannot be opened or has no such sheet.
    """
    try:
        with load_workbook(AMENDMENTS[format](path)) as workbook:
            chosen, content = choose_sheet(
                describe_sheets(workbook),
                sheet,
                open_sheet=lambda one: workbook.get_sheet_by_index(one.position - 1),
                has_content=lambda one: one.end is not None,
                name=name,
            )
            numbered = list(write_rows(content))
        if format != "xlsx":  # here it is a second opinion
            filled = find_filled_rows(path, chosen.position, format=format)
            check_rows([number for number, _ in numbered], filled, sheet=chosen.name, name=name)
        created_at = find_created_at(path, format=format)
    except PasswordError as error:
        raise encrypted(name) from error
    except DAMAGE as error:
        raise unreadable(name, str(error)) from error
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        raise unreadable(name, str(error)) from error
    return RawRows(
        cells=build_frame([row for _, row in numbered]),
        row_numbers=[number for number, _ in numbered],
        sheet=chosen.name,
        decimal_mark=".",
        created_at=created_at,
    )


def write_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """Number and texts of every row with content."""
    if sheet.start is None:
        return
    rows: Iterator[list[Any]] = sheet.iter_rows()  # from the top, but only from the first filled column on
    indent = [""] * sheet.start[1]
    for position, values in enumerate(rows, 1):
        texts = indent + [WRITERS[type(value)](value) for value in values]
        if any(texts):
            yield position, texts


def write_time(value: dt.datetime | dt.time) -> str:
    """A moment or time of day in ISO form, with milliseconds if it has some: more is noise of the double."""
    return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")


def write_duration(value: dt.timedelta) -> str:
    """A duration in ISO form, as ODS stores it: PT36H00M00S."""
    milliseconds = round(abs(value) / dt.timedelta(milliseconds=1))
    minutes, rest = divmod(milliseconds, 60_000)
    seconds = f"{rest // 1000:02d}" + (f".{rest % 1000:03d}" if rest % 1000 else "")
    return f"{'-' if value < dt.timedelta() else ''}PT{minutes // 60:02d}H{minutes % 60:02d}M{seconds}S"


WRITERS: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    float: write_number,
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.date: dt.date.isoformat,
    dt.datetime: write_time,
    dt.time: write_time,
    dt.timedelta: write_duration,
}
