"""Sample file -> what a draft needs to know of it. Runs in a reader process: nothing else touches a file's content."""

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from data_pipeline.ingest.stream import ReadingOptions, open_tables
from data_pipeline.model.reading import Limits
from data_pipeline.model.tables import RawRows, RawTable, join_tables
from data_pipeline.parsing.texts import strip

SURVEYED_RECORDS = 100_000
"""By so many records types and keys are guessed; the whole file is judged by the draft afterwards."""


@dataclass(frozen=True)
class Survey:
    """A sample's first records.

    Shape: `cells` has one column of stripped texts per column of the file, '' where it is blank.
    """

    file: str
    cells: pl.DataFrame
    table: RawTable
    """As read, without its cells."""
    is_whole: bool

    @property
    def is_text(self) -> bool:
        """Whether it was a text file, whose numbers are as somebody wrote them."""
        return self.table.origin.text is not None

    @property
    def delimiter(self) -> str:
        """What stands between its fields; of other formats, what will stand between those of the example."""
        return self.table.origin.text.dialect.delimiter if self.table.origin.text else ","


def survey_file(path: Path, name: str, limits: Limits) -> Survey:
    """Reads the first records of a sample.

    Raises: FileRejected when it cannot be read, has no header or no records.
    """
    tables, records, is_whole = list[RawTable](), 0, False
    for chunk in open_tables(path, name=name, options=ReadingOptions(limits=limits)):
        tables.append(chunk.table)
        records, is_whole = records + chunk.table.cells.height, chunk.is_last
        if records >= SURVEYED_RECORDS:
            break
    table = tables[0] if len(tables) == 1 else join_tables(tables)
    cells = table.cells.head(SURVEYED_RECORDS).with_columns(strip(column) for column in table.cells)
    is_sound = ~table.row_numbers.head(SURVEYED_RECORDS).is_in(sorted(table.ragged_rows))
    return Survey(name, cells.filter(is_sound), forget_cells(table), is_whole=is_whole and records <= SURVEYED_RECORDS)


def forget_cells(table: RawTable) -> RawTable:
    """What is known of a table beside its cells."""
    origin: RawRows = replace(table.origin, cells=table.origin.cells.clear(), row_numbers=[])
    return replace(table, cells=table.cells.clear(), row_numbers=table.row_numbers.clear(), origin=origin)
