"""A file's cells as they were stored, before anybody judged them."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from data_pipeline.model.findings import Finding


@dataclass(frozen=True)
class RawRows:
    """One sheet or CSV as text, nothing taken for a header yet.

    Shape: `cells` has one text column per position, as wide as the widest row; `row_numbers` says where each row
    stands in the sender's program.
    """

    cells: pl.DataFrame
    row_numbers: list[int]
    sheet: str
    decimal_mark: str
    created_at: dt.datetime | None = None
    """When the sender's program made the file, with its time zone."""
    ragged_rows: frozenset[int] = frozenset()
    """Row numbers of records with another number of fields than the first: nobody can say which cell is which."""


@dataclass(frozen=True)
class RawTable:
    """Records under a header, still as text.

    Shape: `cells` has one text column per header cell, named by its trimmed header, and one row per record that is
    not entirely blank; `row_numbers` says where each record stands in the sender's program (header = row 1).
    """

    cells: pl.DataFrame
    row_numbers: pl.Series
    origin: RawRows
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ReferenceTable:
    """One reference file as text, with the hash of its bytes for the manifest."""

    name: str
    sha256: str
    rows: RawRows

    def with_header(self) -> pl.DataFrame:
        """Records under row 1, all cells text as they are, blanks as ''; the first of two equal names counts."""
        cells = self.rows.cells.fill_null("")
        titles = [title.strip() for title in cells.row(0)] if cells.height else []
        header = {titles.index(title): title for title in titles if title}
        named = {cells.columns[position]: title for position, title in header.items()}
        return cells.slice(1).select(named.keys()).rename(named)
