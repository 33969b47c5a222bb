"""Declared columns -> questions that every record is asked, whatever the rules say."""

from collections.abc import Mapping

import polars as pl

from data_pipeline.model.reading import RaggedRow
from data_pipeline.model.rules import UniqueRule
from data_pipeline.model.spec import ColumnSpec
from data_pipeline.validate.check import Check, Explain, say
from data_pipeline.validate.formats import Formats
from data_pipeline.validate.parse import UNSTORABLE, describe_type, explain_unreadable
from data_pipeline.validate.rules.bounds import compile_column_bounds


def build_checks(columns: list[ColumnSpec], headers: Mapping[str, str], formats: Formats) -> list[Check]:
    """The questions every cell answers on its own: is it there, can it be read, is it within the column's bounds."""
    checks = []
    for column in columns:
        header, is_blank = headers[column.name], pl.col(f"?blank {column.name}")
        is_unreadable = pl.col(column.name).is_null() & ~is_blank
        checks.append(
            Check(
                f"?unreadable {column.name}",
                header,
                is_unreadable,
                explain_with(column, is_ambiguous=formats.is_ambiguous(column)),
            )
        )
        if not column.nullable:
            remedy = "Fill it in." if column.type == "text" else "Fill it in; write 0 if it is zero."
            words = f"expected {describe_type(column)}, found nothing. {remedy}"
            checks.append(Check(f"?missing {column.name}", header, is_blank, say("MISSING_VALUE", words)))
        if column.minimum is not None or column.maximum is not None:
            checks.append(Check(f"?bounds {column.name}", header, *compile_column_bounds(column)))
    return checks


def build_added_check(name: str, header: str, place: str) -> Check:
    """A column that nobody declared holds texts, and no database takes U+0000 in one."""
    is_broken = pl.col(place).str.contains("\0", literal=True)
    return Check(f"?unreadable {name}", header, is_broken, say(*UNSTORABLE))


def build_ragged_check(ragged: Mapping[int, RaggedRow], width: int, *, is_json: bool) -> Check:
    """Records with another number of fields than the header: nobody can say which cell is which."""
    is_broken = pl.col("@row").is_in(sorted(ragged))
    if is_json:
        words = "expected one JSON object on a line of its own, each key once. Write it so and send the file again."
        return Check("?ragged", None, is_broken, say("BROKEN_LINE", words))
    words = f"expected {width} fields as in the header. Quote fields that hold the delimiter."
    return Check("?ragged", None, is_broken, say("RAGGED_ROW", words))


def explain_with(column: ColumnSpec, *, is_ambiguous: bool) -> Explain:
    """Explains the unreadable cells of one column."""
    return lambda text: explain_unreadable(column, text, is_ambiguous=is_ambiguous)


def build_key(rule: UniqueRule) -> pl.Expr:
    """What must be unique."""
    return pl.col(rule.columns[0]) if len(rule.columns) == 1 else pl.struct(rule.columns)


def build_unique_check(rule: UniqueRule, headers: Mapping[str, str]) -> Check:
    """The key of a row occurs further up in the same file."""
    columns = ", ".join(repr(headers[column]) for column in rule.columns)
    explain: Explain = lambda text: (  # noqa: E731 - a named function would only repeat the name of this one
        "DUPLICATE_KEY",
        f"{columns} must be unique; {text!r} stands further up already, and that row is used. Remove one of them.",
    )
    is_broken = pl.col(f"?{rule.name}")
    return Check(
        f"?{rule.name}", headers[rule.columns[0]], is_broken, explain, rule.severity, rule.over_rows, rule.over_percent
    )


def any_broken(checks: list[Check]) -> pl.Expr:
    """True for rows that at least one rejecting check is broken by."""
    return pl.any_horizontal(pl.lit(value=False), *(check.name for check in checks if check.severity != "warn"))
