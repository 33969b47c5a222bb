"""Two spellings of one value: a date and the number that a workbook stores for it."""

import datetime as dt
import re

from data_pipeline_tests.public_files.cells import Cells

DURATION = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
FIRST_DAY = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone
MILLISECOND = 2e-8  # in days, a little generous
EARLY = 61  # days, in which the count of 1900 is one off, and libraries differ on how
FROM_1900_TO_1904 = 1462  # days


def are_same(first: Cells, second: Cells, *, knows_dates: bool) -> bool:
    """Whether two tables have the same cells but for their spelling; not every library tells dates from numbers."""
    if first.keys() != second.keys():
        return False
    return all(is_same(first[place], second[place], knows_dates=knows_dates) for place in first)


def is_same(first: str, second: str, *, knows_dates: bool) -> bool:
    """Whether two texts are one value."""
    if first == second:
        return True
    if knows_dates and is_date(first) != is_date(second):
        return False
    left, right = count_days(first), count_days(second)
    if left is None or right is None:
        return False
    apart = abs(left - right)
    is_early = 0 < max(left, right) < EARLY and not {first, second} & {"TRUE", "FALSE"} and is_date(first, second)
    return min(apart, abs(apart - FROM_1900_TO_1904), abs(apart - 1) if is_early else apart) < MILLISECOND


def is_date(*texts: str) -> bool:
    """Whether one of them is written as a date or duration."""
    return any(":" in text or "-" in text[1:] or text.startswith("PT") for text in texts)


def count_days(text: str) -> float | None:
    """The number that a workbook stores for a text; None when it is none."""
    if text in ("TRUE", "FALSE"):
        return float(text == "TRUE")
    if duration := DURATION.fullmatch(text):
        sign, hours, minutes, seconds = duration.groups(default="0")
        return (-1 if sign == "-" else 1) * (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) / 86_400
    moment = f"1899-12-30T{text}" if re.match(r"\d\d:", text) else text
    try:
        return float(text) if re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", text) else days_since(moment)
    except ValueError:
        return None


def days_since(moment: str) -> float:
    """Days from the first one to an ISO moment."""
    return (dt.datetime.fromisoformat(moment) - FIRST_DAY) / dt.timedelta(days=1)
