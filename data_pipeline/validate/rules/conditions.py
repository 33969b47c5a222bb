"""Rules over several columns of a row."""

import polars as pl

from data_pipeline.model.rules import ConditionRule, RequiredRule
from data_pipeline.parsing.expressions import parse_expression
from data_pipeline.validate.check import Explain, say


def compile_required(rule: RequiredRule) -> tuple[pl.Expr, Explain]:
    """A value where the rule's condition holds."""
    condition = f" where {rule.where}" if rule.where else ""
    words = f"rule {rule.name!r}: expected a value{condition}, found nothing. Fill it in."
    return pl.col(f"?blank {rule.column}"), say("MISSING_VALUE", words)


def compile_condition(rule: ConditionRule) -> tuple[pl.Expr, Explain]:
    """A condition that is true, or cannot be told because a value is missing."""
    words = f"rule {rule.name!r}: expected a row in which {rule.condition} holds. Correct the row."
    return ~compile_sql(rule.condition), say("CONDITION_BROKEN", words)


def compile_sql(condition: str) -> pl.Expr:
    """Whether a condition holds for a row; null where a value that it needs is missing."""
    parsed = parse_expression(condition)
    try:
        return pl.sql_expr(parsed.sql)  # safe: written anew from what was parsed
    except pl.exceptions.PolarsError:
        pass  # it knows less than a query does, such as IN with a list
    return pl.struct(parsed.columns).map_batches(
        lambda rows: parsed.evaluate(rows.struct.unnest()), return_dtype=pl.Boolean
    )
