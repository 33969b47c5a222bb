"""Two readers' rows of one sheet -> the cells on which they disagree.

No reader is free of faults, and a silent one is found only by another reader. Only the spelling of a value may differ:
one gives numbers as they are stored, the other in their shortest form, and dates by their style.
"""

import datetime as dt
import math
import re
from collections.abc import Mapping

import polars as pl

from data_pipeline.model.findings import Finding
from data_pipeline.model.tables import RawRows

PLACES = 20
SHOWN_CHARACTERS = 200
# Leading zeros are no spelling of a number: 007 is a text.
NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
DOUBLE_DIGITS = 17  # with more, equal doubles may be different texts
DURATION = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.ASCII)
MILLISECOND = 1.2e-8  # in days, a little generous: readers round to whole ones
# Day 0 of a workbook's dates; which of them it has is nothing that rows say.
FIRST_DAYS = (dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1))  # noqa: DTZ001 - a spreadsheet's dates have no zone
LEAP_BUG_ENDS = dt.datetime(1900, 3, 1)  # noqa: DTZ001 - before, the first system counts a day that never was
# What is shown for day 0 and for the day that never was.
NO_DAYS = {"1900-01-00": 0.0, "1900-02-29": 60.0}
BOOLEANS = {"TRUE": 1.0, "FALSE": 0.0}


def compare(first: RawRows, second: RawRows, *, name: str) -> list[Finding]:
    """Every cell that two readers give differently, rows matched by their number; blank rows do not count."""
    differing = find_differences(first, second)
    pairs = list(differing.select("first", "second").unique().iter_rows())
    told_apart = [[pair for pair in pairs if not is_same(pair[0], pair[1], first_day)] for first_day in FIRST_DAYS]
    apart = pl.DataFrame(min(told_apart, key=len), schema=["first", "second"], schema_overrides=TEXTS, orient="row")
    places = differing.join(apart, on=["first", "second"], how="semi").sort("row", "column")
    return [describe(places, name)] if places.height else []


def is_sampled(sha256: str, share: float) -> bool:
    """Whether a file belongs to a share of all files, 0 to 1: its content alone decides, so always the same."""
    return int(sha256[:16], 16) / 16**16 < share


TEXTS: Mapping[str, type[pl.String]] = {"first": pl.String, "second": pl.String}


def find_differences(first: RawRows, second: RawRows) -> pl.DataFrame:
    """Row, column from 0, and both texts of every cell whose texts differ."""
    width = max(first.cells.width, second.cells.width)
    both = key_rows(first, width, "first").join(
        key_rows(second, width, "second"), on=["row", "nth"], how="full", coalesce=True
    )
    blank = pl.lit("")
    found = [
        both.select(
            "row",
            pl.lit(column, dtype=pl.Int64).alias("column"),
            pl.col(f"first {column}").fill_null(blank).alias("first"),
            pl.col(f"second {column}").fill_null(blank).alias("second"),
        ).filter(pl.col("first") != pl.col("second"))
        for column in range(width)
    ]
    empty = pl.DataFrame(schema={"row": pl.Int64, "column": pl.Int64, **TEXTS})
    return pl.concat([empty, *found])


def key_rows(raw: RawRows, width: int, side: str) -> pl.DataFrame:
    """Cells under names of their side, beside the row's number; a number that comes twice is counted."""
    cells = raw.cells.rename({old: f"{side} {index}" for index, old in enumerate(raw.cells.columns)})
    missing = [pl.lit(None, dtype=pl.String).alias(f"{side} {index}") for index in range(cells.width, width)]
    numbers = pl.Series("row", list(raw.row_numbers), dtype=pl.Int64)
    counted = pl.DataFrame({"row": numbers}).with_columns(pl.col("row").cum_count().over("row").alias("nth"))
    return pl.concat([counted, cells], how="horizontal").with_columns(missing)


def is_same(first: str, second: str, first_day: dt.datetime) -> bool:
    """Whether two texts are spellings of one value, dates counted from this day."""
    values = [read_value(text, first_day) for text in (first, second)]
    left, right = (value for value, _ in values)
    if left is None or right is None:
        return False
    if any(is_moment for _, is_moment in values):
        return math.isclose(left, right, rel_tol=0, abs_tol=MILLISECOND)
    return left == right and max(count_digits(first), count_digits(second)) <= DOUBLE_DIGITS


def read_value(text: str, first_day: dt.datetime) -> tuple[float | None, bool]:
    """The number that a text spells, None if none; and whether it is a moment or a duration, in days."""
    if text in BOOLEANS:
        return BOOLEANS[text], False
    if NUMBER.fullmatch(text):
        return float(text), False
    days = read_days(text, first_day)
    return days, days is not None


def read_days(text: str, first_day: dt.datetime) -> float | None:
    """Days since the first one of an ISO date or moment; a time of day or duration in days."""
    if text in NO_DAYS:
        return NO_DAYS[text]
    duration = DURATION.fullmatch(text)
    if duration:
        sign, hours, minutes, seconds = duration.groups(default="0")
        days = (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) / 86_400
        return -days if sign == "-" else days
    try:
        if ":" in text and "-" not in text:
            moment, start = dt.datetime.fromisoformat(f"2000-01-01T{text}"), dt.datetime(2000, 1, 1)  # noqa: DTZ001
        else:
            moment, start = dt.datetime.fromisoformat(text), first_day
        days = (moment - start) / dt.timedelta(days=1)
    except (ValueError, TypeError):  # no moment, or one with a time zone
        return None
    return days - 1 if start == FIRST_DAYS[0] and moment < LEAP_BUG_ENDS else days


def count_digits(text: str) -> int:
    """Significant digits of a number's text."""
    return len(re.sub(r"[eE].*|\D", "", text).strip("0"))


def describe(places: pl.DataFrame, name: str) -> Finding:
    """The finding about cells that two readers give differently."""
    listed = [
        {"row": row, "column": write_letters(column), "first": one[:SHOWN_CHARACTERS], "second": two[:SHOWN_CHARACTERS]}
        for row, column, one, two in places.head(PLACES).iter_rows()
    ]
    place = listed[0]
    message = (
        f"{name}: two readers give {places.height} cells differently; first: row {place['row']}, "
        f"column {place['column']}: {place['first']!r} and {place['second']!r}. The first is used: compare it with the "
        "sheet, or save the workbook again in a spreadsheet program and send that"
    )
    rows, details = places["row"].n_unique(), {"cells": places.height, "places": listed}
    return Finding(code="SECOND_READER_DISAGREES", message=message, rows=rows, details=details)


def write_letters(column: int) -> str:
    """A column's name in a spreadsheet program: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
