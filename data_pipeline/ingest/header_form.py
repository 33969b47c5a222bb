"""Form of a file's first rows -> which of them is its header.

Without knowing a single column name. It must be wrong on the side of row 1: what stands there is passed over only if it
is clearly narrower than what follows, and then the file's findings say so.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from data_pipeline.errors import FileRejected

SHOWN_CHARACTERS = 500
MOST_TITLES = 15

Line = tuple[str, ...]
"""A row as trimmed texts, blanks as ''."""

# A number, amount, share, date or time: what records hold and headers seldom do.
VALUE = re.compile(
    r"[-+(]?\s*(?:rp\.?|idr|usd|eur|\$|€)?\s*\d[\d.,' ]*%?\)?(?:e[+-]?\d+)?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:.*)?"
    r"|\d{1,2}:\d{2}(?::\d{2}.*)?",
    re.IGNORECASE,
)

YEAR = re.compile(r"(?:19|20)\d\d")


def find_by_form(lines: list[Line], numbers: list[int], *, name: str) -> int:
    """Position of the first row that is as full as those below it, titles above it passed over.

    Raises: FileRejected when that row looks like a record.
    """
    fills = [count_filled(line) for line in lines]
    position = find_first_full(lines, numbers, fills)
    if sum(map(bool, fills[:position])) > MOST_TITLES:  # that is a table of its own, and the first one counts
        position = next(place for place, filled in enumerate(fills) if filled)
    if 2 * count_values(lines, position) >= fills[position]:
        raise no_header(lines[position], numbers[position], name)
    return position


def find_first_full(lines: list[Line], numbers: list[int], fills: list[int]) -> int:
    """Position of the first row that is full, unless a wider row of names stands below a gap."""
    full = [position for position, filled in enumerate(fills) if filled and is_full(lines, fills, position)]
    for block, later in split_from_rest(split_blocks(lines, numbers)):
        widest = max(fills[position] for position in block)
        wider = [position for position in find_beginnings(later, full) if fills[position] > widest]
        is_preamble = any(count_values(lines, position) == 0 for position in wider)
        beginnings = find_beginnings([block], full)
        if beginnings and (not is_preamble or is_table(lines, fills, range(beginnings[0], block.stop))):
            return beginnings[0]
    raise AssertionError("the last row with content is full, since nothing stands below it")


def is_table(lines: list[Line], fills: list[int], block: range) -> bool:
    """Whether rows are names of three columns or more with records below, and not lines that speak of the file."""
    header, *records = block
    has_values = any(is_value(text) for position in records for text in lines[position])
    return len(records) >= 2 and fills[header] >= 3 and has_values and not count_values(lines, header)


def split_from_rest(blocks: Iterable[range]) -> Iterator[tuple[range, list[range]]]:
    """Every block with those below it."""
    listed = list(blocks)
    return ((block, listed[index + 1 :]) for index, block in enumerate(listed))


def find_beginnings(blocks: list[range], full: list[int]) -> list[int]:
    """The first full row of each block that has one."""
    firsts = (next((position for position in block if position in full), None) for block in blocks)
    return [position for position in firsts if position is not None]


def split_blocks(lines: list[Line], numbers: list[int]) -> Iterator[range]:
    """Runs of rows with content, blank rows or missing ones between them."""
    start = None
    for position in range(len(lines) + 1):
        is_filled = position < len(lines) and any(lines[position])
        if start is not None and (not is_filled or is_apart(lines, numbers, position)):
            yield range(start, position)
            start = None
        if is_filled and start is None:
            start = position


def is_apart(lines: Sequence[Line], numbers: Sequence[int], place: int) -> bool:
    """Whether the file leaves out rows above this one; a row of a text file may be several lines long."""
    more_lines = sum(text.count("\n") for text in lines[place - 1])
    return numbers[place] > numbers[place - 1] + 1 + more_lines


def is_full(lines: list[Line], fills: list[int], position: int) -> bool:
    """Whether a row has more than half as many cells as the fuller rows below it.

    Half is enough if no row of names follows: then it is a header with columns that it does not name.
    """
    below = sorted(filter(None, fills[position + 1 :]))
    typical = below[math.ceil(len(below) * 0.75) - 1] if below else 0
    if 2 * fills[position] == typical:
        following = next(place for place in range(position + 1, len(lines)) if fills[place])
        return count_values(lines, following) > 0 or is_beside_index(lines, position)
    return 2 * fills[position] > typical


def is_beside_index(lines: list[Line], position: int) -> bool:
    """Whether the first row with content lacks only its first name, above texts alone: programs write an index so."""
    above, line, below = lines[:position], lines[position], [other for other in lines[position + 1 :] if any(other)]
    lacks_first = not line[0] and all(line[1:]) and all(other[0] for other in below)
    return lacks_first and not any(map(any, above)) and not any(is_value(text) for other in below for text in other)


def count_filled(line: Line) -> int:
    """Cells with content."""
    return sum(map(bool, line))


def count_values(lines: list[Line], position: int) -> int:
    """Cells that are rather a record's than a header's: numbers, dates, and what comes again further down."""
    line = lines[position]
    below = [other for other in lines[position + 1 :] if other != line]  # a header may be printed once a page
    return sum(
        1
        for column, text in enumerate(line)
        if text and (is_value(text) or any(other[column] == text for other in below))
    )


def is_value(text: str) -> bool:
    """Whether a text is rather a value than a name; columns may be called by their years."""
    return bool(VALUE.fullmatch(text)) and not YEAR.fullmatch(text)


def no_header(line: Line, number: int, name: str) -> FileRejected:
    """The refusal of records without a header."""
    cells = ", ".join(repr(text[:40]) for text in line if text)
    return FileRejected(
        "NO_HEADER",
        f"{name}, row {number}: expected the column names, found what looks like a record: {cells[:SHOWN_CHARACTERS]}. "
        "Send the file with a header above its records.",
    )
