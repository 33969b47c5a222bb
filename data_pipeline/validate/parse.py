"""Text -> typed value, a column at a time.

Every cell is one of four things that never merge: a value, blank, zero as written, or unreadable. An unreadable cell
becomes null here and a reason in judge.py, never 0.
"""

import re
from collections.abc import Mapping

import polars as pl

from data_pipeline.model.spec import ColumnSpec, ColumnType
from data_pipeline.parsing.dates import are_two_days, parse_dates
from data_pipeline.parsing.numbers import AMBIGUOUS_NUMBER, parse_numbers, take_integers
from data_pipeline.parsing.texts import read_distinct
from data_pipeline.validate.formats import Formats
from data_pipeline.validate.moments import parse_moments, take_days

# Texts by which spreadsheet programs say "no number": the predecessor's list, lower case.
NOT_A_NUMBER = ("nan", "na", "null", "none", "?", "-", "inf", "+inf", "-inf", "infinity", "-infinity",
                "1.#inf", "-1.#inf", "1.#qnan")  # fmt: skip
ERROR_CELLS = ("#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!", "#CALC!")
UNSTORABLE = ("UNREADABLE_CELL", "expected text, found the character U+0000, which a text may not hold. Type it anew.")
BOOLEANS = {"true": True, "yes": True, "ya": True, "1": True, "false": False, "no": False, "tidak": False, "0": False}
# Types that name a day -> how one is written so that nobody has to guess.
DATED: Mapping[ColumnType, str] = {"date": "2026-01-31", "datetime": "2026-01-31T08:30:00Z"}


def parse_column(column: ColumnSpec, texts: pl.Series, formats: Formats, *, are_plain: bool = False) -> pl.Series:
    """Typed values of one declared column's stripped texts; `are_plain`: `is_plain` was asked and says so.

    Null when unreadable, and when blank unless it is a text that may be. Not written as expressions: Polars computes
    anew what several of them ask for, and what is left to a costly pattern is mostly nothing.
    """
    if column.type == "text":
        return parse_texts(texts, are_plain=are_plain, nullable=column.nullable)
    if column.type == "date":
        return read_distinct(texts, lambda distinct: parse_dates(distinct, formats.dates[column.name]))
    if column.type == "datetime":
        return read_distinct(texts, lambda distinct: parse_moments(distinct, formats.dates[column.name]))
    if column.type == "boolean":
        return texts.str.to_lowercase().replace_strict(BOOLEANS, default=None, return_dtype=pl.Boolean)
    numbers = parse_numbers(texts, formats.numbers[column.name])
    return take_integers(numbers) if column.type == "integer" else numbers


def parse_texts(texts: pl.Series, *, are_plain: bool, nullable: bool) -> pl.Series:
    """Stripped texts but for error cells and those that no program can store."""
    values = texts
    if not are_plain:
        values = values.set(texts.is_in(ERROR_CELLS) | texts.str.contains("\0", literal=True), None)
    is_blank = texts == ""
    return values if nullable or not is_blank.any() else values.set(is_blank, None)


def explain_unreadable(column: ColumnSpec, text: str, *, is_ambiguous: bool = False) -> tuple[str, str]:
    """Code and words for a cell that could not be read as its column's type."""
    if is_ambiguous and may_be_two(column, text):
        if column.type in DATED:
            return (
                "AMBIGUOUS_DATE",
                f"expected {describe_type(column)}, found {text!r}, whose day and month nothing tells apart. "
                f"Write it like {DATED[column.type]}, or declare date_order.",
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
        return UNSTORABLE
    if column.type in DATED:
        written = DATED[column.type]
        return "UNREADABLE_CELL", f"expected {describe_type(column)}, found {text!r}. Write it like {written}."
    if column.type == "boolean":
        return "UNREADABLE_CELL", f"expected {describe_type(column)}, found {text!r}. Write yes or no."
    if text.lower() in NOT_A_NUMBER:
        return (
            "NOT_A_NUMBER",
            f"expected {describe_type(column)}, found {text!r}. Write the number, or 0 if it is zero.",
        )
    remedy = "Use whole units." if column.type == "integer" else "Write digits without thousands marks or units."
    return "UNREADABLE_CELL", f"expected {describe_type(column)}, found {text!r}. {remedy}"


def may_be_two(column: ColumnSpec, text: str) -> bool:
    """Whether a text means one thing in one format and another in the other."""
    if column.type in DATED:
        return bool(are_two_days(take_days(pl.Series([text]))).item())
    return bool(re.search(AMBIGUOUS_NUMBER, text))


def describe_type(column: ColumnSpec) -> str:
    """What a cell of the column should hold, in words."""
    return {
        "text": "text",
        "integer": "an integer",
        "number": "a number",
        "date": "a day YYYY-MM-DD",
        "datetime": "a moment YYYY-MM-DDTHH:MM:SSZ",
        "boolean": "yes or no",
    }[column.type]
