"""XLS workbooks: by xlwt, or by hand where xlwt cannot write what Excel does ([MS-XLS], BIFF8)."""

import struct
from collections.abc import Callable
from pathlib import Path

import xlwt

from data_pipeline_tests.ingest.workbook.compound_files import write_compound

DATE = xlwt.easyxf(num_format_str="yyyy-mm-dd")
TIME = xlwt.easyxf(num_format_str="hh:mm:ss")
MOMENT = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
DURATION = xlwt.easyxf(num_format_str="[h]:mm:ss")

FILETIME_OF_1970 = 116_444_736_000_000_000


def record(kind: int, content: bytes = b"") -> bytes:
    """One record."""
    return struct.pack("<HH", kind, len(content)) + content


def start(kind: int) -> bytes:
    """What a workbook (5) or a sheet (16) begins with."""
    return record(0x809, struct.pack("<HH12x", 0x600, kind))


def number(row: int, column: int, value: float) -> bytes:
    """A cell with a double."""
    return record(0x203, struct.pack("<HHHd", row, column, 0, value))


def error(row: int, column: int, code: int) -> bytes:
    """A cell with an error."""
    return record(0x205, struct.pack("<HHHBB", row, column, 0, code, 1))


def boolean(row: int, column: int, value: bool) -> bytes:
    """A cell with TRUE or FALSE."""
    return record(0x205, struct.pack("<HHHBB", row, column, 0, value, 0))


def formula(row: int, column: int, result: bytes) -> bytes:
    """A formula with a result of 8 bytes."""
    return record(0x06, struct.pack("<HHH8sHIH", row, column, 0, result, 0, 0, 0))


def formula_error(row: int, column: int, code: int) -> bytes:
    """A formula whose result is an error."""
    return formula(row, column, bytes([2, 0, code, 0, 0, 0, 255, 255]))


def write_xls(path: Path, sheets: dict[str, bytes], *, streams: dict[str, bytes] | None = None) -> Path:
    """A workbook whose sheets hold these records."""
    bodies = [start(16) + cells + record(0x0A) for cells in sheets.values()]
    size = len(start(5)) + len(record(0x0A)) + sum(12 + len(name) for name in sheets)
    bounds = b""
    for index, name in enumerate(sheets):
        position = size + sum(map(len, bodies[:index]))
        bounds += record(0x85, struct.pack("<IBBBB", position, 0, 0, len(name), 0) + name.encode("latin-1"))
    book = start(5) + bounds + record(0x0A) + b"".join(bodies)
    return write_compound(path, {"Workbook": book, **(streams or {})})


def describe_creation(seconds: float, *, kind: int = 0x40) -> bytes:
    """A stream of properties that has a title and a creation time, in seconds since 1970."""
    title = struct.pack("<II4s", 0x1E, 4, b"Stok")
    created = struct.pack("<IQ", kind, FILETIME_OF_1970 + int(seconds * 10_000_000))
    offsets = struct.pack("<IIII", 2, 24, 12, 24 + len(title))
    body = struct.pack("<II", 24 + len(title) + len(created), 2) + offsets + title + created
    return struct.pack("<HHI16xI16sI", 0xFFFE, 0, 0, 1, bytes(16), 48) + body


def write_xlwt(path: Path, fill: Callable[[xlwt.Worksheet], object], *, is_1904: bool = False) -> Path:
    """A workbook of one sheet, written by xlwt."""
    book = xlwt.Workbook()
    book.dates_1904 = is_1904
    fill(book.add_sheet("Stok"))
    book.save(str(path))
    return path
