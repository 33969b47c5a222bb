"""Texts of a given form, and values out of a list."""

import polars as pl

from data_pipeline.model.rules import PatternRule, ValuesRule
from data_pipeline.validate.check import Explain

SHOWN = 10  # values in a message


def compile_pattern(rule: PatternRule) -> tuple[pl.Expr, Explain]:
    """Texts that match as a whole; a blank one is another rule's matter."""
    text = pl.col(rule.column)
    is_broken = ~text.str.contains(f"^(?:{rule.pattern})$") & (text != "")
    return is_broken, lambda found: (
        "WRONG_PATTERN",
        f"rule {rule.name!r}: expected a text like {rule.pattern}, found {found!r}. Correct it.",
    )


def compile_values(rule: ValuesRule) -> tuple[pl.Expr, Explain]:
    """Values out of a list; a blank one is another rule's matter."""
    value = pl.col(rule.column)
    allowed = pl.Series(list(rule.values), strict=False)
    is_broken = ~value.is_in(allowed.implode())
    if allowed.dtype == pl.String:
        is_broken &= value != ""
    shown = ", ".join(map(repr, rule.values[:SHOWN])) + (", ..." if len(rule.values) > SHOWN else "")
    return is_broken, lambda found: (
        "NOT_IN_LIST",
        f"rule {rule.name!r}: expected one of {shown}, found {found!r}. Correct it.",
    )
