"""Text -> typed value, as Polars expressions.

Every cell is one of four things that never merge: a value, blank, zero as written, or unreadable. An unreadable cell
becomes null here and a reason in judge.py, never 0.
"""

import re
from dataclasses import dataclass

import polars as pl

from data_pipeline.model.spec import ColumnSpec
from data_pipeline.validate.formats import Formats
from data_pipeline.validate.locale import AMBIGUOUS_NUMBER, parse_date, parse_number

# Texts by which spreadsheet programs say "no number": the predecessor's list, lower case.
NOT_A_NUMBER = ("nan", "na", "null", "none", "?", "-", "inf", "+inf", "-inf", "infinity", "-infinity",
                "1.#inf", "-1.#inf", "1.#qnan")  # fmt: skip
ERROR_CELLS = ("#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!", "#CALC!")
AMBIGUOUS_DATE = r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}$"
LARGEST_EXACT_INTEGER = 2**53 - 1


@dataclass(frozen=True)
class ParsedColumn:
    """One column in expressions over the raw text columns."""

    value: pl.Expr
    """Typed value; null when unreadable, and when blank unless it is a text that may be."""
    is_blank: pl.Expr


def strip(raw_name: str) -> pl.Expr:
    """A column's text as it is judged: blank is '', space around it says nothing."""
    return pl.col(raw_name).fill_null("").str.strip_chars()


def parse_column(column: ColumnSpec, text: pl.Expr, formats: Formats) -> ParsedColumn:
    """Expressions that read one declared column out of its stripped text."""
    is_blank = text == ""
    if column.type == "text":
        is_error = text.is_in(ERROR_CELLS) | text.str.contains("\0", literal=True)
        value = text if column.nullable else pl.when(~is_blank).then(text)
        return ParsedColumn(value=pl.when(~is_error).then(value), is_blank=is_blank)
    if column.type == "date":
        return ParsedColumn(value=parse_date(text, formats.dates[column.name]), is_blank=is_blank)
    value = parse_number(text, formats.numbers[column.name])
    if column.type == "integer":
        is_whole = (value == value.round(0)) & (value.abs() <= LARGEST_EXACT_INTEGER)
        value = pl.when(is_whole).then(value).cast(pl.Int64)
    return ParsedColumn(value=value, is_blank=is_blank)


def explain_unreadable(column: ColumnSpec, text: str, *, is_ambiguous: bool = False) -> tuple[str, str]:
    """Code and words for a cell that could not be read as its column's type."""
    if is_ambiguous and may_be_two(column, text):
        if column.type == "date":
            return (
                "AMBIGUOUS_DATE",
                f"expected {describe_type(column)}, found {text!r}, whose day and month nothing tells apart. "
                "Write it like 2026-01-31, or declare date_order.",
            )
        return (
            "AMBIGUOUS_NUMBER",
            f"expected {describe_type(column)}, found {text!r}, in which nothing tells a decimal mark from a mark of "
            "thousands. Write it without the latter, or declare decimal_mark.",
        )
    if text in ERROR_CELLS:
        return (
            "ERROR_CELL",
            f"expected {describe_type(column)}, found the spreadsheet error {text!r}. Mend the formula.",
        )
    if column.type == "text":
        return "UNREADABLE_CELL", "expected text, found a NUL character, which no program can store. Type it anew."
    if column.type == "date":
        return "UNREADABLE_CELL", f"expected {describe_type(column)}, found {text!r}. Write it like 2026-01-31."
    if text.lower() in NOT_A_NUMBER:
        return (
            "NOT_A_NUMBER",
            f"expected {describe_type(column)}, found {text!r}. Write the number, or 0 if it is zero.",
        )
    remedy = "Use whole units." if column.type == "integer" else "Write digits without thousands marks or units."
    return "UNREADABLE_CELL", f"expected {describe_type(column)}, found {text!r}. {remedy}"


def may_be_two(column: ColumnSpec, text: str) -> bool:
    """Whether a text means one thing in one format and another in the other."""
    return bool(re.search(AMBIGUOUS_DATE if column.type == "date" else AMBIGUOUS_NUMBER, text))


def describe_type(column: ColumnSpec) -> str:
    """What a cell of the column should hold, in words."""
    return {"text": "text", "integer": "an integer", "number": "a number", "date": "a day YYYY-MM-DD"}[column.type]
