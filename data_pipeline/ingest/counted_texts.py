"""Cells -> the different texts of each column, with how many cells hold them, as long as they are not too many."""

from collections.abc import Sequence

import numpy as np
import polars as pl

MOST_DISTINCT = 10_000
MOST_TEXTS = 500_000  # of all columns together: of a list of more than 50 columns fewer of each are kept
EXAMPLES = 5
OFTEN = 3  # times that a text must occur on average before it pays to count it
LONG_TEXT = 100  # characters; of a longer one its beginning and a hash are kept

COUNTED = pl.Schema({"column": pl.UInt16, "text": pl.String, "rows": pl.Int64})


def find_crowded_early(cells: pl.DataFrame) -> frozenset[int]:
    """Columns whose first records alone hold too many different texts: it is no use to count the others."""
    most = most_distinct(cells.width)
    if cells.height <= most:
        return frozenset()
    beginnings = enumerate(cells.head(2 * most))
    return frozenset(index for index, texts in beginnings if leave_out_blanks(texts).n_unique() > most)


def count_texts(cells: pl.DataFrame, columns: Sequence[int]) -> pl.DataFrame:
    """Every different text of some columns with how many cells hold it.

    Shape: one column per column of the file -> one row per (column, text), those of a column together.
    """
    rows = pl.col("rows").cast(pl.Int64)
    counts = {index: cells.to_series(index).alias("text").value_counts(name="rows") for index in columns}
    numbered = [one.select(pl.lit(index, pl.UInt16).alias("column"), "text", rows) for index, one in counts.items()]
    return pl.concat([pl.DataFrame(schema=COUNTED), *numbered])


def list_texts(cells: pl.DataFrame, columns: Sequence[int]) -> pl.DataFrame:
    """The texts of crowded columns: it is no use to count them where nearly all are different."""
    listed = [pl.DataFrame(schema=COUNTED)]
    for index in columns:
        if int(cells.select(pl.nth(index).approx_n_unique()).item()) * OFTEN < cells.height:
            listed.append(count_texts(cells, [index]))
        else:
            one = pl.lit(1, pl.Int64).alias("rows")
            listed.append(cells.select(pl.lit(index, pl.UInt16).alias("column"), pl.nth(index).alias("text"), one))
    return pl.concat(listed)


def thin_out(texts: pl.DataFrame, crowded: frozenset[int], most: int) -> tuple[pl.DataFrame, frozenset[int]]:
    """Texts without those of crowded columns, but for the first and the last of each; and which columns these are."""
    counts = np.bincount(texts["column"].to_numpy())
    crowded |= frozenset(np.flatnonzero(counts > most).tolist())
    if not crowded:
        return texts, crowded
    is_crowded = pl.col("column").is_in(sorted(crowded))
    return pl.concat([texts.filter(~is_crowded), find_edges(texts.filter(is_crowded))]), crowded


def find_edges(texts: pl.DataFrame) -> pl.DataFrame:
    """The first and the last text of each column, as of one cell each."""
    edges = texts.group_by("column").agg(pl.col("text").min(), pl.col("text").max().alias("last"))
    rows = [(column, text, 1) for column, *both in edges.iter_rows() for text in both]
    return pl.DataFrame(rows, schema=COUNTED, orient="row")


def shorten(texts: pl.DataFrame) -> pl.DataFrame:
    """Long texts as their beginning and a hash, by which they still differ."""
    text = pl.col("text")
    if not (texts["text"].str.len_bytes() > LONG_TEXT).any():
        return texts
    short = pl.when(text.str.len_chars() > LONG_TEXT).then(text.str.head(LONG_TEXT) + text.hash().cast(pl.String))
    return texts.with_columns(short.otherwise(text).alias("text"))


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


def most_distinct(width: int) -> int:
    """How many different texts of each of so many columns are kept."""
    return min(MOST_DISTINCT, max(1, MOST_TEXTS // max(1, width)))
