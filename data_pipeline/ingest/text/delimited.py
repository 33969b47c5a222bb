"""Text file -> chunks of RawRows, every cell as text, in constant memory.

Polars parses blocks whose quotes are regular; the standard library's csv parses the rest of a file from the first block
that is not. Records are counted from the bytes, by something else than the parser, and the two must agree.
"""

import csv
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.blocks import WIDE, Block, Positions, Reading, cut_blocks, read_utf8
from data_pipeline.ingest.text.by_record import TOLD_CHARACTERS, read_slowly
from data_pipeline.ingest.text.mojibake import note_mojibake
from data_pipeline.ingest.text.records import open_reader
from data_pipeline.model.reading import Dialect, Limits, RaggedRow, TextOrigin
from data_pipeline.model.tables import RawRows
from data_pipeline.threads import parse_ahead

CHUNK_BYTES = 8 << 20
ZLIB_MAGIC = (b"x^", b"x\x01", b"x\xda")  # Polars would inflate a text that begins so; other magics are no UTF-8
LINE_END = re.compile(rb"\r\n|\r|\n")


def read_text(
    path: Path,
    origin: TextOrigin,
    *,
    name: str,
    limits: Limits,
    chunk_bytes: int = CHUNK_BYTES,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Iterator[RawRows]:
    """Reads the file in chunks of about `chunk_bytes`; tells how many bytes of the file were read after each.

    Raises: FileRejected when it breaks off inside a quoted field or is not what its beginning promised.
    """
    reading = Reading()
    pieces = read_utf8(path, origin.encoding, reading, piece_bytes=chunk_bytes, name=name)
    if origin.skipped_lines:
        pieces = skip_line(pieces)
    first_line = 1 + origin.skipped_lines
    blocks = cut_blocks(pieces, origin.dialect, reading, limits=limits, name=name, first_line=first_line)
    for block, rows in parse_ahead(blocks, lambda block: (block, parse_block(block, origin, name=name))):
        if rows is not None:
            yield rows if block.first_line > first_line else rows.with_findings(note_mojibake(rows.cells, name=name))
        else:  # from an irregular block to the file's end, or one block that the parser counts otherwise
            rest = [block.data] if block.is_regular else itertools.chain([block.data], pieces)
            yield from read_slowly(rest, block.first_line, origin, limits, name=name)
        on_bytes(block.bytes_read if block.is_regular else reading.bytes_read)


def skip_line(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The text after its first line."""
    first = next(pieces, b"")
    end = LINE_END.search(first)
    yield first[end.end() :] if end else b""
    yield from pieces


def parse_block(block: Block, origin: TextOrigin, *, name: str) -> RawRows | None:
    """A block's rows; None when it is irregular, or the parser counts other records than the bytes hold."""
    if not block.is_regular or block.data.startswith(ZLIB_MAGIC):
        return None
    dialect, width = origin.dialect, origin.dialect.width
    mark = b"\r" if dialect.newline == "\r" else b"\n"
    columns = count_columns(block, dialect, mark)
    try:
        frame = pl.read_csv(
            block.data,
            has_header=False,
            schema={str(position): pl.String for position in range(columns)},
            separator=dialect.delimiter,
            quote_char=dialect.quote if block.ends is not None else None,
            eol_char=mark.decode(),
            extra_columns="ignore",
            missing_columns="insert",
        )
    except pl.exceptions.ComputeError as error:
        refuse_undecodable(block, name, error)
        return None
    if frame.height != block.records:
        return None
    if columns <= width:
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)  # which the columns share
        frame = frame.with_columns(nothing.alias(str(position)) for position in range(columns, width + 1))
    lines = number_lines(block, mark)
    try:
        ragged = find_ragged(block, frame, lines, origin)
    except csv.Error:  # a field longer than it takes, which is refused where the block is read by record
        return None
    return RawRows(
        cells=frame.drop(str(width)),
        row_numbers=lines,
        sheet="",
        decimal_mark=origin.decimal_hint,
        text=origin,
        ragged_rows=ragged,
    )


def count_columns(block: Block, dialect: Dialect, mark: bytes) -> int:
    """How many columns the block fills, one more than the list has for what is too much; only a wide list is asked."""
    if dialect.width < WIDE:
        return dialect.width + 1
    delimiters = np.flatnonzero(np.frombuffer(block.data, dtype=np.uint8) == ord(dialect.delimiter))
    before = np.searchsorted(delimiters, find_line_ends(block, mark))
    return min(dialect.width + 1, 1 + int(np.diff(before, prepend=0).max(initial=0)))


def refuse_undecodable(block: Block, name: str, error: Exception) -> None:
    """Raises FileRejected when the parser failed because the block is no UTF-8."""
    try:
        block.data.decode()
    except UnicodeDecodeError as fault:
        line = block.first_line + block.data.count(b"\n", 0, fault.start)
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}, line {line}: expected UTF-8 text like the lines above, found byte "
            f"0x{block.data[fault.start]:02x}. Save it as 'CSV UTF-8'.",
        ) from error


