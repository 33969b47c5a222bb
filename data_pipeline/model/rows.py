"""Rows that are read chunk by chunk, as often as wanted: memory holds a chunk of a date, not the date."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

import polars as pl

from data_pipeline.errors import ConservationError

SLICE_ROWS = 100_000
"""What is hashed, written as one row group of Parquet and read back together."""


class Rows:
    """A table in chunks; what is made of it is made anew with each pass.

    Shape: every chunk has `schema`; their order is that of the rows, their borders mean nothing.
    """

    def __init__(
        self, read: Callable[[], Iterable[pl.DataFrame]], schema: pl.Schema, *, height: int | None = None
    ) -> None:
        """`read` begins a pass; `height`: the number of rows where it is known without one."""
        self._read, self._height = read, height
        self.schema = schema

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Self:
        """A table that is in memory, as one chunk."""
        return cls(lambda: [frame], frame.schema, height=frame.height)

    @property
    def columns(self) -> list[str]:
        """Names, in order."""
        return self.schema.names()

    @property
    def height(self) -> int:
        """Number of rows; counted by a pass where nothing else says it."""
        if self._height is None:
            self._height = sum(chunk.height for chunk in self._read())
        return self._height

    def chunks(self) -> Iterator[pl.DataFrame]:
        """One pass.

        Raises: ConservationError at its end when it gave another number of rows than the passes before.
        """
        count = 0
        for chunk in self._read():
            count += chunk.height
            yield chunk
        if self._height not in (None, count):
            raise ConservationError(f"expected {self._height} rows, read {count}: something changed them meanwhile")
        self._height = count

    def iter_slices(self, rows: int) -> Iterator[pl.DataFrame]:
        """One pass in pieces of so many rows, the last with what is left; no rows, no piece."""
        held = pl.DataFrame(schema=self.schema)
        for chunk in self.chunks():
            held = pl.concat([held, chunk]) if held.height else chunk
            whole = held.height - held.height % rows
            yield from held.head(whole).iter_slices(rows)
            held = held.slice(whole)
        if held.height:
            yield held

    def take(self, ranges: Iterable[tuple[int, int]]) -> Iterator[pl.DataFrame]:
        """Some ranges (first row from 0, count), which must ascend and lie inside: a table for each, in one pass."""
        chunks, held, start = self.chunks(), pl.DataFrame(schema=self.schema), 0
        for first, count in ranges:
            while start + held.height < first + count:
                passed = min(first - start, held.height)
                start, held = start + passed, pl.concat([held.slice(passed), next(chunks)])
            yield held.slice(first - start, count)

    def collect(self) -> pl.DataFrame:
        """All of it in memory."""
        return pl.concat([pl.DataFrame(schema=self.schema), *self.chunks()])

    def map(self, change: Callable[[pl.DataFrame], pl.DataFrame], *, drops: bool = False) -> "Rows":
        """Every chunk changed by a function that looks at one row at a time; `drops`: it may leave rows out."""
        schema = change(pl.DataFrame(schema=self.schema)).schema
        return Rows(lambda: map(change, self.chunks()), schema, height=None if drops else self._height)

    def number(self, name: str) -> "Rows":
        """With the position of each row, from 0, in a further column."""

        def read() -> Iterator[pl.DataFrame]:
            first = 0
            for chunk in self.chunks():
                yield chunk.with_columns(pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias(name))
                first += chunk.height

        return Rows(read, pl.Schema({**self.schema, name: pl.Int64()}), height=self._height)


def concat_rows(parts: Sequence[Rows]) -> Rows:
    """The rows of several tables, one after another; a column that one of them lacks is null there.

    Raises: polars' SchemaError when a column is not of one type.
    """
    empty = pl.concat([pl.DataFrame(schema=part.schema) for part in parts], how="diagonal")
    return Rows(
        lambda: (pl.concat([empty, chunk], how="diagonal") for part in parts for chunk in part.chunks()),
        empty.schema,
        height=sum(part.height for part in parts),
    )
