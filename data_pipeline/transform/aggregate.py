"""Makes one row of each group."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from data_pipeline.model.rules import Part
from data_pipeline.transform.step import NAME, Outcome, Scope, StepOptions, require_type

How = Literal["sum", "mean", "min", "max", "count", "count_distinct", "rows"]


class Total(Part):
    """One number of a group."""

    how: How
    """`count`: values that are there; `rows`: all rows of the group."""
    of: str | None = None
    """Column that it is made of; `rows` needs none."""

    @model_validator(mode="after")
    def check_column(self) -> Self:
        """Everything but `rows` is made of a column."""
        if (self.of is None) != (self.how == "rows"):
            raise ValueError("expected a column in `of`, but for `rows`")
        return self


class Options(StepOptions):
    """What makes a group, and what is told of it."""

    by: tuple[str, ...] = Field(min_length=1)
    """Columns of the group; a missing value is a group of its own."""
    totals: dict[Annotated[str, Field(pattern=NAME)], Total] = Field(min_length=1)
    """New column -> what it holds."""

    @property
    def scope(self) -> Scope:
        """A group may have rows in every file."""
        return "date"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Group and totals."""
        return {"by": self.by, "totals": [total.of for total in self.totals.values() if total.of is not None]}

    @property
    def new_columns(self) -> Sequence[str]:
        """The totals."""
        return tuple(self.totals)


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Groups rows; the groups stand in order of their columns. The sum of missing values alone is missing, not 0.

    Shape: one row per group: its columns, then the totals. Where a row came from is no longer known.
    Example:
        >>> rows = pl.DataFrame({"store": ["B", "A", "B"], "stock": [1, None, 3]})
        >>> totals = {"stock": {"how": "sum", "of": "stock"}, "skus": {"how": "rows"}}
        >>> made = apply(rows, Options(by=("store",), totals=totals))
        >>> made.rows.rows(), made.removed
        ([('A', None, 1), ('B', 4, 2)], 1)
    """
    numeric = [str(total.of) for total in options.totals.values() if total.how in ("sum", "mean")]
    require_type(rows, numeric, "number")
    totals = [compute(total).alias(name) for name, total in options.totals.items()]
    grouped = rows.group_by(options.by, maintain_order=True).agg(totals).sort(options.by, maintain_order=True)
    return Outcome(grouped, removed=rows.height - rows.select(pl.struct(options.by).n_unique()).item())


def compute(total: Total) -> pl.Expr:
    """One number of every group."""
    if total.how == "rows":
        return pl.len().cast(pl.Int64)
    column = pl.col(str(total.of))
    made = {
        "sum": pl.when(column.count() > 0).then(column.sum()),
        "mean": column.mean(),
        "min": column.min(),
        "max": column.max(),
        "count": column.count().cast(pl.Int64),
        "count_distinct": column.drop_nulls().n_unique().cast(pl.Int64),
    }
    return made[total.how]
