"""Rows of text with a header somewhere near the top -> tables with named columns, chunk by chunk."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.header import Header, find_footer, find_header
from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import RaggedRow, ReadingSpec
from data_pipeline.model.tables import RawRows, RawTable

HEADER_ROWS = 100  # within which the header must stand
TOLD = 20  # places that a finding names


@dataclass(frozen=True)
class Naming:
    """Which column carries which name."""

    header: Header
    named: dict[str, str]
    unnamed: list[str]
    titles: int
    """Fields of the header, named or not."""


def build_tables(
    chunks: Iterable[RawRows], *, name: str, reading: ReadingSpec, known_headers: frozenset[str]
) -> Iterator[tuple[RawTable, bool]]:
    """Gives every chunk under the file's header, blank rows left out, and whether it is the last.

    Raises: FileRejected when there is no header or no record, or two columns share a name.
    """
    naming: Naming | None = None
    records = 0
    notes: tuple[Finding, ...] = ()  # of chunks in which nothing stood
    for given, is_last in tell_last(chunks):
        rows = skip_blank_top(given) if naming is None else given
        if rows.cells.height == 0 or rows.cells.width == 0:
            notes += given.findings
            continue
        rows, notes = rows.with_findings(notes), ()
        is_first = naming is None
        naming = naming or name_columns(rows, reading, known_headers, name=name)
        table = build_table(rows, naming, reading, is_first=is_first, is_last=is_last, name=name)
        records += table.cells.height
        if is_last and records == 0:
            break
        yield table, is_last
    if naming is None:
        raise FileRejected("EMPTY_FILE", f"{name}: expected a header row and records, found nothing. Export it again.")
    if records == 0:
        raise FileRejected("EMPTY_FILE", f"{name}: expected records below the header, found none. Export it again.")


def skip_blank_top(rows: RawRows) -> RawRows:
    """The rows from the first that holds anything on, where so many above are blank that none would be looked for."""
    if rows.names or not rows.cells.width or find_filled(rows.cells.head(HEADER_ROWS)).any():
        return rows
    filled = find_filled(rows.cells)
    first = filled.arg_max() if filled.any() else None
    return rows.slice(len(filled), 0) if first is None else rows.slice(first, len(filled)).with_findings(rows.findings)


def tell_last(chunks: Iterable[RawRows]) -> Iterator[tuple[RawRows, bool]]:
    """Every chunk, with whether another one follows."""
    before: RawRows | None = None
    for chunk in chunks:
        if before is not None:
            yield before, False
        before = chunk
    if before is not None:
        yield before, True


def name_columns(rows: RawRows, reading: ReadingSpec, known_headers: frozenset[str], *, name: str) -> Naming:
    """Finds the header in the first chunk.

    Raises: FileRejected when there is none, two columns share a name, or it has other fields than the records.
    """
    top = rows.cells.head(HEADER_ROWS).fill_null("")
    header = (
        Header(positions=(), names=rows.names, height=0)
        if rows.names
        else find_header(
            top,
            [int(row) for row in rows.row_numbers[:HEADER_ROWS]],
            known_headers=known_headers,
            declared=reading,
            name=name,
        )
    )
    titles = dict(zip(rows.cells.columns, header.names, strict=True))
    doubled = sorted(title for title, count in Counter(filter(None, header.names)).items() if count > 1)
    if doubled:
        line = int(rows.row_numbers[header.positions[-1]])
        raise FileRejected("DOUBLED_HEADER", f"{name}: row {line} names these columns twice: {', '.join(doubled)}.")
    named = {column: title for column, title in titles.items() if title}
    return Naming(header, named, [column for column, title in titles.items() if not title], count_titles(rows, header))


def count_titles(rows: RawRows, header: Header) -> int:
    """How many fields the header has: fewer than the records where its line is too short."""
    lines = (int(rows.row_numbers[place]) for place in header.positions)
    short = [rows.ragged_rows[line].fields for line in lines if line in rows.ragged_rows]
    return min(max(short, default=rows.cells.width), rows.cells.width)


def build_table(
    rows: RawRows, naming: Naming, reading: ReadingSpec, *, is_first: bool, is_last: bool, name: str
) -> RawTable:
    """One chunk's records; what is no record is told."""
    skipped = naming.header.height if is_first else 0
    cells, numbers = rows.cells.slice(skipped), pl.Series("row_number", rows.row_numbers[skipped:], dtype=pl.Int64)
    findings = list(naming.header.findings) if is_first else []
    if is_last and not rows.names:
        footer = find_footer(cells, numbers, naming.header, name=name)
        if footer is not None:
            cells, numbers = cells.head(footer.first), numbers.head(footer.first)
            findings.append(footer.finding)
    # In a format that has names of its own nothing is there for looks: a record without any value is one, too.
    filled = pl.repeat(value=True, n=cells.height, eager=True) if rows.names else find_filled(cells)
    findings += note_blank_rows(name, filled)
    refuse_overlong(cells, numbers, naming, name=name)
    findings += note_unnamed_cells(name, cells.select(naming.unnamed), numbers)
    above = int(rows.row_numbers[skipped]) if cells.height else 0  # of the header, or titles
    blank = set(numbers.filter(~filled)) if rows.ragged_rows else set()
    ragged = {row: one for row, one in rows.ragged_rows.items() if row >= above and row not in blank}
    if not filled.all():
        cells, numbers = cells.filter(filled) if filled.any() else cells.clear(), numbers.filter(filled)
    width = len(naming.named) + len(naming.unnamed)
    refused, notes = (ragged, []) if rows.names else apply_policy(ragged, reading, width, name=name)
    return RawTable(
        cells=cells.select(naming.named.keys()).rename(naming.named),
        row_numbers=numbers,
        origin=rows,
        findings=(*rows.findings, *findings, *notes),
        ragged_rows=refused,
        header_rows=tuple(int(rows.row_numbers[place]) for place in naming.header.positions) if is_first else (),
    )


