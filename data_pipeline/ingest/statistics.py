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
from data_pipeline.model.reading import DateOrder, DecimalMark
from data_pipeline.model.statistics import KINDS, FieldStatistics

MOST_DISTINCT = 10_000
MOST_TEXTS = 500_000  # of all columns together: of a list of more than 50 columns fewer of each are kept
SAMPLE_ROWS = 1_000
EXAMPLES = 5
LONG_TEXT = 100  # characters; of a longer one its beginning and a hash are kept

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
    cells: pl.DataFrame, *, decimal_mark: DecimalMark = ".", date_order: DateOrder = "dmy", first_row: int = 0
) -> Measured:
    """Measures one chunk of records; `first_row` is how many came before it in the file."""
    crowded = find_crowded_early(cells)
    counted = count_texts(cells, crowded)
    kinds = classify(counted["text"], decimal_mark=decimal_mark, date_order=date_order)
    filled = counted.filter(kinds.kinds != BLANK)
    if kinds.lengths.max(initial=0) > LONG_TEXT:
        filled = filled.with_columns(shorten(pl.col("text")))
    texts, crowded = thin_out(filled, crowded, most_distinct(cells.width))
    return Measured(
        names=tuple(cells.columns),
        figures=add_up(counted, kinds, cells.width),
        texts=texts,
        crowded=crowded,
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


def find_crowded_early(cells: pl.DataFrame) -> frozenset[int]:
    """Columns whose first records alone hold too many different texts: it is no use to count the others."""
    most = most_distinct(cells.width)
    if cells.height <= most:
        return frozenset()
    beginnings = enumerate(cells.head(2 * most))
    return frozenset(index for index, texts in beginnings if leave_out_blanks(texts).n_unique() > most)


def count_texts(cells: pl.DataFrame, crowded: frozenset[int]) -> pl.DataFrame:
    """Every different text of each column with how many cells hold it; of crowded columns every cell by itself.

    Shape: one column per column of the file -> one row per (column, text), those of a column together.
    """
    counted = [pl.DataFrame(schema={"column": pl.UInt16, "text": pl.String, "rows": pl.UInt32})]
    counted += [
        cells.select(column=pl.lit(index, pl.UInt16), text=pl.nth(index), rows=pl.lit(1, pl.UInt32))
        for index in sorted(crowded)
    ]
    counts = [
        pl.nth(index).value_counts(name="rows").struct.rename_fields(["text", "rows"]).implode().alias(str(index))
        for index in range(cells.width)
        if index not in crowded
    ]
    if counts:
        lists = cells.select(counts).unpivot(variable_name="column").with_columns(pl.col("column").cast(pl.UInt16))
        counted.append(lists.explode("value", empty_as_null=False).unnest("value"))
    return pl.concat(counted).with_columns(pl.col("rows").cast(pl.Int64))


def thin_out(texts: pl.DataFrame, crowded: frozenset[int], most: int) -> tuple[pl.DataFrame, frozenset[int]]:
    """Texts without those of crowded columns, but for the first and the last of each; and which columns these are."""
    counts = np.bincount(texts["column"].to_numpy())
    crowded |= frozenset(np.flatnonzero(counts > most).tolist())
    if not crowded:
        return texts, crowded
    is_crowded = pl.col("column").is_in(sorted(crowded))
    many = texts.filter(is_crowded).group_by("column")
    ends = [many.agg(end, pl.col("rows").first()) for end in (pl.col("text").min(), pl.col("text").max())]
    return pl.concat([texts.filter(~is_crowded), *ends]), crowded


def shorten(text: pl.Expr) -> pl.Expr:
    """Long texts as their beginning and a hash, by which they still differ."""
    is_long = text.str.len_chars() > LONG_TEXT
    return pl.when(is_long).then(text.str.head(LONG_TEXT) + text.hash().cast(pl.String)).otherwise(text)


def leave_out_blanks(texts: pl.Series) -> pl.Series:
    """The texts that hold anything."""
    return texts.filter(texts.str.strip_chars() != "")


def most_frequent() -> pl.Expr:
    """The most frequent of counted texts; of equally frequent ones the first by code point."""
    return pl.col("text").sort_by("rows", "text", descending=[True, False]).head(EXAMPLES)


def find_examples(texts: pl.Series) -> list[str]:
    """The most frequent texts of some cells."""
    counted = leave_out_blanks(texts).alias("text").value_counts(name="rows")
    return counted.select(most_frequent()).to_series().to_list()


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


def most_distinct(width: int) -> int:
    """How many different texts of each of so many columns are kept."""
    return min(MOST_DISTINCT, max(1, MOST_TEXTS // max(1, width)))
