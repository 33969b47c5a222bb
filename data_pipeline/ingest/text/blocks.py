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
Codes = npt.NDArray[np.uint8]

END_MARK = b"\x1a"  # behind the text of old programs
MOST_CELLS = 1 << 21  # of a block: blank lines are short, and have as many cells as others
WIDE, MOST_WIDE_CELLS = 200, 1 << 22  # columns; of such lists most blank cells take no memory
MOST_WITHOUT_ASCII = 4096  # bytes of UTF-16: no line is so long, and none of another encoding has a NUL
LINE_ENDS = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}


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
    """The file's text in pieces of UTF-8, without its byte order mark and the mark of its end.

    Raises: FileRejected for bytes that are none of the encoding's characters.
    """
    held = b""
    for piece in decode_pieces(path, encoding, reading, piece_bytes=piece_bytes, name=name):
        text = held + piece
        whole = text.rstrip(END_MARK)
        held = text[len(whole) :]
        yield refuse_nul(whole, name)


def decode_pieces(path: Path, encoding: Encoding, reading: Reading, *, piece_bytes: int, name: str) -> Iterator[bytes]:
    """The file's text in pieces of UTF-8, which is not looked at if it is what the file is in."""
    decoder = None if codecs.lookup(encoding.codec).name == "utf-8" else codecs.getincrementaldecoder(encoding.codec)()
    with path.open("rb") as stream:
        stream.seek(encoding.mark_bytes)
        while piece := stream.read(piece_bytes):
            reading.bytes_read = stream.tell()
            if decoder is None:
                yield piece
                continue
            try:
                text = decoder.decode(piece).encode()
            except UnicodeDecodeError as error:
                raise wrong_encoding(encoding, error, offset=reading.bytes_read - len(piece), name=name) from error
            refuse_joined(piece, encoding, offset=reading.bytes_read - len(piece), name=name)
            yield text
        if decoder is not None:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                raise wrong_encoding(encoding, error, offset=reading.bytes_read, name=name) from error


def refuse_joined(piece: bytes, encoding: Encoding, *, offset: int, name: str) -> None:
    """Raises FileRejected for UTF-16 that goes on in another encoding: two bytes of that make one character of this."""
    if not encoding.codec.startswith("utf-16"):
        return
    ascii_at = np.flatnonzero(np.frombuffer(piece, dtype=np.uint8) == 0)
    gaps = np.diff(ascii_at, prepend=-1, append=len(piece))
    if len(gaps) and gaps.max() > MOST_WITHOUT_ASCII:
        position = int(ascii_at[gaps.argmax() - 1]) if gaps.argmax() else 0
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}: expected {encoding.codec} text, found another encoding near position {offset + position}, as in "
            "files that are joined. Save all of it as 'CSV UTF-8'.",
        )


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
            refuse_mixed(block, dialect, name=name)
            yield from split_block(block, dialect, mark)
            line += block.lines
        if not block.is_regular:
            return
        rest = text[len(block.data) :]
        if len(rest) > limits.line_bytes:
            raise too_long(rest, dialect, line=line, limits=limits, name=name)
    if rest:
        block = find_records(rest + mark, dialect, mark, line=line, reading=reading, is_last=True)
        refuse_mixed(block, dialect, name=name)
        yield from split_block(block, dialect, mark)


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


def split_block(block: Block, dialect: Dialect, mark: bytes) -> Iterator[Block]:
    """The block in pieces of no more cells than memory should hold."""
    most = max(1, (MOST_WIDE_CELLS if dialect.width >= WIDE else MOST_CELLS) // (dialect.width + 1))
    if block.records <= most or not block.is_regular:
        yield block
        return
    codes = np.frombuffer(block.data, dtype=np.uint8)
    ends = np.flatnonzero(codes == ord(mark)) + 1 if block.ends is None else block.ends
    begin, line = 0, block.first_line
    for place in range(0, len(ends), most):
        part = ends[place : place + most]
        data = block.data[begin : int(part[-1])]
        lines = count(data, mark)
        own = None if block.ends is None else part - begin
        yield Block(data, line, ends=own, is_regular=True, lines=lines, bytes_read=block.bytes_read)
        begin, line = int(part[-1]), line + lines


def refuse_mixed(block: Block, dialect: Dialect, *, name: str) -> None:
    """Raises FileRejected where a record ends otherwise than those that the dialect was found by.

    A line feed alone among CR LF ends a record as well; inside quotes everything is text.
    """
    is_old_mac = dialect.newline == "\r"
    odd = b"\n" if is_old_mac else b"\r"
    if not block.is_regular or odd not in block.data:
        return
    codes = np.frombuffer(block.data, dtype=np.uint8)
    is_odd = codes == ord(odd)
    if not is_old_mac:
        is_odd[:-1] &= codes[1:] != ord("\n")  # the last is none: a block ends with LF
    places = np.flatnonzero(is_odd)
    if block.ends is not None and len(places):
        quotes = np.flatnonzero(codes == ord(dialect.quote or '"'))
        places = places[np.searchsorted(quotes, places) % 2 == 0]
    if len(places):
        line = block.first_line + block.data.count(b"\r" if is_old_mac else b"\n", 0, int(places[0]))
        found = "a line feed (LF)" if is_old_mac else "a carriage return (CR)"
        raise mixed_line_ends(name, line, found, LINE_ENDS[dialect.newline], 1)


def mixed_line_ends(name: str, line: int, found: str, other: str, other_line: int) -> FileRejected:
    """The refusal of a file whose records nobody can count."""
    return FileRejected(
        "MIXED_LINE_ENDS",
        f"{name}, line {line}: expected one kind of line end, found {found} alone here and {other} on line "
        f"{other_line}. Save the file again with one kind of line end.",
    )


def count(text: bytes, mark: bytes) -> int:
    """How often a byte occurs; several times as fast as bytes.count."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord(mark)))


def is_well_formed(codes: Codes, quotes: Positions, dialect: Dialect, *, is_open: bool) -> bool:
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
        return unclosed_quote(name, line, limits)
    return record_too_long(name, line, limits)


def unclosed_quote(name: str, line: int, limits: Limits) -> FileRejected:
    """The refusal of a quoted field that does not end."""
    return FileRejected(
        "UNCLOSED_QUOTE",
        f"{name}, line {line}: a quote opens that is not closed within {limits.line_bytes} bytes. "
        "Check the quotes of that line and send the file again.",
    )


def record_too_long(name: str, line: int, limits: Limits) -> FileRejected:
    """The refusal of a line that does not end."""
    return FileRejected(
        "RECORD_TOO_LONG",
        f"{name}, line {line}: expected a record of at most {limits.line_bytes} bytes, found a longer one. "
        "It is no list, or its line ends are lost: export it again.",
    )
