"""Workbook's styles -> which of them show a number as a date, a time or a duration."""

import re
from collections.abc import Mapping
from typing import Literal
from xml.etree import ElementTree

from data_pipeline.ingest.workbook.archive import Archive
from data_pipeline.ingest.workbook.parts import Part, parse_part

DateKind = Literal["date", "time", "duration"]

# ECMA-376 18.8.30: formats that are known by number. 27 to 36 and 50 to 58 are those of East Asian programs.
BUILT_IN: Mapping[int | None, DateKind] = {
    **dict.fromkeys([14, 15, 16, 17, 22, *range(27, 32), 36, 50, 51, 52, 53, 54, 57, 58], "date"),
    **dict.fromkeys([18, 19, 20, 21, 45, 47, 32, 33, 34, 35, 55, 56], "time"),
    46: "duration",
}
MOST_DIGITS = 10
# What is shown as it stands: quoted, behind a backslash, as wide as a character, repeated; and colours, conditions,
# currencies and languages in brackets, unless the bracket is [h], [mm] or [ss].
LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)


def find_date_styles(archive: Archive, styles: str) -> dict[int, DateKind]:
    """Position of every cell style that shows dates or times; a workbook without that part shows numbers."""
    if styles not in archive.parts:
        return {}
    root = parse_part(Part(archive, styles))
    formats = dict[int | None, DateKind](BUILT_IN)
    for number_format in root.iterfind("{*}numFmts/{*}numFmt"):
        number, kind = read_number(number_format), classify_format(number_format.get("formatCode", ""))
        formats.pop(number, None)
        if number is not None and kind is not None:
            formats[number] = kind
    used = enumerate(map(read_number, root.iterfind("{*}cellXfs/{*}xf")))
    return {position: formats[number] for position, number in used if number in formats}


def read_number(element: ElementTree.Element) -> int | None:
    """Which number format is meant, if any."""
    digits = element.get("numFmtId", "")
    return int(digits) if digits.isdecimal() and len(digits) < MOST_DIGITS else None


def classify_format(code: str) -> DateKind | None:
    """What a number format shows, in any of its sections: the first may be for blanks and zeros.

    >>> [classify_format(code) for code in ("dd/mm/yyyy;@", "[h]:mm:ss", "h:mm AM/PM", "mmm", "#,##0.00", '0 "days"')]
    ['date', 'duration', 'time', 'date', None, None]
    """
    shown = LITERALS.sub("", code)
    if ELAPSED.search(shown):
        return "duration"
    letters = set(shown.lower())
    if letters & set("yd"):
        return "date"
    if letters & set("hs"):
        return "time"
    return "date" if "m" in letters else None
