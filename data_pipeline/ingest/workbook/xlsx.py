"""XLSX file -> RawRows, every cell as the text that is stored in it, dates in ISO form.

The reader is excelreader: of those measured it is the cheapest, keeps error cells apart from blanks and gives numbers
as stored (docs/decisions/0002). It is no XML parser, does not say which row it is at, and gives what it cannot find as
blank. So the XML is looked at here as well: rows are numbered and values counted from it, and a count that differs from
the reader's fails the file.
"""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import excelreader
import numpy as np
import numpy.typing as npt
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import unreadable
from data_pipeline.ingest.workbook.archive import AGAIN, Archive
from data_pipeline.ingest.workbook.book import Book, list_candidates, note_hidden_sheets, read_book
from data_pipeline.ingest.workbook.creation import read_time
from data_pipeline.ingest.workbook.date_styles import find_date_styles
from data_pipeline.ingest.workbook.guard import guard_archive
from data_pipeline.ingest.workbook.parts import Part, read_part
from data_pipeline.ingest.workbook.recount import measure_width, recount
from data_pipeline.ingest.workbook.respelling import respell
from data_pipeline.ingest.workbook.serial_dates import write_dates
from data_pipeline.ingest.workbook.shared_texts import SharedTexts, inspect_shared_texts
from data_pipeline.ingest.workbook.sheet_facts import SheetFacts, inspect_sheet
from data_pipeline.ingest.workbook.sheets import SheetInfo
from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import Limits
from data_pipeline.model.tables import RawRows

PROPERTIES = "docProps/core.xml"
CREATED = re.compile(rb"<dcterms:created[^>]*>\s*([^<\s]+)\s*<")
# What the reader reads has been unpacked before, and its checksums were right.
OPTIONS = excelreader.OpenOptions(verify_zip_checksums=False)
ROOMY = 256  # columns; no list of anybody's is wider


