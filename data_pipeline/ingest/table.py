"""Rows of text with a header on top -> RawTable with named columns."""

from collections import Counter

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.findings import Finding
from data_pipeline.model.tables import RawRows, RawTable


def build_table(raw: RawRows, *, name: str) -> RawTable:
    """Takes row 1 as the header, keeps one row per record that is not entirely blank.

    Raises: FileRejected when there is no header or no record, or two columns share a name.
    """
    rows = raw.cells
    if rows.height == 0 or rows.width == 0:
        raise FileRejected("EMPTY_FILE", f"{name}: expected a header row and records, found nothing. Export it again.")
    header = [(cell or "").strip() for cell in rows.row(0)]
    names = [title for title in header if title]
    if not names:
        raise FileRejected("NO_HEADER", f"{name}: row 1 is blank; it must hold the column names.")
    doubled = sorted(title for title, count in Counter(names).items() if count > 1)
    if doubled:
        raise FileRejected("DOUBLED_HEADER", f"{name}: row 1 names these columns twice: {', '.join(doubled)}.")
    records = rows.slice(1)
    filled = records.select(pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != "")).to_series()
    if not filled.any():
        raise FileRejected("EMPTY_FILE", f"{name}: expected records below the header, found none. Export it again.")
    unnamed = [column for column, title in zip(rows.columns, header, strict=True) if not title]
    named = {column: title for column, title in zip(rows.columns, header, strict=True) if title}
    numbers = pl.Series("row_number", raw.row_numbers[1:], dtype=pl.Int64)
    notes = [*note_blank_rows(name, filled), *note_unnamed_cells(name, records.select(unnamed), numbers)]
    return RawTable(
        cells=records.filter(filled).select(named.keys()).rename(named),
        row_numbers=numbers.filter(filled),
        origin=raw,
        findings=tuple(notes),
    )


def note_blank_rows(name: str, filled: pl.Series) -> list[Finding]:
    """Rows without any content are no records; how many there are is said."""
    blank = int((~filled).sum())
    message = f"{name}: {blank} rows between or below the records are entirely blank"
    return [Finding(code="BLANK_ROWS", message=message, severity="info", rows=blank)] if blank else []


def note_unnamed_cells(name: str, cells: pl.DataFrame, numbers: pl.Series) -> list[Finding]:
    """Content in columns without a name is reported, since nobody can say what it means."""
    if not cells.width:
        return []
    lines = numbers.filter(cells.select(pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != "")).to_series())
    if not len(lines):
        return []
    message = f"{name}: {len(lines)} rows hold cells in columns without a name; first: row {lines[0]}"
    return [
        Finding(code="CELLS_WITHOUT_COLUMN", message=message, rows=len(lines), details={"rows": lines[:20].to_list()})
    ]
