"""Bytes of an XLSB or ODS sheet -> which of its rows hold something, found without the reader.

Some cells certainly hold something; others, such as those that point at a shared text, perhaps. What the reader gives
must have every row of the former and none but those of both.
"""

import posixpath
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import Format
from data_pipeline.ingest.workbook.amendments import iterate_xlsb_records
from data_pipeline.ingest.workbook.archive import AGAIN

# [MS-XLSB]: numbers, errors, truths, formulas with such a result; texts, of a cell, shared, of a formula, formatted.
XLSB_ROW, XLSB_SHEET, XLSB_VALUES, XLSB_TEXTS = 0, 156, {2, 3, 4, 5, 9, 10, 11}, {6, 7, 8, 62}
ODS_TABLE = re.compile(rb"<table:table[\s>]")
ODS_ROW = re.compile(rb"<table:table-row(?=[\s>/])")
ODS_REPEATED = re.compile(rb"""[^<>]*?\stable:number-rows-repeated\s*=\s*["'](\d{1,7})["']""")
ODS_VALUE = re.compile(
    rb"""<table:table-cell\b[^<>]*?\soffice:value-type\s*=\s*["'](?:float|percentage|currency|date|time|boolean)["']"""
    rb"""|\soffice:value-type\s*=\s*["']string["'][^<>]*>\s*<text:p[^<>]*>[^<\s]"""
)


@dataclass
class FilledRows:
    """Numbers of rows, from 1."""

    sure: set[int] = field(default_factory=set)
    possible: set[int] = field(default_factory=set)
    """Those of which nobody knows without looking at their texts."""


def check_rows(given: Sequence[int], filled: FilledRows, *, sheet: str, name: str) -> None:
    """Raises FileRejected when the reader lost rows, or gave some that are not there."""
    rows = set(given)
    lost, invented = filled.sure - rows, rows - filled.sure - filled.possible
    if lost or invented:
        raise FileRejected(
            "READER_DISAGREES",
            f"{name}: the sheet {sheet!r} holds {len(rows) + len(lost) - len(invented)} rows, the reader gave "
            f"{len(rows)}; first: row {min(lost | invented)}. {AGAIN}",
        )


def find_filled_rows(path: Path, position: int, *, format: Format) -> FilledRows:
    """The rows of the sheet at that position from 1."""
    return FINDERS[format](path, position)


def find_xlsb_rows(path: Path, position: int) -> FilledRows:
    """Those whose cells' records hold something."""
    with zipfile.ZipFile(path) as archive:
        content = archive.read(find_xlsb_part(archive, position))
    filled, row = FilledRows(), 0
    for kind, _, data, _ in iterate_xlsb_records(content):
        if kind == XLSB_ROW:
            row = struct.unpack_from("<I", content, data)[0] + 1
        elif kind in XLSB_VALUES:
            filled.sure.add(row)
        elif kind in XLSB_TEXTS:
            filled.possible.add(row)
    return filled


def find_xlsb_part(archive: zipfile.ZipFile, position: int) -> str:
    """Where the records of the sheet at that position are."""
    book = archive.read("xl/workbook.bin")
    sheets = [data for kind, _, data, _ in iterate_xlsb_records(book) if kind == XLSB_SHEET]
    [length] = struct.unpack_from("<I", book, sheets[position - 1] + 8)
    key = book[sheets[position - 1] + 12 :][: 2 * length].decode("utf-16-le")
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.bin.rels"))
    [target] = [relation.get("Target", "") for relation in relations if relation.get("Id") == key]
    return posixpath.normpath(posixpath.join("/xl", target))[1:]


def find_ods_rows(path: Path, position: int) -> FilledRows:
    """Those whose elements hold a value or a paragraph; an element stands for as many rows as it says."""
    with zipfile.ZipFile(path) as archive:
        content = archive.read("content.xml")
    starts = [table.start() for table in ODS_TABLE.finditer(content)]
    table = content[slice(*[*starts, None][position - 1 : position + 1])]
    filled, row = FilledRows(), 1
    for element in ODS_ROW.split(table)[1:]:
        repeated = ODS_REPEATED.match(element)
        count = int(repeated[1]) if repeated else 1
        if ODS_VALUE.search(element):
            filled.sure.update(range(row, row + count))
        elif b"office:value-type" in element or b"<text:p" in element:
            filled.possible.update(range(row, row + count))
        row += count
    return filled


FINDERS: dict[Format, Callable[[Path, int], FilledRows]] = {
    "xlsb": find_xlsb_rows,
    "ods": find_ods_rows,
}
