"""Cells as text -> what each column holds, in memory that does not grow with the file.

Chunks are measured one by one and merged in any order. Whatever a chunk leaves behind adds up exactly: numbers are
summed as integers by their binary exponent, and different texts are kept until they are too many.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_pipeline.ingest.cell_kinds import BLANK, DATE, INTEGER, NUMBER, CellKinds, classify
from data_pipeline.ingest.counted_texts import (
    LONG_TEXT,
    count_texts,
    find_crowded_early,
    find_edges,
    find_examples,
    list_texts,
    most_distinct,
    most_frequent,
    shorten,
    thin_out,
)
from data_pipeline.model.reading import DateOrder, DecimalMark
from data_pipeline.model.statistics import KINDS, FieldStatistics

SAMPLE_ROWS = 1_000

# A double is digits * 2**exponent: 53 bits of digits, added up in two halves so that 2**36 cells fit into an integer.
DIGIT_BITS, LOWER_BITS = 53, 27
LEAST_EXPONENT, EXPONENTS = -1074, 2100

UNKNOWN: dict[str, Any] = {"distinct": 0, "first": None, "last": None, "examples": []}
EPOCH = dt.date(1970, 1, 1)

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """What adds up, column by column.

    Shape: `cells` columns x kinds; `digits` one row per column and exponent that occur; the others one figure per
    column, NaN where there is none.
    """

    cells: Integers
    digits: pl.DataFrame
    least_number: Doubles
    greatest_number: Doubles
    first_day: Doubles
    last_day: Doubles
    longest: Integers

    def __add__(self, other: "Figures") -> "Figures":
        """Figures of the records of both."""
        return Figures(
            cells=self.cells + other.cells,
            digits=sum_digits(pl.concat([self.digits, other.digits])),
            least_number=np.fmin(self.least_number, other.least_number),
            greatest_number=np.fmax(self.greatest_number, other.greatest_number),
            first_day=np.fmin(self.first_day, other.first_day),
            last_day=np.fmax(self.last_day, other.last_day),
            longest=np.maximum(self.longest, other.longest),
        )


@dataclass(frozen=True)
class Measured:
    """What is known of some of a file's records; columns are numbered from 0.

    Shape: `texts` has one row per (column, text), of crowded columns only the first and the last text.
    """

    names: tuple[str, ...]
    figures: Figures
    texts: pl.DataFrame
    crowded: frozenset[int]
    """Columns with more different texts than are kept."""
    sample: pl.DataFrame
    """The first records of the file, where these are among them."""


def measure(
    cells: pl.DataFrame,
    *,
    decimal_mark: DecimalMark = ".",
    date_order: DateOrder = "dmy",
    first_row: int = 0,
    crowded: frozenset[int] = frozenset(),
) -> Measured:
    """Measures one chunk of records; `first_row`: how many came before it in the file, `crowded`: columns by then."""
    if first_row == 0:
        crowded = find_crowded_early(cells)
    counted = count_texts(cells, [index for index in range(cells.width) if index not in crowded])
    listed = list_texts(cells, sorted(crowded))
    every = pl.concat([counted, listed])
    kinds = classify(every["text"], decimal_mark=decimal_mark, date_order=date_order)
    is_filled = pl.Series(kinds.kinds != BLANK)
    # Apart from the crowded ones, of which nothing is kept: texts that were cut out of one table keep all of it.
    texts, many = thin_out(
        shorten(counted.filter(is_filled.head(counted.height))), frozenset(), most_distinct(cells.width)
    )
    edges = find_edges(shorten(listed.filter(is_filled.slice(counted.height))))
    return Measured(
        names=tuple(cells.columns),
        figures=add_up(every, kinds, cells.width),
        texts=pl.concat([texts, edges]),
        crowded=crowded | many,
        sample=cells.head(max(0, SAMPLE_ROWS - first_row)),
    )


def merge(parts: Iterable[Measured]) -> Measured:
    """What is known of the records of all parts together; there must be one part at least."""
    parts = list(parts)
    texts = pl.concat(part.texts for part in parts).group_by("column", "text").agg(pl.col("rows").sum())
    crowded = frozenset[int]().union(*(part.crowded for part in parts))
    texts, crowded = thin_out(texts, crowded, most_distinct(len(parts[0].names)))
    return Measured(
        names=parts[0].names,
        figures=reduce(Figures.__add__, (part.figures for part in parts)),
        texts=texts,
        crowded=crowded,
        sample=pl.concat(part.sample for part in parts),
    )


def finish(measured: Measured) -> list[FieldStatistics]:
    """The statistics of every column, in the order of the file."""
    texts = measured.texts.group_by("column").agg(
        distinct=pl.len(), first=pl.col("text").min(), last=pl.col("text").max(), examples=most_frequent()
    )
    known = {row["column"]: row for row in texts.iter_rows(named=True)}
    for column in measured.crowded:
        examples = find_examples(measured.sample.to_series(column))
        known[column] |= {"distinct": most_distinct(len(measured.names)), "has_more": True, "examples": examples}
    sums = sum_exactly(measured.figures.digits)
    return [
        describe_field(name, index, measured.figures, sums, known.get(index, UNKNOWN))
        for index, name in enumerate(measured.names)
    ]


def add_up(counted: pl.DataFrame, kinds: CellKinds, width: int) -> Figures:
    """Figures of a chunk's texts."""
    columns, rows = counted["column"].to_numpy().astype(np.int64), counted["rows"].to_numpy()
    starts = np.flatnonzero(np.diff(columns, prepend=-1))

    def fold(function: np.ufunc, values: NDArray[Any], nothing: float) -> NDArray[Any]:
        figures = np.full(width, nothing, dtype=values.dtype)
        figures[columns[starts]] = function.reduceat(values, starts)
        return figures

    places = columns * (BLANK + 1) + kinds.kinds
    return Figures(
        # Counts are exact as doubles, which is what bincount adds.
        cells=np.bincount(places, rows, width * (BLANK + 1)).astype(np.int64).reshape(width, -1),
        digits=split_numbers(columns, rows, kinds.numbers),
        least_number=fold(np.fmin, kinds.numbers, np.nan),
        greatest_number=fold(np.fmax, kinds.numbers, np.nan),
        first_day=fold(np.fmin, kinds.days, np.nan),
        last_day=fold(np.fmax, kinds.days, np.nan),
        longest=fold(np.maximum, kinds.lengths, 0),
    )


