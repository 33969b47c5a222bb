"""One JSON object a line -> rows of text with the keys as column names. https://jsonlines.org

Polars reads whole blocks; lines that are in any doubt, such as one with other keys or a key twice, are read again one
by one, so that nothing is left out in silence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.json_object import is_object, read_object
from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import Limits, RaggedRow
from data_pipeline.model.tables import RawRows
from data_pipeline.threads import parse_ahead

SUFFIXES = (".jsonl", ".ndjson")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_TEXT = 1000  # characters of a line that is no object, as far as it is told
AHEAD_FROM = 4 << 20  # bytes of a block
LOOKED_AT = 100  # lines of which the keys are taken before the others are compared with them
NEWLINE, RETURN, OPENED, CLOSED, QUOTE, COLON = map(ord, '\n\r{}":')

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Block:
    """Whole lines of the file."""

    data: bytes
    """Without the last line end."""
    first_line: int
    bytes_read: int


@dataclass(frozen=True)
class Lines:
    """The lines of a block that hold anything."""

    data: bytes
    ends: Positions
    """Where in the data each line ends, its line end not included."""
    numbers: Positions

    def take(self, place: int) -> str:
        """One line."""
        begin = int(self.ends[place - 1]) + 1 if place else 0
        return self.data[begin : int(self.ends[place])].decode().removesuffix("\r")


@dataclass(frozen=True)
class Read:
    """What a block says."""

    cells: pl.DataFrame
    numbers: Positions
    broken: dict[int, str]
    """By position, the lines that are no object."""
    late: dict[int, tuple[str, ...]]
    """By position, keys that are no column."""
    bytes_read: int


@dataclass(frozen=True)
class Named:
    """A block and the file's columns."""

    block: Block
    names: tuple[str, ...]
    read: Read | None = None
    """What it says, where that is known already."""


def is_json_lines(head: bytes, name: str) -> bool:
    """Whether a file that begins like this holds a JSON object in each of its first two lines.

    One object alone may be anything, such as an error that a server sent instead of the file; its name must say so.
    """
    first, _, rest = head.removeprefix(BYTE_ORDER_MARK).lstrip().partition(b"\n")
    second, end, _ = rest.lstrip().partition(b"\n")
    if name.lower().endswith(SUFFIXES):
        return is_object(first)
    # The second line may go on behind the beginning.
    return is_object(first) and (is_object(second) or (not end and second.startswith(b"{")))


def read_json_lines(
    path: Path,
    *,
    name: str,
    known_headers: frozenset[str],
    limits: Limits,
    chunk_bytes: int,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Iterator[RawRows]:
    """Reads a file in blocks; the keys of the first block are the columns.

    Raises: FileRejected when it is not UTF-8, a line is too long, or a declared column turns up behind the first block.
    """
    named = name_columns(read_blocks(path, chunk_bytes, limits, name=name), limits, name=name)
    # Polars parses one block in all its threads, so one is enough ahead; blocks are small where memory is scarce.
    ahead = int(chunk_bytes >= AHEAD_FROM)
    for read in parse_ahead(named, lambda one: one.read or read_block(one.block, one.names, name=name), ahead=ahead):
        on_bytes(read.bytes_read)
        yield RawRows(
            cells=read.cells,
            row_numbers=read.numbers,
            sheet="",
            decimal_mark=".",
            ragged_rows={
                int(read.numbers[place]): RaggedRow(0, text[:LONGEST_TEXT]) for place, text in read.broken.items()
            },
            findings=tell_late(read, known_headers, name=name),
            names=tuple(read.cells.columns),
        )


def read_blocks(path: Path, chunk_bytes: int, limits: Limits, *, name: str) -> Iterator[Block]:
    """The file's lines, a block after the other."""
    rest, line = b"", 1
    with path.open("rb") as stream:
        if stream.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            stream.seek(0)
        while piece := stream.read(chunk_bytes):
            end = piece.rfind(b"\n")
            # Pieces are megabytes: what is copied once too often counts.
            data = b"".join((rest, memoryview(piece)[:end])) if end >= 0 else b""
            rest = piece[end + 1 :] if end >= 0 else rest + piece
            if len(rest) > limits.line_bytes:
                raise FileRejected(
                    "RECORD_TOO_LONG",
                    f"{name}, line {line}: expected a record of at most {limits.line_bytes} bytes, found a longer one. "
                    "It is no list, or its line ends are lost: export it again.",
                )
            if data:
                yield Block(data, line, stream.tell())
            if end >= 0:
                line += int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == NEWLINE)) + 1
        if rest:
            yield Block(rest, line, stream.tell())


def name_columns(blocks: Iterator[Block], limits: Limits, *, name: str) -> Iterator[Named]:
    """Every block with the columns, which are the keys of the first; one without any key waits for the next.

    Raises: FileRejected when keys are long in coming.
    """
    names: tuple[str, ...] = ()
    keyless: Block | None = None
    for block in blocks:
        if names:
            yield Named(block, names)
            continue
        begun = block if keyless is None else join_blocks(keyless, block)
        names, read = find_keys(begun, name=name)
        keyless = None if names else begun
        if names:
            yield Named(begun, names, read)
        elif len(begun.data) > limits.line_bytes:
            break
    if keyless is not None:
        raise FileRejected(
            "EMPTY_FILE", f"{name}: expected JSON objects with keys, found none that has any. Export it again."
        )


def join_blocks(first: Block, second: Block) -> Block:
    """Two blocks as one; blank lines between them stay."""
    line_ends = second.first_line - first.first_line - first.data.count(b"\n")
    return Block(first.data + b"\n" * line_ends + second.data, first.first_line, second.bytes_read)