def find_filled(cells: pl.DataFrame) -> pl.Series:
    """Which rows hold anything; only those with a blank first cell need a look at the others."""
    is_filled = cells.to_series(0).fill_null("").str.strip_chars() != ""
    if is_filled.all():
        return is_filled
    held = cells.select(column.name for column in cells if column.null_count() < cells.height)
    if not held.width:
        return is_filled
    doubtful = held.filter(~is_filled).select(pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != ""))
    return is_filled.scatter((~is_filled).arg_true(), doubtful.to_series())


def apply_policy(
    ragged: dict[int, RaggedRow], reading: ReadingSpec, width: int, *, name: str
) -> tuple[dict[int, RaggedRow], list[Finding]]:
    """The records that the pipeline's policy refuses, and what is told of those that it lets through."""
    if reading.ragged == "reject" or not ragged:
        return ragged, []
    short = {row: one for row, one in ragged.items() if one.fields < width}
    long = {row: one for row, one in ragged.items() if one.fields > width}
    padded = note_ragged(name, "ROWS_PADDED", "have fewer fields than the header; what is missing is blank", short)
    if reading.ragged == "pad":
        return long, padded
    words = "have more fields than the header; what is too much is only told here"
    return {}, padded + note_ragged(name, "ROWS_RESCUED", words, long)


def note_ragged(name: str, code: str, words: str, rows: dict[int, RaggedRow]) -> list[Finding]:
    """Records that were taken although their fields are not the header's, with their text."""
    if not rows:
        return []
    first = min(rows)
    message = f"{name}: {len(rows)} rows {words}; first: row {first}"
    told = {str(row): one.text for row, one in sorted(rows.items())[:TOLD]}
    return [Finding(code=code, message=message, rows=len(rows), details={"texts": told})]


def note_blank_rows(name: str, filled: pl.Series) -> list[Finding]:
    """Rows without any content are no records; how many there are is said."""
    blank = int((~filled).sum())
    message = f"{name}: {blank} rows between or below the records are entirely blank"
    return [Finding(code="BLANK_ROWS", message=message, severity="info", rows=blank)] if blank else []


def refuse_overlong(cells: pl.DataFrame, numbers: pl.Series, naming: Naming, *, name: str) -> None:
    """Raises: FileRejected for records that are longer than the header: whose title is missing nobody can say."""
    beyond = find_filled_lines(cells.select(cells.columns[naming.titles :]), numbers)
    if len(beyond):
        raise FileRejected(
            "RAGGED_HEADER",
            f"{name}, row {beyond[0]}: expected {naming.titles} fields as in the header, found {cells.width}. "
            "Name every column, or quote fields that hold the delimiter.",
        )


def find_filled_lines(cells: pl.DataFrame, numbers: pl.Series) -> pl.Series:
    """The rows in which some of these columns hold anything."""
    if not cells.width:
        return numbers.clear()
    return numbers.filter(cells.select(pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != "")).to_series())


def note_unnamed_cells(name: str, cells: pl.DataFrame, numbers: pl.Series) -> list[Finding]:
    """Content in columns without a name is reported, since nobody can say what it means."""
    lines = find_filled_lines(cells, numbers)
    if not len(lines):
        return []
    message = f"{name}: {len(lines)} rows hold cells in columns without a name; first: row {lines[0]}"
    return [
        Finding(code="CELLS_WITHOUT_COLUMN", message=message, rows=len(lines), details={"rows": lines[:TOLD].to_list()})
    ]
