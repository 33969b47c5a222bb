"""Hides most characters of sensitive texts."""

import polars as pl
from pydantic import Field

from data_pipeline.transform.step import ColumnsOptions, require_type


class Options(ColumnsOptions):
    """What is hidden, and what stays."""

    first: int = Field(0, ge=0)
    """Characters that stay at the beginning."""
    last: int = Field(0, ge=0)
    """Characters that stay at the end."""
    character: str = Field("*", min_length=1, max_length=1)
    """What stands for each hidden one."""
    keep_length: bool = True
    """False: five stand for the hidden ones however many they are, so that not even the length is told."""


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Hides texts but for their ends; a text that would be shown as a whole is hidden as a whole.

    Example:
        >>> rows = pl.DataFrame({"phone": ["081234567890", "123", None]})
        >>> apply(rows, Options(columns=("phone",), first=2, last=2))["phone"].to_list()
        ['08********90', '***', None]
    """
    require_type(rows, options.columns, "text")
    return rows.with_columns(hide(rows[column], options) for column in options.columns)


def hide(texts: pl.Series, options: Options) -> pl.Series:
    """One column."""
    shown = options.first + options.last
    length = pl.col(texts.name).str.len_chars().cast(pl.Int64)
    is_short = length <= shown
    first, last = (pl.when(is_short).then(0).otherwise(count) for count in (options.first, options.last))
    text = pl.col(texts.name)
    hidden = text.str.slice(first, length - first - last)
    pattern = "(?s)." if options.keep_length else "(?s)^.+$"
    stand_in = options.character if options.keep_length else options.character * 5
    middle = hidden.str.replace_all(pattern, stand_in.replace("$", "$$"))
    tail = text.str.slice(length - last, last)
    return texts.to_frame().select((text.str.slice(0, first) + middle + tail).alias(texts.name)).to_series()
