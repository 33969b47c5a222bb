"""Texts of a column: as they are judged, and read in one way after another."""

from collections.abc import Callable, Iterable

import polars as pl

SELDOM = 10  # times that a text must occur on average before it pays to look it up


def strip(texts: pl.Series) -> pl.Series:
    """Texts as they are judged: blank is '', space around them says nothing."""
    return texts.fill_null("").str.strip_chars()


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
