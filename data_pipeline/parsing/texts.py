"""Texts of a column: as they are judged, and read in one way after another."""

from collections.abc import Callable, Iterable

import polars as pl

SELDOM = 10  # times that a text must occur on average before it pays to look it up
# In none of a column's ASCII texts: blanks, U+0000, and how the error cells of spreadsheets begin.
ODD = "\0\t\n\v\f\r #"


def strip(texts: pl.Series) -> pl.Series:
    """Texts as they are judged: blank is '', space around them says nothing."""
    return texts.fill_null("").str.strip_chars()


def is_plain(texts: pl.Series) -> bool:
    """Whether no text needs a closer look: none is null, holds a blank or U+0000, or may be an error cell.

    All of them as one text, which takes a quarter of the time of stripping each.
    """
    joined = "" if texts.null_count() else str(texts.str.join("").item())
    return not texts.null_count() and joined.isascii() and not any(odd in joined for odd in ODD)


def take_distinct(texts: Iterable[str]) -> pl.Series:
    """The texts that are not blank, stripped, each once."""
    series = texts if isinstance(texts, pl.Series) else pl.Series(list(texts), dtype=pl.String)
    stripped = series.drop_nulls().str.strip_chars().unique()
    return stripped.filter(stripped != "")


def read_distinct(texts: pl.Series, read: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What was read, each text once where they repeat: a day's dates are few."""
    distinct = texts.unique()
    if len(distinct) * SELDOM > len(texts):
        return read(texts)
    values = read(distinct)
    return texts.replace_strict(distinct, values, return_dtype=values.dtype)


def read_rest(read: pl.Series, texts: pl.Series, in_another_way: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What was read, with those texts read in another way that could not be read yet; mostly there are none."""
    rest = (read.is_null() & (texts != "")).arg_true()
    return read.scatter(rest, in_another_way(texts.gather(rest))) if len(rest) else read