def number_lines(block: Block, mark: bytes) -> Positions:
    """The line on which each record begins."""
    if block.ends is None:
        return np.arange(block.first_line, block.first_line + block.records, dtype=np.int64)
    line_ends = find_line_ends(block, mark)
    before = np.searchsorted(line_ends, block.ends[:-1], side="right")
    return np.concatenate(([0], before)).astype(np.int64) + block.first_line


def find_line_ends(block: Block, mark: bytes) -> Positions:
    """Where the lines of a block end."""
    return np.flatnonzero(np.frombuffer(block.data, dtype=np.uint8) == ord(mark)) + 1


def find_ragged(block: Block, frame: pl.DataFrame, lines: Positions, origin: TextOrigin) -> dict[int, RaggedRow]:
    """Line -> text of every record with another number of fields. An empty field too many at the end is none."""
    last, beyond = pl.col(str(origin.dialect.width - 1)), pl.col(str(origin.dialect.width))
    doubtful = frame.select(pl.arg_where(last.is_null() | (last == "") | beyond.is_not_null() & (beyond != "")))
    places = leave_out_blank(frame, doubtful.to_series())
    if not len(places):
        return {}
    texts = list_records(block, places, origin)
    counts = count_fields(texts, origin.dialect, is_quoted=block.ends is not None)
    too_much = frame[str(origin.dialect.width)].gather(places).fill_null("") != ""
    is_ragged = (counts < origin.dialect.width) | too_much
    numbers = lines[places.filter(is_ragged).to_numpy()]
    told = texts.filter(is_ragged).str.slice(0, TOLD_CHARACTERS)
    return {
        int(line): RaggedRow(fields, text)
        for line, fields, text in zip(numbers, counts.filter(is_ragged).to_list(), told.to_list(), strict=True)
    }


def leave_out_blank(frame: pl.DataFrame, places: pl.Series) -> pl.Series:
    """Those of the places at which a record holds anything; others are no records, whatever their fields."""
    if not len(places):
        return places
    held = frame.select(column.name for column in frame if column.null_count() < frame.height)
    if not held.width:
        return places.clear()
    is_filled = pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != "")
    return places.filter(held[places].select(is_filled).to_series())


def list_records(block: Block, places: pl.Series, origin: TextOrigin) -> pl.Series:
    """The text of some records, without line ends."""
    ends = find_line_ends(block, origin.dialect.newline[-1:].encode()) if block.ends is None else block.ends
    chosen = places.to_numpy().astype(np.int64)
    begins = np.where(chosen > 0, ends[chosen - 1], 0)
    texts = [block.data[begin:end].decode() for begin, end in zip(begins.tolist(), ends[chosen].tolist(), strict=True)]
    return pl.Series(texts, dtype=pl.String).str.strip_chars_end("\r\n")


def count_fields(texts: pl.Series, dialect: Dialect, *, is_quoted: bool) -> pl.Series:
    """How many fields each record has."""
    if not is_quoted:
        return texts.str.count_matches(dialect.delimiter, literal=True) + 1
    return pl.Series([len(next(open_reader([text], dialect), [])) for text in texts], dtype=pl.UInt32)
