"""Makes a row of each part of a text list."""

from collections.abc import Mapping, Sequence

import polars as pl
from pydantic import Field

from data_pipeline.transform.step import Outcome, StepOptions, require_type


class Options(StepOptions):
    """Which lists, and what stands between their parts."""

    column: str
    """Text column of lists; afterwards each row holds one part, without blanks around it."""
    by: str = Field(",", min_length=1)
    """What stands between parts."""

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """That of the lists."""
        return {"column": (self.column,)}


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Repeats a row for every part of its list that is not blank; a list without any stays one row, with null.

    Example:
        >>> rows = pl.DataFrame({"order": [1, 2, 3], "skus": ["A, B", "", "C,,"]})
        >>> made = apply(rows, Options(column="skus"))
        >>> made.rows.rows(), made.added
        ([(1, 'A'), (1, 'B'), (2, None), (3, 'C')], 1)
    """
    require_type(rows, [options.column], "text")
    parts = rows[options.column].fill_null("").str.split(options.by).list.eval(pl.element().str.strip_chars())
    filled = parts.list.eval(pl.element().filter(pl.element() != ""))
    added = int((filled.list.len().cast(pl.Int64).clip(lower_bound=1) - 1).sum())
    repeated = rows.with_columns(filled.alias(options.column)).explode(options.column, empty_as_null=True)
    return Outcome(repeated, added=added)
