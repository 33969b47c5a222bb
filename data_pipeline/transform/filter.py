"""Keeps the rows for which a condition is true."""

from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import field_validator

from data_pipeline.errors import SpecError
from data_pipeline.parsing.expressions import parse_expression
from data_pipeline.transform.step import Fault, Outcome, StepOptions, split_failed


class Options(StepOptions):
    """Which rows stay."""

    where: str
    """SQL condition over the row's columns."""
    unknown: Literal["drop", "keep", "reject"] = "drop"
    """What follows when it cannot be told because a value is missing."""

    @field_validator("where")
    @classmethod
    def check_condition(cls, where: str) -> str:
        """It must be an expression over a row's own columns."""
        try:
            parse_expression(where)
        except SpecError as error:
            raise ValueError(str(error)) from error
        return where

    @property
    def may_reject(self) -> bool:
        """If told so."""
        return self.unknown == "reject"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Those of the condition."""
        return {"where": parse_expression(self.where).columns}


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Leaves out rows; how many is counted and told.

    Example:
        >>> rows = pl.DataFrame({"sku": ["A", "B", "C"], "stock": [1, 0, None]})
        >>> made = apply(rows, Options(where="stock > 0"))
        >>> made.rows["sku"].to_list(), made.removed
        (['A'], 2)
    """
    condition = parse_expression(options.where)
    is_true = condition.is_true(rows)
    is_unknown = condition.evaluate(rows).is_null()
    is_kept = is_true | is_unknown if options.unknown == "keep" else is_true
    if options.unknown != "reject":
        return Outcome(rows.filter(is_kept), removed=int((~is_kept).sum()))
    failed = split_failed(rows, rows, Fault(is_unknown, None, lambda _: explain(options.where)))
    return Outcome(rows.filter(is_kept), failed.failures, failed.failed, removed=int((~is_kept & ~is_unknown).sum()))


def explain(where: str) -> str:
    """What is wrong with a row."""
    return f"expected values by which {where!r} can be told, found some of them missing. Fill them in."
