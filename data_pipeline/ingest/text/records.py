"""Text -> records by the standard library's csv; of a sample, under one candidate dialect, how regular they are."""

import contextlib
import csv
import io
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Literal, TypeAlias

from data_pipeline.model.reading import Marks

if TYPE_CHECKING:
    import _csv  # where the type of csv.reader() has its name

Record: TypeAlias = list[str]
LineEnd = Literal["\n", "\r\n", "\r"]

MOST_TITLE_LINES = 20  # above the header
MOST_FOOTER_LINES = 3
RAGGED_SHARE = 0.02
COMMENT_SHARE = 0.2
COMMENT = "#"
OPEN_CHARACTERS = 1 << 16  # of a quoted field that goes on behind the sample
END_INSIDE_QUOTES = "unexpected end of data"  # in the words of the csv module


class BrokenRecord(Exception):
    """Quotes that do not fit."""

    def __init__(self, line: int, reason: str) -> None:
        """`line` is where the record begins."""
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class Shape:
    """How many fields the records have, and how many records disagree."""

    width: int
    core: int
    """Records of that width."""
    titles: int = 0
    """Narrower records above the first one of that width."""
    footers: int = 0
    ragged: int = 0
    comments: int = 0
    """Records of another width between them whose first field begins with #."""

    @property
    def is_perfect(self) -> bool:
        """Whether every record has the same number of fields."""
        return not (self.titles or self.footers or self.ragged or self.comments)

    @property
    def is_regular(self) -> bool:
        """Whether few enough records disagree, so that this may well be a table."""
        if self.is_perfect:
            return True
        allowed = max(1, int(RAGGED_SHARE * self.core))
        is_even = self.ragged <= allowed and self.comments <= COMMENT_SHARE * self.core
        return is_even and self.core >= 2 and self.core > self.ragged + self.footers

    @property
    def is_usual(self) -> bool:
        """Whether at least half of the records have that width."""
        return self.core >= self.titles + self.footers + self.ragged + self.comments


@dataclass(frozen=True)
class Trial:
    """A sample under one candidate; empty lines are no records, and lines of blanks have no say in the shape."""

    candidate: Marks
    records: list[Record] = field(repr=False)
    shape: Shape
    broken_line: int | None = None
    """Where a record begins whose quotes do not fit the candidate."""
    is_cut: bool = False
    """Whether as many records were read as were asked for, and more may follow."""
    is_unended: bool = False
    """Whether it is broken because the text ends inside quotes; of a sample, where they opened long before its end."""


def read_sample(
    text: str,
    candidate: Marks,
    *,
    is_whole: bool,
    most: int | None = None,
    kept: int = sys.maxsize,
    most_open: int = OPEN_CHARACTERS,
) -> Trial:
    """A sample's complete records under a candidate, `most` at most, up to the first whose quotes do not fit.

    Quotes that open in the last `most_open` characters of a sample may close behind it.
    """
    records, widths, broken = parse_records(text, candidate, most=most, kept=kept)
    ends_inside = broken is not None and END_INSIDE_QUOTES in str(broken)
    if broken is not None and ends_inside and not is_whole and count_rest(text, broken.line - 1) < most_open:
        broken = None
    elif broken is None and not is_whole and len(widths) != most:
        widths = widths[:-1] or widths  # the sample may cut the last one, which counts only if there is no other
    filled = [record for record in records[: len(widths)] if record]
    shape = measure_shape([width for width in widths if width])
    return Trial(
        candidate,
        filled,
        shape,
        broken_line=broken.line if broken is not None else None,
        is_cut=len(widths) == most,
        is_unended=broken is not None and ends_inside,
    )


def parse_records(
    text: str, candidate: Marks, *, most: int | None, kept: int
) -> tuple[list[Record], list[int], BrokenRecord | None]:
    """The first records, the number of fields of all, and what is wrong with the first bad one.

    The number is 0 for a blank line, and negative for what may be a comment.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    records: list[Record] = []
    widths: list[int] = []
    try:
        for _, record in islice(read_records(io.StringIO(text, newline=""), candidate), most):
            width = len(record)
            if width and record[0].startswith(COMMENT):
                widths.append(-width)
            else:
                widths.append(width if width != 1 or record[0].strip() else 0)
            if len(records) < kept:
                records.append(record)
    except BrokenRecord as error:
        return records, widths, error
    return records, widths, None


def read_records(lines: Iterable[str], marks: Marks) -> Iterator[tuple[int, Record]]:
    """Every record, blank ones too, with the line on which it begins, counted from 1.

    Raises: BrokenRecord where a quoted field goes on behind its closing quote, or never closes. The csv module sees the
    former only where quotes may be doubled; where a backslash escapes them, a second reader allows both.
    """
    is_backslash = marks.escape == "backslash"
    lines, again = itertools.tee(lines) if is_backslash else (lines, ())
    reader, begin = open_reader(lines, marks), 1
    doubling = open_reader(again, marks, is_doubling=True)
    try:
        for record in reader:
            if is_backslash and next(doubling, None) != record:
                raise BrokenRecord(begin, f"{marks.delimiter!r} expected after {marks.quote!r}")
            yield begin, record
            begin = reader.line_num + 1
    except csv.Error as error:
        raise BrokenRecord(begin, str(error)) from error


def open_reader(lines: Iterable[str], marks: Marks, *, is_doubling: bool = False) -> "_csv.Reader":
    """The csv module's reader."""
    is_backslash = marks.escape == "backslash"
    return csv.reader(
        lines,
        delimiter=marks.delimiter,
        quotechar=marks.quote,
        quoting=csv.QUOTE_MINIMAL if marks.quote else csv.QUOTE_NONE,
        doublequote=is_doubling or not is_backslash,
        escapechar="\\" if is_backslash else None,
        strict=True,
    )


def count_rest(text: str, line: int) -> int:
    """Characters behind the first so many lines."""
    lines = io.StringIO(text, newline="")
    return len(text) - sum(len(next(lines)) for _ in range(line))


def measure_shape(widths: list[int]) -> Shape:
    """The usual number of fields, and what stands above, between and below the records that have it."""
    counts = Counter(abs(width) for width in widths if abs(width) > 1)
    if not counts:
        return Shape(width=1, core=len(widths))
    width = max(counts, key=lambda width: (counts[width], width))
    titles = sum(1 for _ in takewhile(lambda other: abs(other) < width, widths))
    footers = sum(1 for _ in takewhile(lambda other: abs(other) < width, reversed(widths)))
    titles = titles if titles <= MOST_TITLE_LINES else 0
    footers = footers if footers <= MOST_FOOTER_LINES else 0
    core = counts[width]
    comments = sum(other < 0 and -other != width for other in widths[titles : len(widths) - footers])
    ragged = len(widths) - core - titles - footers - comments
    return Shape(width, core, titles, footers, ragged, comments)


def find_line_ends(text: str, candidate: Marks) -> dict[LineEnd, int]:
    """How records end outside quotes, with the line on which each kind comes first."""
    last = ""

    def remember(lines: Iterable[str]) -> Iterator[str]:
        nonlocal last
        for line in lines:
            last = line
            yield line

    ends: dict[LineEnd, int] = {}
    reader = open_reader(remember(io.StringIO(text, newline="")), candidate)
    with contextlib.suppress(csv.Error):  # the sample may be cut inside quotes
        for _ in reader:
            end: LineEnd = "\r\n" if last.endswith("\r\n") else "\r" if last.endswith("\r") else "\n"
            if last.endswith(("\r", "\n")):
                ends.setdefault(end, reader.line_num)
    return ends