def read_xlsx(
    path: Path,
    name: str,
    *,
    sheet: str | int | None = None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> RawRows:
    """Reads one sheet: of that name, at that position from 1, or the first visible one that has rows.

    Raises: FileRejected when the workbook cannot be opened, is not what it says it is, has no such sheet, or the reader
    and the XML disagree on what the sheet holds.
    """
    given, notes = guard_archive(path, limits, name)
    with respell(given) as archive:
        return read_archive(archive, sheet).with_findings(notes)


def read_archive(archive: Archive, sheet: str | int | None) -> RawRows:
    """The sheet of an archive in the usual spelling."""
    book = read_book(archive)
    texts = inspect_shared_texts(archive)
    chosen, part, facts = inspect_first(archive, book, sheet, texts=texts)
    cells = read_checked(part, chosen, facts, texts)
    return RawRows(
        cells=put_dates(part, cells, facts, has_1904_dates=book.has_1904_dates),
        row_numbers=facts.row_numbers,
        sheet=chosen.name,
        decimal_mark=".",
        created_at=find_creation_time(archive),
        findings=(*note_hidden_sheets(book, archive.name), *note_formulas(facts, archive.name)),
    )


def inspect_first(
    archive: Archive, book: Book, wanted: str | int | None, *, texts: SharedTexts
) -> tuple[SheetInfo, Part, SheetFacts]:
    """The sheet that is wanted, with what its XML holds; of several, the first that has rows."""
    date_styles = find_date_styles(archive, book.styles)
    inspected = (
        (sheet, part, inspect_sheet(part, date_styles, texts.empty))
        for sheet, part in list_candidates(archive, book, wanted)
    )
    first = next(inspected)
    return first if first[2].row_numbers else next((each for each in inspected if each[2].row_numbers), first)


def read_checked(part: Part, sheet: SheetInfo, facts: SheetFacts, texts: SharedTexts) -> pl.DataFrame:
    """All cells of the sheet, once they are known to be all.

    A row may have styled blanks up to the last column of any sheet, so very wide ones are looked at cell by cell.
    """
    for width in guess_widths(part, facts):
        cells = read_cells(part, sheet, facts, width=width)
        if count_values(cells) == facts.values:
            return cells
    values, width = recount(part, facts.row_numbers, texts)
    cells = read_cells(part, sheet, facts, width=width)
    if (gave := count_values(cells)) != values:
        raise disagreement(part, sheet, f"{values} values", gave)
    return cells


def guess_widths(part: Part, facts: SheetFacts) -> Iterator[int]:
    """How many columns the sheet may have: by the rows that were asked where they end, then by all of them."""
    most = min(ROOMY, part.archive.limits.columns)
    if facts.width <= most:
        yield facts.width
        if facts.width < (width := measure_width(part)) <= most:
            yield width


def read_cells(part: Part, sheet: SheetInfo, facts: SheetFacts, *, width: int) -> pl.DataFrame:
    """That many columns of a sheet as text, one row per row element."""
    columns = [
        excelreader.ColumnSpec(excelreader.ColumnType.STRING, index=index, nullable=True)
        for index in range(max(width, 1))
    ]
    try:
        with excelreader.open_workbook(part.archive.path, format="xlsx", options=OPTIONS) as workbook:
            cells = cast("pl.DataFrame", workbook.sheets[sheet.position - 1].to_polars(columns, header_row=0))
    except (excelreader.ExcelReaderError, OSError, ValueError, LookupError) as error:
        raise unreadable(part.archive.name, str(error)) from error
    if cells.height != len(facts.row_numbers):
        raise disagreement(part, sheet, f"{len(facts.row_numbers)} rows", cells.height)
    return cells


def disagreement(part: Part, sheet: SheetInfo, holds: str, gave: int) -> FileRejected:
    """The refusal of a sheet that the reader sees otherwise than its XML."""
    return FileRejected(
        "READER_DISAGREES",
        f"{part.archive.name}: the sheet {sheet.name!r} holds {holds}, the reader gave {gave}. "
        "Save the workbook again in a spreadsheet program and send that.",
    )


def count_values(cells: pl.DataFrame) -> int:
    """How many cells hold something."""
    return int(cells.select(pl.sum_horizontal((pl.all().str.len_bytes() > 0).sum())).item())


def put_dates(part: Part, cells: pl.DataFrame, facts: SheetFacts, *, has_1904_dates: bool) -> pl.DataFrame:
    """Dates, times and durations as ISO text instead of the days that are stored."""
    changed = dict[int, pl.Series]()
    for (column, kind), numbers in facts.dates.items():
        if column > cells.width:  # blanks beyond the table
            continue
        rows = find_rows(part, facts, np.asarray(numbers))
        texts = changed.get(column, cells.to_series(column - 1))
        written = write_dates(texts.gather(rows), kind, has_1904_dates=has_1904_dates)
        changed[column] = texts.clone().scatter(rows, written)
    for (number, column), text in facts.iso_texts.items():
        texts = changed.get(column, cells.to_series(column - 1))
        changed[column] = texts.clone().scatter(find_rows(part, facts, np.asarray([number])), text)
    return cells.with_columns(changed.values())


def find_rows(part: Part, facts: SheetFacts, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Positions of rows by their numbers, which ascend."""
    known = np.asarray(facts.row_numbers)
    rows = np.searchsorted(known, numbers).clip(max=len(known) - 1)
    if not np.array_equal(known[rows], numbers):
        strange = int(numbers[known[rows] != numbers][0])
        raise FileRejected(
            "OUT_OF_ORDER",
            f"{part.archive.name}: the part {part.name!r} holds a cell of row {strange} in another row, so nobody can "
            f"say where it belongs. {AGAIN}",
        )
    return rows


def note_formulas(facts: SheetFacts, name: str) -> list[Finding]:
    """Formulas are not computed; of one without a stored value nothing is known."""
    notes = []
    if facts.formulas:
        message = f"{name}: {facts.formulas} cells hold formulas, which are not computed: the stored values are used"
        notes.append(Finding(code="FORMULAS", message=message, severity="info"))
    if facts.formulas_without_value:
        message = (
            f"{name}: {facts.formulas_without_value} formulas have no stored value and count as blank. Open the "
            "workbook in a spreadsheet program, save it and send that"
        )
        notes.append(Finding(code="FORMULAS_WITHOUT_VALUE", message=message))
    return notes


def find_creation_time(archive: Archive) -> dt.datetime | None:
    """When the workbook was created, as its maker's clock said; None when it does not say. No zone means UTC."""
    found = CREATED.search(read_part(Part(archive, PROPERTIES))) if PROPERTIES in archive.parts else None
    return read_time(found.group(1).decode("ascii", "replace"), dt.UTC) if found else None
