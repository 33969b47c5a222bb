"""Removes blanks around texts."""

import polars as pl

from data_pipeline.transform.step import ColumnsOptions, require_type


class Options(ColumnsOptions):
    """What is trimmed."""

    blank_is_null: bool = False
    """Whether a text of which nothing is left counts as missing."""


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Removes blanks of every alphabet at both ends; those inside a text stay.

    Example:
        >>> rows = pl.DataFrame({"brand": ["  Nivea\\u00a0", " ", None]})
        >>> apply(rows, Options(columns=("brand",)))["brand"].to_list()
        ['Nivea', '', None]
        >>> apply(rows, Options(columns=("brand",), blank_is_null=True))["brand"].to_list()
        ['Nivea', None, None]
    """
    require_type(rows, options.columns, "text")
    trimmed = pl.col(options.columns).str.strip_chars()
    if options.blank_is_null:
        trimmed = trimmed.replace("", None)
    return rows.with_columns(trimmed)
