"""Fills in what is blank."""

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl
from pydantic import Field

from data_pipeline.errors import SpecError
from data_pipeline.transform.step import StepOptions, name_type

Value = bool | int | float | dt.datetime | dt.date | str


class Options(StepOptions):
    """What is filled in where."""

    values: dict[str, Value] = Field(min_length=1)
    """Column -> what counts where nothing is written."""

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Those that are filled."""
        return {"values": tuple(self.values)}


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Fills nulls, and texts of blanks alone, with a value that was declared for their column.

    Example:
        >>> rows = pl.DataFrame({"unit": ["kg", " ", None], "min_order": [5, None, 1]})
        >>> apply(rows, Options(values={"unit": "pcs", "min_order": 1})).rows()
        [('kg', 5), ('pcs', 1), ('pcs', 1)]
    """
    return rows.with_columns(fill(rows[column], value) for column, value in options.values.items())


def fill(cells: pl.Series, value: Value) -> pl.Series:
    """One column without blanks. Raises: SpecError when the value is none of the column's type."""
    try:
        typed = pl.Series([value]).cast(cells.dtype)
    except pl.exceptions.PolarsError:
        typed = pl.Series([None])
    if typed.to_list() != [value] or isinstance(value, bool) != (cells.dtype == pl.Boolean):
        raise SpecError(f"expected a {name_type(cells.dtype)} for {cells.name!r}, found {value!r}.")
    if cells.dtype == pl.String:
        cells = cells.set(cells.str.strip_chars() == "", None)
    return cells.fill_null(typed.item())
