"""Text -> records one by one, by the standard library's csv: slow, and right where quotes are irregular."""

import csv
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.blocks import (
    LINE_ENDS,
    MOST_CELLS,
    mixed_line_ends,
    record_too_long,
    unclosed_quote,
)
from data_pipeline.ingest.text.records import BrokenRecord, Record, read_records
from data_pipeline.ingest.text.recount import Recount
from data_pipeline.model.reading import Dialect, Limits, RaggedRow, TextOrigin
from data_pipeline.model.tables import RawRows

CHUNK_RECORDS = 50_000
CHUNK_CHARACTERS = 8 << 20
NEWLINE_WITHIN = "new-line character seen"  # in the words of the csv module
TOLD_CHARACTERS = 2_000  # of a record that is told whole


def read_slowly(
    pieces: Iterable[bytes], first_line: int, origin: TextOrigin, limits: Limits, *, name: str
) -> Iterator[RawRows]:
    """The rest of a file, record by record.

    Raises: FileRejected for quotes that no reading makes sense of, or when another count of the records disagrees.
    """
    csv.field_size_limit(limits.line_bytes)
    above = first_line - 1
    recount, count = Recount(origin.dialect), 0
    lines = split_lines(pieces, origin.dialect, first_line, limits, name=name)
    records = read_records(limit_records(lines, recount, first_line, limits, name=name), origin.dialect)
    try:
        while numbered := list(take_chunk(records, recount, origin.dialect.width, above=above)):
            count += len(numbered)
            check_count(count, recount.records, first_line=first_line, name=name)
            yield as_rows(numbered, origin)
    except BrokenRecord as error:
        if NEWLINE_WITHIN in str(error):
            found, other = "a carriage return (CR)", LINE_ENDS[origin.dialect.newline]
            raise mixed_line_ends(name, above + error.line, found, other, 1) from error
        place = f"{name}, after line {above + error.line}"
        raise FileRejected(
            "BROKEN_QUOTES", f"{place}: {error}. Check the quotes from there on and send the file again."
        ) from error


def take_chunk(
    records: Iterator[tuple[int, Record]], recount: Recount, width: int, *, above: int
) -> Iterator[tuple[int, Record]]:
    """The next records, as many as memory should hold at once, with their lines in the file."""
    start, cells = recount.characters, 0
    for count, (line, fields) in enumerate(records, 1):
        yield above + line, fields
        cells += max(width, len(fields))
        if count == CHUNK_RECORDS or cells > MOST_CELLS or recount.characters - start > CHUNK_CHARACTERS:
            return


def limit_records(
    lines: Iterable[str], recount: Recount, first_line: int, limits: Limits, *, name: str
) -> Iterator[str]:
    """The lines, counted.

    Raises: FileRejected for a record of several lines that is longer than the limit.
    """
    begin = first_line
    for line, text in enumerate(recount.watch(lines), first_line + 1):
        if recount.open_characters > limits.line_bytes:
            raise unclosed_quote(name, begin, limits)
        begin = begin if recount.open_characters else line
        yield text


def check_count(read: int, counted: int, *, first_line: int, name: str) -> None:
    """Raises FileRejected when the reader gave more or fewer records than end in the lines that it took."""
    if read != counted:
        raise FileRejected(
            "READER_DISAGREES",
            f"{name}: from line {first_line} on {counted} records end, the reader gave {read}. "
            "Check the quotes from there on and send the file again.",
        )


def split_lines(
    pieces: Iterable[bytes], dialect: Dialect, first_line: int, limits: Limits, *, name: str
) -> Iterator[str]:
    """Lines of UTF-8 pieces, line ends included.

    Raises: FileRejected for one that is longer than the limit.
    """
    mark = b"\r" if dialect.newline == "\r" else b"\n"
    rest, number = b"", first_line
    for piece in pieces:
        *lines, rest = (rest + piece).split(mark)
        number += len(lines)
        if len(rest) > limits.line_bytes:
            raise record_too_long(name, number, limits)
        yield from ((line + mark).decode() for line in lines)
    if rest:
        yield rest.decode()


def as_rows(numbered: list[tuple[int, Record]], origin: TextOrigin) -> RawRows:
    """Parsed records as text columns; what is too short is filled with blanks, what is too long is told."""
    width = origin.dialect.width
    padded = [fields[:width] + [""] * (width - len(fields)) for _, fields in numbered]
    columns = {str(position): list(column) for position, column in enumerate(zip(*padded, strict=True))}
    ragged = {
        line: RaggedRow(len(fields), origin.dialect.delimiter.join(fields)[:TOLD_CHARACTERS])
        for line, fields in numbered
        if any(field.strip() for field in fields) and (len(fields) < width or any(fields[width:]))
    }
    return RawRows(
        cells=pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)),
        row_numbers=np.array([line for line, _ in numbered], dtype=np.int64),
        sheet="",
        decimal_mark=origin.decimal_hint,
        ragged_rows=ragged,
        text=origin,
    )
