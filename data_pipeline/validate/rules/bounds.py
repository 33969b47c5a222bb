"""Numbers, days and lengths within bounds."""

import datetime as dt

import polars as pl

from data_pipeline.model.rules import DateRangeRule, LengthRule, RangeRule
from data_pipeline.model.spec import ColumnSpec
from data_pipeline.validate.check import Explain

Bound = float | dt.date


def compile_range(rule: RangeRule) -> tuple[pl.Expr, Explain]:
    """Numbers within bounds."""
    return compile_bounds(rule.name, pl.col(rule.column), rule.minimum, rule.maximum)


def compile_column_bounds(column: ColumnSpec) -> tuple[pl.Expr, Explain]:
    """The bounds of a column itself, as if a rule of its name declared them."""
    value = pl.col(column.name)
    value = value.cast(pl.Date) if column.type == "datetime" else value
    return compile_bounds(column.name, value, column.minimum, column.maximum)


def compile_date_range(rule: DateRangeRule) -> tuple[pl.Expr, Explain]:
    """Days within bounds; a moment belongs to its day in UTC."""
    return compile_bounds(rule.name, pl.col(rule.column).cast(pl.Date), rule.first, rule.last)


def compile_length(rule: LengthRule) -> tuple[pl.Expr, Explain]:
    """Texts of so many characters; a blank one is another rule's matter."""
    length = pl.col(rule.column).str.len_chars()
    is_broken, _ = compile_bounds(rule.name, length, rule.minimum, rule.maximum)
    expected = f"expected {describe(rule.minimum, rule.maximum)} characters"
    return is_broken & (length > 0), lambda text: (
        "WRONG_LENGTH",
        f"rule {rule.name!r}: {expected}, found {len(text)}: {text!r}. Correct it.",
    )


def compile_bounds(name: str, value: pl.Expr, least: Bound | None, most: Bound | None) -> tuple[pl.Expr, Explain]:
    """Values within bounds, both included."""
    below = pl.lit(value=False) if least is None else value < least
    above = pl.lit(value=False) if most is None else value > most
    expected = describe(least, most)
    return below | above, lambda text: (
        "OUT_OF_RANGE",
        f"rule {name!r}: expected {expected}, found {text!r}. Correct it.",
    )


def describe(least: Bound | None, most: Bound | None) -> str:
    """Bounds in words."""
    return " to ".join("any" if one is None else f"{one:.15g}" if isinstance(one, int | float) else f"{one}"
                       for one in (least, most))  # fmt: skip
