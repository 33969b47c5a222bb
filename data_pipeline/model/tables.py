"""A file's cells as they were stored, before anybody judged them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import DecimalMark, RaggedRow, TextOrigin


@dataclass(frozen=True)
class RawRows:
    """One sheet or CSV as text, nothing taken for a header yet.

    Shape: `cells` has one text column per position, as wide as the widest row; `row_numbers` says where each row
    stands in the sender's program.
    """

    cells: pl.DataFrame
    row_numbers: Sequence[int] | npt.NDArray[np.int64]
    sheet: str
    decimal_mark: DecimalMark
    """What its format says of numbers; the cells themselves may say otherwise."""
    created_at: dt.datetime | None = None
    """When the sender's program made the file, with its time zone."""
    ragged_rows: Mapping[int, RaggedRow] = field(default_factory=dict)
    """By row number, records with another number of fields than most: nobody can say which cell is which."""
    findings: tuple[Finding, ...] = ()
    text: TextOrigin | None = None
    """How a text file was told apart; None for a workbook."""
    names: tuple[str, ...] = ()
    """Of the columns, where the format has them apart from the rows and no header is looked for."""

    def slice(self, start: int, count: int) -> "RawRows":
        """Some of the rows; what was found in all of them goes with the first."""
        numbers = self.row_numbers[start : start + count]
        findings = self.findings if start == 0 else ()
        return replace(self, cells=self.cells.slice(start, count), row_numbers=numbers, findings=findings)

    def with_findings(self, findings: Iterable[Finding]) -> "RawRows":
        """The same rows, with more that was found on the way."""
        return replace(self, findings=(*self.findings, *findings))


def join_chunks(chunks: Sequence[RawRows]) -> RawRows:
    """Chunks of one file as one."""
    ragged = {row: one for chunk in chunks for row, one in chunk.ragged_rows.items()}
    return replace(
        chunks[0],
        cells=pl.concat(chunk.cells for chunk in chunks),
        row_numbers=np.concatenate([np.asarray(chunk.row_numbers) for chunk in chunks]),
        ragged_rows=ragged,
        findings=tuple(finding for chunk in chunks for finding in chunk.findings),
    )


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
    ragged_rows: Mapping[int, RaggedRow] = field(default_factory=dict)
    """By row number, the records that the pipeline's policy does not let through."""
    header_rows: tuple[int, ...] = ()
    """Where the header stands in the sender's program."""


def join_tables(tables: Sequence[RawTable]) -> RawTable:
    """Chunks of one file as one."""
    return replace(
        tables[0],
        cells=pl.concat(table.cells for table in tables),
        row_numbers=pl.concat(table.row_numbers for table in tables),
        findings=tuple(finding for table in tables for finding in table.findings),
        ragged_rows={row: one for table in tables for row, one in table.ragged_rows.items()},
    )


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
