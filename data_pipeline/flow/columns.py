"""Chunks of a file -> what the cells of every column look like."""

from data_pipeline.ingest.statistics import Measured, finish, measure, merge
from data_pipeline.model.statistics import FieldStatistics
from data_pipeline.model.tables import RawTable

# Statistics cost as much as reading: of longer files they are of these records and of one chunk in so many.
FULLY_MEASURED, SAMPLED = 1_000_000, 10
MOST_KEPT = 100_000  # texts of several chunks before they are merged, which costs as much for one chunk as for many


class Columns:
    """Adds up what the chunks of a file show, rejected records too; where it was cut does not count."""

    def __init__(self, *, sampled: int = SAMPLED) -> None:
        """`sampled`: one chunk in so many is measured behind the first million records; 1: every one."""
        self._sampled = sampled
        self._measured: list[Measured] = []
        self.records = self._chunks = 0

    def add(self, table: RawTable) -> None:
        """Counts a chunk in."""
        if self.records < FULLY_MEASURED or self._chunks % self._sampled == 0:
            crowded = frozenset[int]().union(*(part.crowded for part in self._measured))
            mark = table.origin.decimal_mark
            measured = measure(table.cells, decimal_mark=mark, first_row=self.records, crowded=crowded)
            self._measured.append(measured)
            if sum(part.texts.height for part in self._measured) > MOST_KEPT:
                self._measured = [merge(self._measured)]
        self.records += table.cells.height
        self._chunks += 1

    @property
    def statistics(self) -> list[FieldStatistics]:
        """Every column's; how many cells were looked at is in their `count`."""
        return finish(merge(self._measured)) if self._measured else []
