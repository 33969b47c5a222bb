"""Rows of text -> where their header is, what stands above it, and what below the records.

What is declared counts; then what the pipeline's own headers say; then the form of the rows. The form alone must not
find a header elsewhere than in row 1 unless row 1 is clearly none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.header_form import SHOWN_CHARACTERS, Line, count_filled, find_by_form, is_apart
from data_pipeline.model.findings import Finding, Severity
from data_pipeline.model.reading import ReadingSpec

SEARCHED_ROWS = 100
MOST_HEADER_ROWS = 3  # that are looked for when none are declared
JOINT = " / "
MOST_FOOTER_ROWS = 5
CHUNK_ROWS = 256
TOTALS = frozenset({"total", "grand total", "subtotal", "sub total", "jumlah", "jumlah total", "sum"})


@dataclass(frozen=True)
class Header:
    """Where a file's header is, as positions in its frame."""

    positions: tuple[int, ...]
    """Of the rows that it is made of; none when the file has no header."""
    names: tuple[str, ...]
    """One per column, '' where it has none."""
    height: int
    """Rows from the top of the frame to the end of the header."""
    preamble_rows: int = 0
    """Those above the header that hold anything."""
    findings: tuple[Finding, ...] = ()


def find_header(
    rows: pl.DataFrame, row_numbers: Sequence[int], *, known_headers: frozenset[str], declared: ReadingSpec, name: str
) -> Header:
    """The header of a file, looked for in its first 100 rows unless its row is declared.

    Raises: FileRejected when there is none: nothing at all, or records from the first row on.
    """
    if declared.header_row == 0:
        names = tuple(f"column {position}" for position in range(1, rows.width + 1))
        return Header(positions=(), names=names, height=0)
    count = declared.header_rows
    if declared.header_row is None:
        lines = read_lines(rows.head(SEARCHED_ROWS))
        numbers = [int(number) for number in row_numbers[: len(lines)]]
        last, count = locate(lines, numbers, known_headers, count, name=name)
    else:
        last = find_declared(rows, row_numbers, declared.header_row, name=name)
        lines = read_lines(rows.head(last + 1))
        numbers = [int(number) for number in row_numbers[: len(lines)]]
    return describe(lines, numbers, list_positions(lines, numbers, last, count), name=name)


def locate(
    lines: list[Line], numbers: list[int], known_headers: frozenset[str], declared_rows: int, *, name: str
) -> tuple[int, int]:
    """Last row and number of rows of a header whose row is not declared."""
    if not any(map(any, lines)):
        raise FileRejected("EMPTY_FILE", f"{name}: expected a header row and records, found nothing. Export it again.")
    known = find_known(lines, numbers, known_headers, declared_rows)
    return known or (find_by_form(lines, numbers, name=name), declared_rows)


def read_lines(rows: pl.DataFrame) -> list[Line]:
    """Rows as trimmed texts, blanks as ''."""
    return rows.select(pl.all().fill_null("").str.strip_chars()).rows()


def find_declared(rows: pl.DataFrame, row_numbers: Sequence[int], declared: int, *, name: str) -> int:
    """Position of the row that the pipeline declares as its header."""
    position = next((place for place, number in enumerate(row_numbers) if number == declared), None)
    if position is None or not any(read_lines(rows.slice(position, 1))[0]):
        raise FileRejected(
            "NO_HEADER",
            f"{name}, row {declared}: expected the header, which the pipeline declares there, found nothing. "
            "Send the file with its header in that row.",
        )
    return position


def find_known(
    lines: list[Line], numbers: list[int], known: frozenset[str], declared_rows: int
) -> tuple[int, int] | None:
    """Last row and number of rows of the header that holds most of the pipeline's headers, if it holds enough."""
    says_joined = any(JOINT in header for header in known)
    counts = range(1, MOST_HEADER_ROWS + 1) if declared_rows == 1 and says_joined else [declared_rows]
    best: tuple[int, int] | None = None
    most = 0
    for count in counts:
        for last in range(len(lines)):
            names = lines[last] if count == 1 else join_rows(lines, list_positions(lines, numbers, last, count))
            hits = len(known.intersection(names))
            if hits > most and is_enough(hits, len(known), sum(map(bool, names))):
                best, most = (last, count), hits
    return best


def is_enough(hits: int, known: int, filled: int) -> bool:
    """Half of the pipeline's headers, two at least; or three that make most of the row."""
    return hits >= min(2, known) and (2 * hits >= known or (hits >= 3 and 2 * hits > filled))


def list_positions(lines: list[Line], numbers: list[int], last: int, count: int) -> tuple[int, ...]:
    """Positions of a header's rows, as many as declared unless the file leaves some out."""
    first = last
    while first > 0 and last - first + 1 < count and not is_apart(lines, numbers, first):
        first -= 1
    return tuple(range(first, last + 1))


