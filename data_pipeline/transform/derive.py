"""Computes columns from others of the same row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

import polars as pl
from pydantic import Field, field_validator

from data_pipeline.errors import SpecError
from data_pipeline.parsing.expressions import Expression, parse_expression
from data_pipeline.transform.step import NAME, Fault, Outcome, StepOptions, split_failed

# What a derived column may be, by the type that Polars gives the expression.
DATATYPES = (pl.Int64, pl.Float64, pl.String, pl.Boolean, pl.Date, pl.Datetime)


class Options(StepOptions):
    """Which columns, by which expressions."""

    columns: dict[Annotated[str, Field(pattern=NAME)], str] = Field(min_length=1)
    """New or old column -> SQL expression over the row's columns; each sees the ones before it."""
    otherwise: Literal["reject", "null"] = "reject"
    """What follows when a CAST cannot read its text, or a number is divided by zero; a missing value gives null."""

    @field_validator("columns")
    @classmethod
    def check_expressions(cls, columns: dict[str, str]) -> dict[str, str]:
        """Each must be an expression over a row's own columns."""
        for name, text in columns.items():
            try:
                parse_expression(text)
            except SpecError as error:
                raise ValueError(f"{name}: {error}") from error
        return columns

    @property
    def may_reject(self) -> bool:
        """Unless told otherwise."""
        return self.otherwise == "reject"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Those that the expressions name and none of them makes before."""
        named: dict[str, Sequence[str]] = {}
        made: set[str] = set()
        for name, text in self.columns.items():
            named[f"columns.{name}"] = [one for one in parse_expression(text).columns if one not in made]
            made.add(name)
        return named

    @property
    def new_columns(self) -> Sequence[str]:
        """The results."""
        return tuple(self.columns)


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Adds a column for each expression; a row for which one cannot be computed fails.

    Example:
        >>> rows = pl.DataFrame({"price": [200.0, 100.0, None], "sold": [4, 0, 2]})
        >>> made = apply(rows, Options(columns={"each": "price / sold", "is_dear": "each > 20"}))
        >>> made.rows.rows()
        [(200.0, 4, 50.0, True), (None, 2, None, None)]
        >>> made.failures["@message"].to_list()
        ["expected values that 'each' can be computed from, found a division by zero or an unreadable text. Mend them."]
    """
    changed, faults = rows, []
    for name, text in options.columns.items():
        expression = parse_expression(text)
        if options.may_reject:
            faults.append(Fault(expression.find_failed(changed), None, explain_with(name)))
        changed = changed.with_columns(compute(changed, expression).alias(name))
    return split_failed(rows, changed, *faults)


def compute(rows: pl.DataFrame, expression: Expression) -> pl.Series:
    """An expression's values, in a type that pipeline.yaml knows. Raises: SpecError when they are of no such type."""
    values = expression.evaluate(rows)
    if values.dtype.is_integer():
        values = values.cast(pl.Int64)
    elif values.dtype.is_numeric():
        values = values.cast(pl.Float64)
    if values.dtype == pl.Null:
        values = values.cast(pl.String)
    if values.dtype not in DATATYPES:
        raise SpecError(f"expected an expression that gives a value, found {expression.text!r}: {values.dtype}.")
    return values


def explain_with(name: str) -> Callable[[str], str]:
    """The words for one column."""
    words = (
        f"expected values that {name!r} can be computed from, found a division by zero or an unreadable text. "
        "Mend them."
    )
    return lambda _: words
