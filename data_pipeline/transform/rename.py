"""Gives columns other names."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import polars as pl
from pydantic import Field

from data_pipeline.errors import SpecError
from data_pipeline.transform.step import NAME, StepOptions


class Options(StepOptions):
    """Which columns get which names."""

    columns: dict[str, Annotated[str, Field(pattern=NAME)]] = Field(min_length=1)
    """Old name -> new name; all at once, so that two may change places."""

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Those with the old names."""
        return {"columns": tuple(self.columns)}

    @property
    def new_columns(self) -> Sequence[str]:
        """Those with the new names."""
        return tuple(self.columns.values())


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Renames columns in their place.

    Raises: SpecError when two columns would share a name.
    Example:
        >>> apply(pl.DataFrame({"stok": [1], "harga": [2]}), Options(columns={"stok": "stock"})).columns
        ['stock', 'harga']
    """
    names = [options.columns.get(name, name) for name in rows.columns]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise SpecError(f"expected new names that are free, found {', '.join(map(repr, doubled))} twice.")
    return rows.rename(options.columns)
