"""Rules that look beyond the row: a reference file's list, a function of the pipeline's own."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.rules import CustomRule, ReferenceRule
from data_pipeline.validate.check import Explain

RowCheck = Callable[[pl.DataFrame, Mapping[str, Any]], pl.Series]


def compile_reference(rule: ReferenceRule) -> tuple[pl.Expr, Explain]:
    """Texts that a reference file lists; a blank one is another rule's matter."""
    text = pl.col(rule.column).str.strip_chars().str.to_lowercase()
    is_broken = ~text.is_in(pl.Series(rule.known, dtype=pl.String).implode()) & (text != "")
    return is_broken, lambda found: (
        "NOT_IN_REFERENCE",
        f"rule {rule.name!r}: expected a value of {rule.file_column!r} in {rule.file}, found {found!r}. Correct it, or "
        "have it added there.",
    )


def compile_custom(rule: CustomRule) -> tuple[pl.Expr, Explain]:
    """What the pipeline's own function said, which `ask` asks beforehand."""
    return pl.col(f"?own {rule.name}"), lambda _: (
        "OWN_RULE_BROKEN",
        f"rule {rule.name!r}: the row breaks a rule of the pipeline's own. Its README says which. Correct the row.",
    )


def ask(rule: CustomRule, function: RowCheck, rows: pl.DataFrame) -> pl.Series:
    """Its answer, one for each row; not in an expression, in which an error would lose its name.

    Raises: FileRejected when it fails or gives something else, since nobody knows then which rows are sound.
    """
    try:
        answer = function(rows, rule.options)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise FileRejected("OWN_RULE_FAILED", tell_failed(rule, reason)) from error
    if not isinstance(answer, pl.Series) or answer.dtype != pl.Boolean or len(answer) != rows.height:
        raise FileRejected("OWN_RULE_FAILED", tell_failed(rule, f"it gave {type(answer).__name__}"))
    return answer.alias(f"?own {rule.name}")


def tell_failed(rule: CustomRule, reason: str) -> str:
    """What is wrong with the function, for whoever wrote it."""
    return (
        f"rule {rule.name!r}: expected {rule.function} to give a Boolean series, one value a row: {reason}. "
        "Mend the pipeline's code and retry the file."
    )
