"""Text -> records one by one, by the standard library's csv: slow, and right where quotes are irregular."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.reading import Dialect, Limits, RaggedRow, TextOrigin
from data_pipeline.model.tables import RawRows

if TYPE_CHECKING:
    import _csv  # where the type of csv.reader() has its name

SAMPLE_RECORDS = 200
CHUNK_RECORDS = 50_000
TOLD_CHARACTERS = 2_000  # of a record that is told whole


def open_reader(lines: Iterable[str], dialect: Dialect) -> "_csv.Reader":
    """The standard library's reader for a dialect; a field that is quoted wrongly is an error."""
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=dialect.escape == "doubled",
        escapechar="\\" if dialect.escape == "backslash" else None,
        strict=True,
    )


def parse_records(lines: Iterable[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Every record, blank ones too, with the line on which it begins, counted from 1. Raises: csv.Error."""
    reader = open_reader(lines, dialect)
    begin = 1
    for record in reader:
        yield begin, record
        begin = reader.line_num + 1


def find_width(text: str, dialect: Dialect, *, is_whole: bool) -> int:
    """How many fields most of the first records have; of equally frequent numbers the larger."""
    records = []
    try:
        for _, record in itertools.islice(parse_records(split_text(text, dialect), dialect), SAMPLE_RECORDS):
            records.append(record)
    except csv.Error:  # told with its line when the file is read
        is_whole = True
    if not is_whole and len(records) < SAMPLE_RECORDS:
        records = records[:-1] or records  # the sample may cut the last one
    counts = [len(record) for record in records if record]
    return max(set(counts), key=lambda width: (counts.count(width), width), default=1)


def split_text(text: str, dialect: Dialect) -> Iterable[str]:
    """Lines of a text, line ends included."""
    return io.StringIO(text, newline="\r" if dialect.newline == "\r" else "\n")


def read_slowly(
    pieces: Iterable[bytes], first_line: int, origin: TextOrigin, limits: Limits, *, name: str
) -> Iterator[RawRows]:
    """The rest of a file, record by record.

    Raises: FileRejected for quotes that no reading makes sense of.
    """
    csv.field_size_limit(limits.field_bytes)
    records = parse_records(split_lines(pieces, origin.dialect), origin.dialect)
    begin = first_line
    while True:
        try:
            some = itertools.islice(records, CHUNK_RECORDS)
            numbered = [(first_line - 1 + line, fields) for line, fields in some]
        except csv.Error as error:
            raise FileRejected(
                "BROKEN_QUOTES",
                f"{name}, after line {begin}: {error}. Check the quotes from there on and send the file again.",
            ) from error
        if not numbered:
            return
        begin = numbered[-1][0]
        yield as_rows(numbered, origin)


def split_lines(pieces: Iterable[bytes], dialect: Dialect) -> Iterator[str]:
    """Lines of UTF-8 pieces, line ends included."""
    mark = b"\r" if dialect.newline == "\r" else b"\n"
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(mark)
        yield from ((line + mark).decode() for line in lines)
    if rest:
        yield rest.decode()


def as_rows(numbered: list[tuple[int, list[str]]], origin: TextOrigin) -> RawRows:
    """Parsed records as text columns; what is too short is filled with blanks, what is too long is told."""
    width = origin.width
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
