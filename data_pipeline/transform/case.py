"""Writes texts in capitals, small letters or as titles."""

from typing import Literal

import polars as pl

from data_pipeline.transform.step import ColumnsOptions, require_type


class Options(ColumnsOptions):
    """What is rewritten, and how."""

    to: Literal["upper", "lower", "title"]
    """`title`: the first letter of every word a capital, the others small."""


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Changes letters of every alphabet; everything else stays.

    Example:
        >>> rows = pl.DataFrame({"name": ["straße 5", "ÉTÉ", None]})
        >>> apply(rows, Options(columns=("name",), to="upper"))["name"].to_list()
        ['STRASSE 5', 'ÉTÉ', None]
        >>> apply(rows, Options(columns=("name",), to="title"))["name"].to_list()
        ['Straße 5', 'Été', None]
    """
    require_type(rows, options.columns, "text")
    text = pl.col(options.columns).str
    changed = {"upper": text.to_uppercase, "lower": text.to_lowercase, "title": text.to_titlecase}
    return rows.with_columns(changed[options.to]())
