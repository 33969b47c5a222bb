"""Keeps one row of those that share a key."""

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import Field

from data_pipeline.transform.step import Outcome, Scope, StepOptions


class Options(StepOptions):
    """What makes rows the same, and which of them stays."""

    columns: tuple[str, ...] = Field(min_length=1)
    """The key; a missing value is the same as another missing one."""
    keep: Literal["first", "last"] = "first"
    """Which one stays, in the order of `order`."""
    order: tuple[str, ...] = ()
    """Columns that rows are ordered by to tell first from last, missing values first; without it as they were read."""

    @property
    def scope(self) -> Scope:
        """The same key may stand in another file."""
        return "date"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Key and order."""
        return {"columns": self.columns, "order": self.order}


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Leaves out all but one row of each key; those that stay keep their places.

    Example:
        >>> rows = pl.DataFrame({"sku": ["A", "B", "A"], "seen": [2, 1, 1]})
        >>> made = apply(rows, Options(columns=("sku",), keep="last", order=("seen",)))
        >>> made.rows.rows(), made.removed
        ([('A', 2), ('B', 1)], 1)
    """
    placed = rows.with_row_index("@place")
    if options.order:
        placed = placed.sort(options.order, nulls_last=False, maintain_order=True)
    kept = placed.unique(options.columns, keep=options.keep, maintain_order=True).sort("@place").drop("@place")
    return Outcome(kept, removed=rows.height - rows.select(pl.struct(options.columns).n_unique()).item())
