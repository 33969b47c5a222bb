"""Gives texts that look the same the same characters."""

from typing import Literal

import polars as pl

from data_pipeline.transform.step import ColumnsOptions, require_type

INVISIBLE = "[\u200b\u200c\u200d\u2060\ufeff\u00ad]"


class Options(ColumnsOptions):
    """What is normalised, and how."""

    form: Literal["NFC", "NFD", "NFKC", "NFKD"] = "NFC"
    """Unicode form; NFKC also makes ﬁ to fi, ２ to 2 and ½ to 1⁄2. https://unicode.org/reports/tr15/"""
    inner_blanks: Literal["keep", "one"] = "one"
    """`one`: every run of blanks, line ends among them, becomes one space."""
    remove_invisible: bool = True
    """Whether characters of no width go: zero-width spaces and joiners, soft hyphens, byte order marks."""


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Brings texts into one Unicode form, with single spaces inside and none of the characters that nobody sees.

    Example:
        >>> rows = pl.DataFrame({"name": ["Cre\\u0300me  \\n 50\\u00a0ml", "a\\u200bb", None]})
        >>> apply(rows, Options(columns=("name",)))["name"].to_list()
        ['Crème 50 ml', 'ab', None]
    """
    require_type(rows, options.columns, "text")
    text = pl.col(options.columns)
    if options.remove_invisible:
        text = text.str.replace_all(INVISIBLE, "")
    text = text.str.normalize(options.form)
    if options.inner_blanks == "one":
        text = text.str.replace_all(r"\s+", " ")
    return rows.with_columns(text)
