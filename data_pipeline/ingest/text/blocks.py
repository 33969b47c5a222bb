"""Bytes of a text file -> blocks of whole records, in constant memory.

A block is cut where a record ends: at a line end outside quotes. Where quotes stand as RFC 4180 has them that is
arithmetic over the block's bytes; a block in which they do not is marked, and has to be read record by record.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data_pipeline.errors import FileRejected
from data_pipeline.model.reading import Dialect, Encoding, Limits

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Whole records as UTF-8."""

    data: bytes
    first_line: int
    """Line of the file on which it begins."""
    ends: Positions | None
    """Where its records end, if it holds quotes; None: every line is a record."""
    is_regular: bool
    """False: a quote stands where RFC 4180 has none, so the ends are not known; the block goes on to the file's end."""
    lines: int
    bytes_read: int
    """Of the file, with this block."""

    @property
    def records(self) -> int:
        """How many it holds, blank ones too, counted by something else than a parser."""
        return self.lines if self.ends is None else len(self.ends)


@dataclass
class Reading:
    """How far a file was read."""

    bytes_read: int = 0


def read_utf8(path: Path, encoding: Encoding, reading: Reading, *, piece_bytes: int, name: str) -> Iterator[bytes]:
    """The file's text in pieces of UTF-8, without its byte order mark.

    Raises: FileRejected for bytes that are none of the encoding's characters.
    """
    decoder = None if codecs.lookup(encoding.codec).name == "utf-8" else codecs.getincrementaldecoder(encoding.codec)()
    with path.open("rb") as stream:
        stream.seek(encoding.mark_bytes)
        while piece := stream.read(piece_bytes):
            reading.bytes_read = stream.tell()
            if decoder is None:
                yield refuse_nul(piece, name)
                continue
            try:
                yield refuse_nul(decoder.decode(piece).encode(), name)
            except UnicodeDecodeError as error:
                raise wrong_encoding(encoding, error, offset=reading.bytes_read - len(piece), name=name) from error
        if decoder is not None:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                raise wrong_encoding(encoding, error, offset=reading.bytes_read, name=name) from error


def refuse_nul(piece: bytes, name: str) -> bytes:
    """Text holds no NUL; a file that does is no text, or was damaged on its way."""
    if b"\0" in piece:
        raise FileRejected("NUL_BYTES", f"{name}: expected text, found a NUL byte. Export it again as CSV or XLSX.")
    return piece


def wrong_encoding(encoding: Encoding, error: UnicodeDecodeError, *, offset: int, name: str) -> FileRejected:
    """The refusal of a file that is not in the encoding that its beginning is in."""
    return FileRejected(
        "WRONG_ENCODING",
        f"{name}: expected {encoding.codec} text, found byte 0x{error.object[error.start]:02x} near position "
        f"{offset + error.start}. Save it as 'CSV UTF-8'.",
    )


def cut_blocks(
    pieces: Iterator[bytes], dialect: Dialect, reading: Reading, *, limits: Limits, name: str, first_line: int = 1
) -> Iterator[Block]:
    """Cuts the text after the last record that ends in each piece; the last block may lack its line end.

    Raises: FileRejected for a record longer than the limit, such as the rest of a file after a quote that never closes.
    """
    mark = b"\r" if dialect.newline == "\r" else b"\n"
    rest, line = b"", first_line
    for piece in pieces:
        text = rest + piece
        block = find_records(text, dialect, mark, line=line, reading=reading)
        if block.data:
            yield block
            line += block.lines
        if not block.is_regular:
            return
        rest = text[len(block.data) :]
        if len(rest) > limits.line_bytes:
            raise too_long(rest, dialect, line=line, limits=limits, name=name)
    if rest:
        yield find_records(rest + mark, dialect, mark, line=line, reading=reading, is_last=True)


def find_records(
    text: bytes, dialect: Dialect, mark: bytes, *, line: int, reading: Reading, is_last: bool = False
) -> Block:
    """The whole records at the start of a text."""
    quote = (dialect.quote or "").encode()
    backslash = dialect.escape == "backslash" and b"\\" in text
    read = reading.bytes_read
    if not backslash and (not quote or quote not in text):
        data = text[: text.rfind(mark) + 1]
        return Block(data, line, ends=None, is_regular=True, lines=count(data, mark), bytes_read=read)
    codes = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(codes == ord(quote)) if quote else np.array([], dtype=np.int64)
    if backslash or not is_well_formed(codes, quotes, dialect, is_open=not is_last):
        return Block(text, line, ends=None, is_regular=False, lines=0, bytes_read=read)
    lines = np.flatnonzero(codes == ord(mark))
    ends = lines[np.searchsorted(quotes, lines) % 2 == 0] + 1
    end = int(ends[-1]) if len(ends) else 0
    ended = int(np.searchsorted(lines, end))
    return Block(text[:end], line, ends=ends, is_regular=True, lines=ended, bytes_read=read)


def count(text: bytes, mark: bytes) -> int:
    """How often a byte occurs; several times as fast as bytes.count."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord(mark)))


def is_well_formed(codes: npt.NDArray[np.uint8], quotes: Positions, dialect: Dialect, *, is_open: bool) -> bool:
    """Whether every field that has a quote begins and ends with one; doubled ones inside are the field's own.

    `is_open`: the text goes on, so a quote that is not closed yet may still be.
    """
    if len(quotes) % 2 and not is_open:
        return False
    around = np.array([ord(dialect.delimiter), ord("\n"), ord("\r"), ord(dialect.quote or '"')], dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before, after = opening[opening > 0] - 1, closing[closing < len(codes) - 1] + 1
    return bool(np.isin(codes[before], around).all() and np.isin(codes[after], around).all())


def too_long(rest: bytes, dialect: Dialect, *, line: int, limits: Limits, name: str) -> FileRejected:
    """The refusal of a record that does not end."""
    quote = (dialect.quote or "").encode()
    if quote and rest.count(quote) % 2:
        return FileRejected(
            "UNCLOSED_QUOTE",
            f"{name}, line {line}: a quote opens that is not closed within {limits.line_bytes} bytes. "
            "Check the quotes of that line and send the file again.",
        )
    return FileRejected(
        "RECORD_TOO_LONG",
        f"{name}, line {line}: expected a record of at most {limits.line_bytes} bytes, found a longer one. "
        "It is no list, or its line ends are lost: export it again.",
    )
