"""A workbook -> its cells, as libraries read them that the product does not read with.

pyxlsb and odfpy are no dependencies: confirm.py says how it is run with them. xlrd the product reads XLS with, too, but
gives it other records and tells dates by itself; when the XLS were listed, calamine read them, and both agreed.
"""

import datetime as dt
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyxlsb
import xlrd
from odf import opendocument, table, text
from odf.element import Node

from data_pipeline_tests.public_files.cells import collect
from data_pipeline_tests.public_files.xlsx_parts import read_xlsx_parts

Rows = list[tuple[int, list[str]]]
MOST_REPEATED = 100_000  # rows or columns of an ODS that are written once
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
XLSB_ERRORS = {f"0x{code:x}": text for code, text in xlrd.error_text_from_code.items()}
XLS_KINDS: dict[int, Callable[[Any], str]] = {
    xlrd.XL_CELL_TEXT: str,
    xlrd.XL_CELL_NUMBER: lambda value: write(value),
    xlrd.XL_CELL_BOOLEAN: lambda value: write(bool(value)),
    xlrd.XL_CELL_ERROR: lambda value: xlrd.error_text_from_code.get(value, f"#{value}"),
}


def write(value: object) -> str:
    """A typed value as the product writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.timedelta):
        return write_duration(value)
    if isinstance(value, dt.datetime):
        return round_moment(value).isoformat(timespec="milliseconds" if round_moment(value).microsecond else "seconds")
    if isinstance(value, dt.time):
        moment = round_moment(dt.datetime.combine(dt.date(2000, 1, 1), value))
        return moment.time().isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    if isinstance(value, float):
        return f"{Decimal(repr(value + 0.0)):f}".removesuffix(".0") if math.isfinite(value) else str(value).upper()
    return str(value)


def round_moment(value: dt.datetime) -> dt.datetime:
    """A moment in whole milliseconds: a double knows no finer ones."""
    milliseconds = (value.microsecond + 500) // 1000
    return value.replace(microsecond=0) + dt.timedelta(milliseconds=milliseconds)


def write_duration(value: dt.timedelta) -> str:
    """A duration in ISO form, in hours."""
    milliseconds = round(abs(value) / dt.timedelta(milliseconds=1))
    minutes, rest = divmod(milliseconds, 60_000)
    fraction = f".{rest % 1000:03d}" if rest % 1000 else ""
    return (
        f"{'-' if value < dt.timedelta() else ''}PT{minutes // 60:02d}H{minutes % 60:02d}M{rest // 1000:02d}{fraction}S"
    )


def read_xlsx(path: Path) -> Iterator[Rows]:
    """The visible sheets of an XLSX workbook, by openpyxl."""
    with path.open("rb") as stream:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        for sheet in [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets:
            sheet.reset_dimensions()
            yield [
                (cells_row(cells), [write_text(cell.value) for cell in cells])
                for cells in sheet.rows
                if any(cell.value is not None for cell in cells)
            ]


def write_text(value: object) -> str:
    """A value as openpyxl gives it: it leaves characters escaped that XML cannot hold, such as _x000D_."""
    text = write(value)
    return ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text) if isinstance(value, str) else text


def cells_row(cells: Sequence[Any]) -> int:
    """The number of a row, by the first cell that knows it: those that fill gaps do not."""
    return next(cell.row for cell in cells if cell.value is not None)


def read_xls(path: Path) -> Iterator[Rows]:
    """The visible sheets of an XLS workbook, by xlrd."""
    with xlrd.open_workbook(path, on_demand=True, logfile=io.StringIO()) as book:
        sheets = [(index, book.sheet_by_index(index)) for index in range(book.nsheets)]
        visible = [sheet for _, sheet in sheets if sheet.visibility == 0] or [sheet for _, sheet in sheets]
        for sheet in visible:
            yield [(row + 1, [write_xls(cell, book.datemode) for cell in sheet.row(row)]) for row in range(sheet.nrows)]


def write_xls(cell: xlrd.sheet.Cell, date_mode: int) -> str:
    """One cell of an XLS workbook."""
    if cell.ctype == xlrd.XL_CELL_DATE:
        moment = xlrd.xldate.xldate_as_datetime(cell.value, date_mode)
        return write(moment.time() if 0 < cell.value < 1 else moment)
    return XLS_KINDS.get(cell.ctype, lambda _: "")(cell.value)


def read_xlsb(path: Path) -> Iterator[Rows]:
    """The sheets of an XLSB workbook, by pyxlsb, which gives dates as numbers."""
    with pyxlsb.open_workbook(str(path)) as book:
        for name in book.sheets:
            with book.get_sheet(name) as sheet:
                yield [(row[0].r + 1, [write_xlsb(cell.v) for cell in row]) for row in sheet.rows() if row]


def write_xlsb(value: object) -> str:
    """One value of an XLSB workbook; pyxlsb gives errors as texts of their codes."""
    text = write(value)
    return XLSB_ERRORS.get(text, text)


def read_ods(path: Path) -> Iterator[Rows]:
    """The sheets of an ODS workbook, by odfpy."""
    for sheet in opendocument.load(str(path)).spreadsheet.getElementsByType(table.Table):
        yield list(number_ods_rows(sheet))


def number_ods_rows(sheet: Node) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers; what is repeated beyond reason is blank."""
    number = 0
    for row in sheet.getElementsByType(table.TableRow):
        times = int(row.getAttribute("numberrowsrepeated") or 1)
        texts = list(repeat_ods_cells(row))
        if any(texts):
            yield from ((number + place, texts) for place in range(1, min(times, MOST_REPEATED) + 1))
        number += times


def repeat_ods_cells(row: Node) -> Iterable[str]:
    """The texts of an ODS row."""
    for cell in row.childNodes:
        if cell.qname[1] in ("table-cell", "covered-table-cell"):
            times = int(cell.getAttribute("numbercolumnsrepeated") or 1)
            yield from [write_ods(cell)] * min(times, MOST_REPEATED if times < 1000 else 1)


def write_ods(cell: Node) -> str:
    """One cell of an ODS workbook, by the type that it states."""
    kind = cell.getAttribute("valuetype")
    if kind in ("float", "percentage", "currency"):
        return write(float(cell.getAttribute("value")))
    if kind == "date":
        return str(cell.getAttribute("datevalue"))
    if kind == "time":
        return str(cell.getAttribute("timevalue"))
    if kind == "boolean":
        return str(cell.getAttribute("booleanvalue")).upper()
    return "\n".join(str_of(line) for line in cell.getElementsByType(text.P))


def str_of(node: Node) -> str:
    """The text below a node; spaces that ODS counts are written out."""
    if node.nodeType == Node.TEXT_NODE:
        return str(node.data)
    if node.qname[1] == "s":
        return " " * int(node.getAttribute("c") or 1)
    if node.qname[1] == "annotation":
        return ""
    return {"tab": "\t", "line-break": "\n"}.get(node.qname[1], "".join(map(str_of, node.childNodes)))


READERS: dict[str, Callable[[Path], Iterator[Rows]]] = {
    "openpyxl": read_xlsx,
    "ElementTree": read_xlsx_parts,
    "xlrd": read_xls,
    "pyxlsb": read_xlsb,
    "odfpy": read_ods,
}


def read_cells(path: Path, library: str) -> dict[tuple[int, int], str]:
    """The cells of the first visible sheet that holds any."""
    found = (collect(rows, is_text=False) for rows in READERS[library](path))
    return next((cells for cells in found if cells), {})
