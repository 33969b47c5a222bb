"""Rules of a spec -> checks, each by the function that is registered for its kind."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from data_pipeline.model.rules import BaseRule, UniqueRule
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.validate.check import Check, Explain
from data_pipeline.validate.rules import bounds, conditions, contacts, own, texts

# Which rows break the rule, and what is said of them.
Broken = tuple[pl.Expr, Explain]

COMPILERS: Mapping[str, Callable[[Any], Broken]] = {
    "range": bounds.compile_range,
    "date_range": bounds.compile_date_range,
    "length": bounds.compile_length,
    **dict.fromkeys(("email", "url", "phone"), contacts.compile_form),
    "pattern": texts.compile_pattern,
    "enum": texts.compile_values,
    "custom": own.compile_custom,
    "reference": own.compile_reference,
    "required": conditions.compile_required,
    "condition": conditions.compile_condition,
}


def compile_rules(spec: PipelineSpec, headers: Mapping[str, str]) -> list[Check]:
    """The checks of all rules but those of uniqueness, which need to know the other checks' answers."""
    return [compile_rule(rule, headers) for rule in spec.rules if not isinstance(rule, UniqueRule)]


def compile_rule(rule: BaseRule, headers: Mapping[str, str]) -> Check:
    """One rule's check; a row with a missing or unreadable value is another check's matter."""
    is_broken, explain = COMPILERS[rule.kind](rule)  # type: ignore[attr-defined]
    if rule.where is not None:
        is_broken &= conditions.compile_sql(rule.where)
    if rule.message is not None:
        explain = reword(explain, rule.message)
    header = headers[rule.columns_named[0]] if rule.columns_named else None
    return Check(f"?{rule.name}", header, is_broken, explain, rule.severity, rule.over_rows, rule.over_percent)


def reword(explain: Explain, message: str) -> Explain:
    """The same code, in the pipeline's own words."""
    return lambda text: (explain(text)[0], message)
