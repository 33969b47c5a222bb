"""Sheet whose values the reader counts otherwise -> why: every cell is looked at, slowly."""

from collections.abc import Sequence
from itertools import chain

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.workbook.archive import AGAIN
from data_pipeline.ingest.workbook.cells import Cell, find_column, find_last_place, name_column, scan_cells, split_rows
from data_pipeline.ingest.workbook.parts import Part
from data_pipeline.ingest.workbook.sections import SHEET, read_runs
from data_pipeline.ingest.workbook.shared_texts import SharedTexts

SHARED_TYPE = "s"


def measure_width(part: Part) -> int:
    """Columns up to the last cell of any row, blank ones included."""
    ends = set[bytes]()
    for run in read_runs(part, SHEET):
        for row in run.raw.split(f"<{run.prefix}row".encode()):
            if place := find_last_place(row, run.prefix):
                ends.add(place[1])
    return max((find_column(letters.decode()) for letters in ends), default=0)


def recount(part: Part, row_numbers: Sequence[int], texts: SharedTexts) -> tuple[int, int]:
    """How many cells hold something, and the last column of one that does.

    Raises: FileRejected when a cell points at a text that is not there, stands where another stands, or lies beyond the
    columns that are allowed.
    """
    values = width = 0
    rows = chain.from_iterable(
        ((run.prefix, row) for row in split_rows(run.text, run.prefix)) for run in read_runs(part, SHEET)
    )
    for number, (prefix, row) in zip(row_numbers, rows, strict=True):
        previous = 0
        for cell in scan_cells(row, prefix):
            if cell.text and not points_at_nothing(part, cell, number, texts):
                check_place(part, cell, number, previous)
                values += 1
                width = max(width, cell.column)
            previous = cell.column
    return values, width


def points_at_nothing(part: Part, cell: Cell, number: int, texts: SharedTexts) -> bool:
    """Whether a cell's value is a shared text without a character."""
    if cell.type != SHARED_TYPE:
        return False
    index = int(cell.text) if cell.text.isdecimal() and len(cell.text) < 10 else -1
    if not 0 <= index < texts.count:
        raise FileRejected(
            "MISSING_TEXT",
            f"{part.archive.name}, row {number}, column {name_column(cell.column)}: the cell points at the shared text "
            f"{cell.text[:20]!r}, the workbook has {texts.count} of them, counted from 0. {AGAIN}",
        )
    return index in texts.empty


def check_place(part: Part, cell: Cell, number: int, previous: int) -> None:
    """Cells of a row stand from left to right, and not further right than is allowed."""
    name, most = part.archive.name, part.archive.limits.columns
    if cell.column <= previous:
        raise FileRejected(
            "OUT_OF_ORDER",
            f"{name}, row {number}: a cell of column {name_column(cell.column)} stands behind one of column "
            f"{name_column(previous)}, so nobody can say which counts. {AGAIN}",
        )
    if cell.column > most:
        raise FileRejected(
            "GEOMETRY",
            f"{name}, row {number}: column {name_column(cell.column)} holds a value; the columns up to "
            f"{name_column(most)} are read. Remove what stands beside the table.",
        )