def split_numbers(columns: Integers, rows: Integers, numbers: Doubles) -> pl.DataFrame:
    """Sums of numbers' digits by column and exponent; sums of doubles would depend on their order."""
    at = np.flatnonzero(~np.isnan(numbers))
    fractions, exponents = np.frexp(numbers[at])
    digits = np.ldexp(fractions, DIGIT_BITS).astype(np.int64)
    upper = digits >> LOWER_BITS
    lower = digits - (upper << LOWER_BITS)
    places = columns[at] * EXPONENTS + (exponents - LEAST_EXPONENT)
    return sum_digits(pl.DataFrame({"place": places, "upper": upper * rows[at], "lower": lower * rows[at]}))


def sum_digits(digits: pl.DataFrame) -> pl.DataFrame:
    """One row per place, which is a column and an exponent."""
    return digits.group_by("place").agg(pl.all().sum())


def describe_field(
    name: str, index: int, figures: Figures, sums: dict[int, int], texts: dict[str, Any]
) -> FieldStatistics:
    """One column's statistics."""
    cells = figures.cells[index].tolist()
    numbers = cells[INTEGER] + cells[NUMBER]
    minimum, maximum = find_ends(cells, index, figures, texts)
    return FieldStatistics(
        name=name,
        count=sum(cells),
        blanks=cells[BLANK],
        distinct=texts["distinct"],
        has_more_distinct=texts.get("has_more", False),
        kinds={kind: count for kind, count in zip(KINDS, cells[:BLANK], strict=True) if count},
        minimum=minimum,
        maximum=maximum,
        mean=sums[index] / (numbers << (DIGIT_BITS - LEAST_EXPONENT)) if numbers else None,
        longest=figures.longest.item(index),
        examples=tuple(text[:LONG_TEXT] for text in texts["examples"]),
    )


def find_ends(
    cells: list[int], index: int, figures: Figures, texts: dict[str, Any]
) -> tuple[float | str | None, float | str | None]:
    """Least and greatest value of a column, as what most of its filled cells are."""
    half = sum(cells[:BLANK]) / 2
    if cells[INTEGER] + cells[NUMBER] > half:
        # Adding 0 makes 0 of a negative zero; which of the two stays would depend on the order of chunks.
        return figures.least_number.item(index) + 0.0, figures.greatest_number.item(index) + 0.0
    if cells[DATE] > half:
        first, last = (EPOCH + dt.timedelta(days=days.item(index)) for days in (figures.first_day, figures.last_day))
        return first.isoformat(), last.isoformat()
    first, last = texts["first"], texts["last"]
    return first and first[:LONG_TEXT], last and last[:LONG_TEXT]


def sum_exactly(digits: pl.DataFrame) -> dict[int, int]:
    """Sum of each column's numbers, in units of the least power of two that a double has."""
    sums: dict[int, int] = defaultdict(int)
    for place, upper, lower in digits.iter_rows():
        column, exponent = divmod(place, EXPONENTS)
        sums[column] += ((upper << LOWER_BITS) + lower) << exponent
    return sums
