"""XLSX file -> RawRows, every cell as the text that is stored in it.

The reader is excelreader: of those measured it is the cheapest, keeps error cells apart from blanks and gives numbers
as stored (docs/decisions/0002). It does not say which row it is at, so the rows are counted and numbered here from the
XML itself; a count that differs from the reader's fails the file.
"""

import datetime as dt
import itertools
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import excelreader
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.tables import RawRows

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])([^>]*)>")
ROW_NUMBER = re.compile(rb"""\br\s*=\s*["'](\d+)["']""")
CREATED = re.compile(rb"<dcterms:created[^>]*>\s*([^<\s]+)\s*<")
CHUNK_BYTES = 1 << 20
LAST_ROW = 1_048_576  # of any sheet
SHEET_END = re.compile(rb"</(?:\w+:)?worksheet\s*>\s*(?:<!--.*?-->\s*)*$", re.DOTALL)
# What zipfile, zlib and the XML parser raise for damaged archives, and next() for parts that are not there.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    StopIteration,
    ValueError,
    ElementTree.ParseError,
    EOFError,
    OSError,
)


def read_xlsx(path: Path, name: str) -> RawRows:
    """Reads the first sheet.

    Raises: FileRejected when the workbook cannot be opened or the reader and the XML disagree on the rows.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            row_numbers = list(number_rows(archive, find_first_sheet(archive)))
            created_at = find_creation_time(archive)
        sheet, rows = read_cells(path)
    except (*DAMAGE, excelreader.ExcelReaderError) as error:
        raise unreadable(name, str(error) or "a part is missing") from error
    if rows.height != len(row_numbers):
        raise FileRejected(
            "READER_DISAGREES",
            f"{name}: the sheet {sheet!r} holds {len(row_numbers)} rows, the reader gave {rows.height}. "
            "Save the workbook again in a spreadsheet program and send that.",
        )
    return RawRows(cells=rows, row_numbers=row_numbers, sheet=sheet, decimal_mark=".", created_at=created_at)


def unreadable(name: str, found: str) -> FileRejected:
    """The refusal of a file that is no workbook, or not all of one."""
    return FileRejected(
        "UNREADABLE_FILE",
        f"{name}: expected an XLSX workbook, but it cannot be opened ({found}). "
        "It is damaged or was cut off on its way: export it again and send that.",
    )


def read_cells(path: Path) -> tuple[str, pl.DataFrame]:
    """Name of the first sheet and all its cells as text, one row per row element."""
    with excelreader.open_workbook(path) as workbook:
        sheet = workbook.sheets[0]
        header = next(sheet.rows(), [])
        # Some columns more than the header has, so that cells beyond it are seen.
        width = max((cell.column for cell in header), default=-1) + 1 + 16
        columns = [
            excelreader.ColumnSpec(excelreader.ColumnType.STRING, index=index, nullable=True) for index in range(width)
        ]
        return sheet.name, cast("pl.DataFrame", sheet.to_polars(columns, header_row=0))


def find_first_sheet(archive: zipfile.ZipFile) -> str:
    """Path of the first sheet's part inside the archive."""
    workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheet = next(element for element in workbook.iter() if element.tag.endswith("}sheet"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(element.attrib["Target"] for element in relations if element.attrib["Id"] == sheet.attrib[RELATION])
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def number_rows(archive: zipfile.ZipFile, part: str) -> Iterator[int]:
    """The row number of every row element; one without a number follows its predecessor."""
    previous = 0
    for attributes in find_rows(archive, part):
        stated = ROW_NUMBER.search(attributes)
        previous = int(stated.group(1)) if stated else previous + 1
        if not 1 <= previous <= LAST_ROW:
            raise ValueError(f"row {previous} is none of a sheet's {LAST_ROW}")
        yield previous


def find_rows(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Attributes of every row element, in chunks so that memory does not grow with the sheet.

    Raises: EOFError when the sheet breaks off: the rows before the break are not all.
    """
    rest = tail = b""
    with archive.open(part) as stream:
        for chunk in itertools.takewhile(bool, iter(lambda: stream.read(CHUNK_BYTES), b"")):
            text = rest + chunk
            end = text.rfind(b">") + 1
            for match in ROW.finditer(text, 0, end):
                yield match.group(1)
            rest = text[end:]
            tail = (tail + chunk)[-4096:]
    if not SHEET_END.search(tail):
        raise EOFError(f"{part} breaks off before its end")


def find_creation_time(archive: zipfile.ZipFile) -> dt.datetime | None:
    """When the workbook was created, as its maker's clock said; None when it does not say. No zone means UTC."""
    if "docProps/core.xml" not in archive.namelist():
        return None
    found = CREATED.search(archive.read("docProps/core.xml"))
    if found is None:
        return None
    try:
        created = dt.datetime.fromisoformat(found.group(1).decode())
    except ValueError:
        return None
    return created if created.tzinfo else created.replace(tzinfo=dt.UTC)