def join_rows(lines: list[Line], positions: tuple[int, ...]) -> Line:
    """The texts of each column downwards; a title above several columns counts for all that have a text below."""
    rows = [list(lines[position]) for position in positions]
    for level in range(len(rows) - 1):
        for column in range(1, len(rows[level])):
            has_own_title = any(lines[position][column] for position in positions[: level + 1])
            has_text_below = any(row[column] for row in rows[level + 1 :])
            if not has_own_title and has_text_below:
                rows[level][column] = rows[level][column - 1]
    return tuple(JOINT.join(dict.fromkeys(filter(None, texts))) for texts in zip(*rows, strict=True))


def describe(lines: list[Line], numbers: list[int], positions: tuple[int, ...], *, name: str) -> Header:
    """The header in these rows, and what is to be said about it."""
    names = join_rows(lines, positions)
    above = {numbers[position]: lines[position] for position in range(positions[0]) if any(lines[position])}
    findings = []
    if above:
        message = f"{name}: {len(above)} rows above the header are no records; {quote_first(above)}"
        findings.append(tell_rows("PREAMBLE_ROWS", message, "info", above))
    if len(positions) > 1:
        joined = ", ".join(repr(text) for text in names if JOINT in text)[:SHOWN_CHARACTERS]
        message = f"{name}: rows {numbers[positions[0]]} to {numbers[positions[-1]]} make one header; joined: {joined}"
        findings.append(Finding(code="HEADER_JOINED", message=message, severity="info", rows=len(positions)))
    return Header(
        positions=positions,
        names=names,
        height=positions[-1] + 1,
        preamble_rows=len(above),
        findings=tuple(findings),
    )


def quote_first(rows: Mapping[int, Line]) -> str:
    """Number and texts of the first of these rows."""
    number, line = next(iter(rows.items()))
    return f"first: row {number}: {write_line(line)[:SHOWN_CHARACTERS]!r}"


def write_line(line: Line) -> str:
    """A row's texts beside each other."""
    return " | ".join(filter(None, line))


def tell_rows(code: str, message: str, severity: Severity, rows: Mapping[int, Line]) -> Finding:
    """The finding about rows that are no records, with all that stands in them."""
    texts = {str(number): write_line(line)[:SHOWN_CHARACTERS] for number, line in rows.items()}
    return Finding(code=code, message=message, severity=severity, rows=len(rows), details={"texts": texts})


@dataclass(frozen=True)
class Footer:
    """Rows below the records that are none."""

    first: int
    """Where they begin in the frame; they reach to its end."""
    finding: Finding


def find_footer(
    records: pl.DataFrame, row_numbers: pl.Series, header: Header, *, name: str, keys: frozenset[str] = frozenset()
) -> Footer | None:
    """Totals and notes below the last record, 5 rows at most; None when there are none.

    Such a row lacks what identifies a record, and begins with a word for a total or stands apart and fills at most a
    third of the columns. `keys` names the columns that identify; otherwise it is what all of the first records fill.
    """
    tail = list_filled(records, MOST_FOOTER_ROWS + 1)
    lines, numbers = read_lines(records[tail]), [int(row_numbers[position]) for position in tail]
    stored = records[tail].fill_null("").rows()  # lines that end a cell count too
    gaps = [at for at in range(1, len(tail)) if tail[at] > tail[at - 1] + 1 or is_apart(stored, numbers, at)]
    sample = read_lines(records.head(tail[0] + 1).head(SEARCHED_ROWS)) if tail else []
    identifying = list_identifying(sample, header, keys)
    most = sum(map(bool, header.names)) // 3
    # A brand may be called Total; a key may not.
    lacking = [any(not line[column] or (keys and is_total(line[column])) for column in identifying) for line in lines]
    totals = [is_total(next(filter(None, line))) for line in lines]
    start = len(tail)
    for begin in reversed(gaps):
        block = range(begin, start)
        if not all(lacking[place] and (totals[place] or count_filled(lines[place]) <= most) for place in block):
            break
        start = begin
    while start > 1 and totals[start - 1] and lacking[start - 1]:
        start -= 1
    found = dict(zip(numbers[start:], lines[start:], strict=True))
    if not found:
        return None
    message = f"{name}: {len(found)} rows below the records are no records; {quote_first(found)}"
    return Footer(first=tail[start], finding=tell_rows("FOOTER_ROWS", message, "warn", found))


def list_filled(records: pl.DataFrame, count: int) -> list[int]:
    """Positions of the last rows that hold anything."""
    found = list[int]()
    for end in range(records.height, 0, -CHUNK_ROWS):
        start = max(end - CHUNK_ROWS, 0)
        is_filled = pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != "")
        mask = records.slice(start, end - start).select(is_filled).to_series()
        found = [start + place for place in mask.arg_true()] + found
        if len(found) >= count:
            break
    return found[-count:]


def list_identifying(sample: list[Line], header: Header, keys: frozenset[str]) -> list[int]:
    """The columns of these names; or, when they are unknown, those that every record fills."""
    if keys:
        return [column for column, title in enumerate(header.names) if title in keys]
    records = [line for line in sample if any(line)]
    return [column for column, texts in enumerate(zip(*records, strict=True)) if all(texts)]


def is_total(text: str) -> bool:
    """Whether a text is a word for a total and nothing else."""
    return text.strip(" :.-*=").casefold() in TOTALS
