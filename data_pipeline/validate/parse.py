"""Text -> typed value, as Polars expressions.

Every cell is one of four things that never merge: a value, blank, zero as written, or unreadable. An unreadable cell
becomes null here and a reason in judge.py, never 0.
"""

from dataclasses import dataclass

import polars as pl

from data_pipeline.model.spec import ColumnSpec

# Texts by which spreadsheet programs say "no number": the predecessor's list, lower case.
NOT_A_NUMBER = ("nan", "na", "null", "none", "?", "-", "inf", "+inf", "-inf", "infinity", "-infinity",
                "1.#inf", "-1.#inf", "1.#qnan")  # fmt: skip
ERROR_CELLS = ("#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!", "#CALC!")
LARGEST_EXACT_INTEGER = 2**53 - 1
ISO_DAY = r"^\d{4}-\d{2}-\d{2}$"
NUMBER_PATTERNS = {".": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$", ",": r"^[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?$"}


@dataclass(frozen=True)
class ParsedColumn:
    """One column in expressions over the raw text columns."""

    value: pl.Expr
    """Typed value; null when unreadable, and when blank unless it is a text that may be."""
    is_blank: pl.Expr


def parse_column(column: ColumnSpec, raw_name: str, *, decimal_mark: str) -> ParsedColumn:
    """Expressions that read one declared column out of its text."""
    text = pl.col(raw_name).fill_null("").str.strip_chars()
    is_blank = text == ""
    if column.type == "text":
        is_error = text.is_in(ERROR_CELLS) | text.str.contains("\0", literal=True)
        value = text if column.nullable else pl.when(~is_blank).then(text)
        return ParsedColumn(value=pl.when(~is_error).then(value), is_blank=is_blank)
    value = parse_date(text) if column.type == "date" else parse_number(text, decimal_mark=decimal_mark)
    if column.type == "integer":
        is_whole = (value == value.round(0)) & (value.abs() <= LARGEST_EXACT_INTEGER)
        value = pl.when(is_whole).then(value).cast(pl.Int64)
    return ParsedColumn(value=value, is_blank=is_blank)


def parse_number(text: pl.Expr, *, decimal_mark: str) -> pl.Expr:
    """Double of a plain number; null for anything that needs guessing, such as thousands marks."""
    is_number = text.str.contains(NUMBER_PATTERNS[decimal_mark])
    plain = text if decimal_mark == "." else text.str.replace(decimal_mark, ".", literal=True)
    number = pl.when(is_number).then(plain).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def parse_date(text: pl.Expr) -> pl.Expr:
    """Date of an ISO day; null for anything else."""
    return pl.when(text.str.contains(ISO_DAY)).then(text).str.to_date("%Y-%m-%d", strict=False)


def explain_unreadable(column: ColumnSpec, text: str) -> tuple[str, str]:
    """Code and words for a cell that could not be read as its column's type."""
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


def describe_type(column: ColumnSpec) -> str:
    """What a cell of the column should hold, in words."""
    return {"text": "text", "integer": "an integer", "number": "a number", "date": "a day YYYY-MM-DD"}[column.type]
