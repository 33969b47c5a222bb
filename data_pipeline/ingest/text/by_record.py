"""Text -> records one by one, by the standard library's csv: slow, and right where quotes are irregular."""

import csv
import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.records import BrokenRecord, Record, read_records
from data_pipeline.ingest.text.recount import Recount
from data_pipeline.model.reading import Dialect, Limits, RaggedRow, TextOrigin
from data_pipeline.model.tables import RawRows

CHUNK_RECORDS = 50_000
TOLD_CHARACTERS = 2_000  # of a record that is told whole


def read_slowly(
    pieces: Iterable[bytes], first_line: int, origin: TextOrigin, limits: Limits, *, name: str
) -> Iterator[RawRows]:
    """The rest of a file, record by record.

    Raises: FileRejected for quotes that no reading makes sense of, or when another count of the records disagrees.
    """
    csv.field_size_limit(limits.field_bytes)
    above = first_line - 1
    recount, count = Recount(origin.dialect), 0
    records = read_records(recount.watch(split_lines(pieces, origin.dialect)), origin.dialect)
    try:
        while numbered := [(above + line, fields) for line, fields in itertools.islice(records, CHUNK_RECORDS)]:
            count += len(numbered)
            check_count(count, recount.records, first_line=first_line, name=name)
            yield as_rows(numbered, origin)
    except BrokenRecord as error:
        place = f"{name}, after line {above + error.line}"
        raise FileRejected(
            "BROKEN_QUOTES", f"{place}: {error}. Check the quotes from there on and send the file again."
        ) from error


def check_count(read: int, counted: int, *, first_line: int, name: str) -> None:
    """Raises FileRejected when the reader gave more or fewer records than end in the lines that it took."""
    if read != counted:
        raise FileRejected(
            "READER_DISAGREES",
            f"{name}: from line {first_line} on {counted} records end, the reader gave {read}. "
            "Check the quotes from there on and send the file again.",
        )


def split_lines(pieces: Iterable[bytes], dialect: Dialect) -> Iterator[str]:
    """Lines of UTF-8 pieces, line ends included."""
    mark = b"\r" if dialect.newline == "\r" else b"\n"
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(mark)
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