def cut_lines(block: Block, *, name: str) -> Lines:
    """The lines of a block; those that may be blank, or have blanks around them, are looked at one by one."""
    refuse_undecodable(block, name)
    codes = np.frombuffer(block.data, dtype=np.uint8)
    ends = np.append(np.flatnonzero(codes == NEWLINE), len(codes))
    begins = np.append(0, ends[:-1] + 1)
    last = ends - 1
    if block.data.endswith(b"\r"):
        last = np.where(codes[last] == RETURN, last - 1, last)
    if (codes[np.minimum(begins, len(codes) - 1)] == OPENED).all() and (codes[last] == CLOSED).all():
        return Lines(block.data, ends, np.arange(block.first_line, block.first_line + len(ends)))
    lines = pl.Series("line", block.data.decode().split("\n"), dtype=pl.String).str.strip_chars()
    is_filled = lines != ""
    filled = lines.filter(is_filled)
    numbers = np.flatnonzero(is_filled.to_numpy()) + block.first_line
    lengths = filled.str.len_bytes().to_numpy().astype(np.int64)
    return Lines("\n".join(filled).encode(), np.cumsum(lengths + 1) - 1, numbers)


def refuse_undecodable(block: Block, name: str) -> None:
    """Raises: FileRejected when the block is no UTF-8."""
    if block.data.isascii():
        return
    try:
        block.data.decode()
    except UnicodeDecodeError as error:
        line = block.first_line + block.data.count(b"\n", 0, error.start)
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}: expected utf-8 text, found byte 0x{block.data[error.start]:02x} near line {line}. "
            "JSON is UTF-8: export it again.",
        ) from error


def find_keys(block: Block, *, name: str) -> tuple[tuple[str, ...], Read | None]:
    """All keys of a block, in the order in which they come; and the block, if it had to be read with them for that."""
    lines = cut_lines(block, name=name)
    seen = [key for place in range(min(LOOKED_AT, len(lines.ends))) for key in read_object(lines.take(place)) or ()]
    names = tuple(dict.fromkeys(seen))
    read = read_block(block, names, name=name)
    if not read.late:
        return names, read
    return tuple(dict.fromkeys((*names, *(key for keys in read.late.values() for key in keys)))), None


def read_block(block: Block, names: tuple[str, ...], *, name: str) -> Read:
    """Cells of a block; lines in any doubt one by one."""
    lines = cut_lines(block, name=name)
    cells = read_quickly(lines, names)
    schema = dict.fromkeys(names, pl.String)
    if cells is None:
        doubtful = np.arange(len(lines.ends))
        cells = pl.DataFrame({key: pl.repeat(None, len(doubtful), dtype=pl.String, eager=True) for key in names},
                             schema=schema)  # fmt: skip
    else:
        doubtful = find_doubtful(lines, cells)
    texts = {place: lines.take(place) for place in doubtful.tolist()}
    objects = {place: read_object(line) for place, line in texts.items()}
    broken = {place: texts[place] for place, found in objects.items() if found is None}
    late = {place: tuple(key for key in found if key not in schema) for place, found in objects.items() if found}
    if objects and names:
        # A line that is no object stands in the first cell, as what was delivered.
        told = [{names[0]: broken[place]} if found is None else found for place, found in objects.items()]
        read = pl.DataFrame(told, schema=schema)
        cells = cells.with_columns(cells[key].scatter(doubtful, read[key]) for key in names)
    late = {place: keys for place, keys in late.items() if keys}
    return Read(cells, lines.numbers, broken, late, block.bytes_read)


def read_quickly(lines: Lines, names: tuple[str, ...]) -> pl.DataFrame | None:
    """All lines at once; None when one of them is no object."""
    if not names:
        return None
    try:
        cells = pl.read_ndjson(lines.data, schema=dict.fromkeys(names, pl.String))
    except pl.exceptions.PolarsError:
        return None
    return cells if cells.height == len(lines.ends) else None


def find_doubtful(lines: Lines, cells: pl.DataFrame) -> Positions:
    """The lines without a value for each column, or with other than one `":` for each, which ends a key."""
    codes = np.frombuffer(lines.data, dtype=np.uint8)
    keys = np.flatnonzero((codes[:-1] == QUOTE) & (codes[1:] == COLON))
    width, ends = cells.width, lines.ends
    is_doubtful = np.zeros(len(ends), dtype=np.bool_)
    # Mostly there are as many as there should be, and the first and the last of each line lie within it.
    is_even = len(keys) == width * len(ends)
    if not is_even or (keys[width - 1 :: width] > ends).any() or (keys[width::width] < ends[:-1]).any():
        is_doubtful = np.diff(np.searchsorted(keys, ends), prepend=0) != width
    if any(column.null_count() for column in cells):
        is_doubtful |= cells.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
    return np.flatnonzero(is_doubtful)


def tell_late(read: Read, known_headers: frozenset[str], *, name: str) -> tuple[Finding, ...]:
    """What is said of keys that first come behind the first block.

    Raises: FileRejected when one of them is a column that the pipeline knows: its values would be missing.
    """
    for place, keys in read.late.items():
        known = sorted(known_headers.intersection(keys))
        if known:
            raise FileRejected(
                "LATE_KEY",
                f"{name}, line {read.numbers[place]}: key {known[0]!r} comes here for the first time, so far into the "
                "file that the lines before were read without it. Write it into every line, null if it has no value.",
            )
    late = read.late
    if not late:
        return ()
    others = sorted({key for found in late.values() for key in found})
    first = read.numbers[min(late)]
    message = f"{name}: {len(late)} lines have keys that no line before has: {', '.join(others)}; first: line {first}"
    return (Finding(code="KEYS_WITHOUT_COLUMN", message=message, rows=len(late), details={"keys": others}),)
