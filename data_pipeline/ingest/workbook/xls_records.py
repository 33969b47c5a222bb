"""XLS file -> the records of its stream ([MS-XLS] BIFF) that hold cells, and which rows hold some.

The layout of records is walked here, so that the reader gets none of those in which hostile and odd files differ:
names, comments, drawings, charts inside sheets.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.ingest.workbook.compound import Compound, iterate_records
from data_pipeline.ingest.workbook.filled_rows import FilledRows

BEGINS, END, SHEET = frozenset((0x809, 0x409, 0x209, 0x009)), 0x0A, 0x85
WORKSHEET = 0  # of the kinds of tabs: others are macros, charts and modules
TEXTS, CONTINUE, SHARED_TEXT = 0xFC, 0x3C, 0xFD
FORMULAS, RESULT_TEXT = frozenset((0x06, 0x206, 0x406)), 0x207
# Numbers, errors and truths; shared texts, texts, formatted texts.
VALUES, LABELS = frozenset((0x203, 0x27E, 0xBD, 0x205)), frozenset((SHARED_TEXT, 0x204, 0xD6))
CELLS = VALUES | LABELS | FORMULAS | {RESULT_TEXT}
# Code page, calendar, formats, styles; texts come last, and only where a cell points at one.
GLOBALS = frozenset((0x42, 0x22, 0x41E, 0xE0))


@dataclass(frozen=True)
class Tab:
    """One sheet of the workbook."""

    spelled: bytes
    """Its name as the record has it."""
    start: int
    is_hidden: bool
    form: int

    @property
    def has_cells(self) -> bool:
        """False: a chart, macros or a module."""
        return self.form == WORKSHEET


def read_stream(path: Path) -> bytes:
    """The workbook's records.

    Raises: ValueError or struct.error when the file is damaged.
    """
    compound = Compound(path.read_bytes())
    return compound.read("workbook" if "workbook" in compound.names else "book")


def list_tabs(stream: bytes) -> list[Tab]:
    """All sheets, charts and macros in the order of their tabs."""
    tabs = []
    for kind, at, end in iterate_until_end(stream, 0):
        if kind == SHEET:
            start, visibility, form = struct.unpack_from("<IBB", stream, at)
            tabs.append(Tab(stream[at + 6 : end], start, bool(visibility & 3), form))
    return tabs


def keep_tables(stream: bytes, tabs: list[Tab]) -> bytes:
    """A stream of those records alone by which cells are read; of sheets without cells, their names."""
    sheets = [copy_records(stream, tab.start, CELLS) if tab.has_cells else b"" for tab in tabs]
    points_at_texts = any(has_shared_texts(sheet) for sheet in sheets)
    head = copy_records(stream, 0, GLOBALS | ({TEXTS} if points_at_texts else set()))
    end = struct.pack("<HH", END, 0)
    place = len(head) + sum(10 + len(tab.spelled) for tab in tabs) + len(end)
    bounds = []
    for tab, sheet in zip(tabs, sheets, strict=True):
        bounds.append(struct.pack("<HHIBB", SHEET, 6 + len(tab.spelled), place, 0, WORKSHEET) + tab.spelled)
        place += len(sheet) + len(end)
    return b"".join([head, *bounds, end, *(piece for sheet in sheets for piece in (sheet, end))])


def copy_records(stream: bytes, start: int, kept: frozenset[int] | set[int]) -> bytes:
    """The record that begins a part of a stream, and of those that follow the kept ones with what continues them."""
    pieces, begin, stop, was_kept = [], start, start, False
    for kind, at, end in iterate_until_end(stream, start):
        was_kept = kind in kept or at == start + 4 or (kind == CONTINUE and was_kept)
        if not was_kept:
            continue
        if at - 4 != stop:  # something is left out
            pieces.append(stream[begin:stop])
            begin = at - 4
        stop = end
    return b"".join([*pieces, stream[begin:stop]])


def has_shared_texts(sheet: bytes) -> bool:
    """Whether a cell points at a shared text."""
    return any(kind == SHARED_TEXT for kind, _, _ in iterate_records(sheet))


def iterate_until_end(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind of the records of one part of a stream, where their data begin and end; those of charts in it left out.

    Raises: ValueError when the stream ends before the part does.
    """
    depth = 0
    for kind, at, length in iterate_records(stream, start):
        if kind in BEGINS:
            depth += 1
        elif kind == END:
            depth -= 1
            if depth <= 0:
                return
        if depth == 1:
            yield kind, at, at + length
    raise ValueError("its records break off")


def find_filled_rows(stream: bytes, start: int) -> FilledRows:
    """The rows of the sheet that begins there; several numbers are one record, a formula's result says what it is."""
    values, texts = set[int](), set[int]()
    for kind, at, _ in iterate_until_end(stream, start):
        if kind in VALUES:
            values.add(stream[at] | stream[at + 1] << 8)
        elif kind in LABELS:
            texts.add(stream[at] | stream[at + 1] << 8)
        elif kind in FORMULAS:
            is_value = stream[at + 12 : at + 14] != b"\xff\xff" or stream[at + 6] in (1, 2)
            (values if is_value else texts).add(stream[at] | stream[at + 1] << 8)
    return FilledRows({row + 1 for row in values}, {row + 1 for row in texts})
