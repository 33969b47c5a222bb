"""One JSON object a line -> rows of text with the keys as column names. https://jsonlines.org

Polars reads whole blocks; lines that are in any doubt, such as one with other keys or a key twice, are read again one
by one, so that nothing is left out in silence.
"""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import Limits, RaggedRow
from data_pipeline.model.tables import RawRows

SUFFIXES = (".jsonl", ".ndjson")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LONGEST_TEXT = 1000  # characters of a line that is no object, as far as it is told
LOOKED_AT = 100  # lines of which the keys are taken before the others are compared with them
KEY_END = '":'


@dataclass(frozen=True)
class Block:
    """Whole lines of the file, those that hold anything."""

    lines: pl.Series
    numbers: np.ndarray[Any, np.dtype[np.int64]]
    bytes_read: int


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


def is_object(line: bytes) -> bool:
    """Whether a line is a JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


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
    names: tuple[str, ...] = ()
    for block in read_blocks(path, chunk_bytes, limits, name=name):
        names = names or find_keys(block.lines)
        cells, broken, late = read_block(block.lines, names)
        on_bytes(block.bytes_read)
        yield RawRows(
            cells=cells,
            row_numbers=block.numbers,
            sheet="",
            decimal_mark=".",
            ragged_rows={
                int(block.numbers[place]): RaggedRow(0, text[:LONGEST_TEXT]) for place, text in broken.items()
            },
            findings=tell_late(late, block, known_headers, name=name),
            names=names,
        )


def read_blocks(path: Path, chunk_bytes: int, limits: Limits, *, name: str) -> Iterator[Block]:
    """The file's lines, a block after the other."""
    rest, line = b"", 1
    with path.open("rb") as stream:
        if stream.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
            stream.seek(0)
        while piece := stream.read(chunk_bytes):
            text, _, rest = (rest + piece).rpartition(b"\n")
            if len(rest) > limits.line_bytes:
                raise FileRejected(
                    "RECORD_TOO_LONG",
                    f"{name}, line {line}: expected a record of at most {limits.line_bytes} bytes, found a longer one. "
                    "It is no list, or its line ends are lost: export it again.",
                )
            if text:
                yield cut_lines(text, line, stream.tell(), name=name)
                line += text.count(b"\n") + 1
        if rest:
            yield cut_lines(rest, line, stream.tell(), name=name)


def cut_lines(text: bytes, first_line: int, bytes_read: int, *, name: str) -> Block:
    """Lines of a block without those that are blank."""
    try:
        lines = pl.Series("line", text.decode().split("\n"), dtype=pl.String).str.strip_chars()
    except UnicodeDecodeError as error:
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}: expected utf-8 text, found byte 0x{error.object[error.start]:02x} near line {first_line}. "
            "JSON is UTF-8: export it again.",
        ) from error
    is_filled = lines != ""
    numbers = np.flatnonzero(is_filled.to_numpy()) + first_line
    return Block(lines.filter(is_filled), numbers, bytes_read)


def find_keys(lines: pl.Series) -> tuple[str, ...]:
    """All keys of a block, in the order in which they come."""
    seen = [key for line in lines.head(LOOKED_AT) for key in read_object(line) or ()]
    names = tuple(dict.fromkeys(seen))
    _, _, late = read_block(lines, names)
    return tuple(dict.fromkeys((*names, *(key for keys in late.values() for key in keys))))


def read_block(
    lines: pl.Series, names: tuple[str, ...]
) -> tuple[pl.DataFrame, dict[int, str], dict[int, tuple[str, ...]]]:
    """Cells of some lines; by position the lines that are no object, and keys that are no column."""
    cells = read_quickly(lines, names)
    schema = dict.fromkeys(names, pl.String)
    if cells is None:
        cells, doubtful = pl.DataFrame({key: pl.repeat(None, len(lines), dtype=pl.String, eager=True) for key in names},
                                       schema=schema), pl.arange(len(lines), eager=True)  # fmt: skip
    else:
        is_complete = cells.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
        doubtful = (~is_complete | (lines.str.count_matches(KEY_END, literal=True) != len(names))).arg_true()
    objects = {place: read_object(line) for place, line in zip(doubtful, lines.gather(doubtful), strict=True)}
    broken = {place: lines[place] for place, found in objects.items() if found is None}
    late = {place: tuple(key for key in found if key not in schema) for place, found in objects.items() if found}
    if objects:
        # A line that is no object stands in the first cell, as what was delivered.
        told = [{names[0]: broken[place]} if found is None else found for place, found in objects.items()]
        read = pl.DataFrame(told, schema=schema)
        cells = cells.with_columns(cells[key].scatter(doubtful, read[key]) for key in names)
    return cells, broken, {place: keys for place, keys in late.items() if keys}


def read_quickly(lines: pl.Series, names: tuple[str, ...]) -> pl.DataFrame | None:
    """All lines at once; None when one of them is no object."""
    if not names:
        return None
    try:
        cells = pl.read_ndjson(io.BytesIO(lines.str.join("\n").item().encode()), schema=dict.fromkeys(names, pl.String))
    except pl.exceptions.PolarsError:
        return None
    return cells if cells.height == len(lines) else None


def read_object(line: str) -> dict[str, str | None] | None:
    """A line's values as text; None when it is no object, or says one key twice."""
    try:
        pairs = json.loads(line, object_pairs_hook=Pairs, parse_float=Decimal, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, Pairs) or len({key for key, _ in pairs}) < len(pairs):
        return None
    return {key: as_text(value) for key, value in pairs}


class Pairs(list[tuple[str, Any]]):
    """An object's keys and values as they come."""


def as_text(value: object) -> str | None:
    """A value as a cell would hold it; what is nested, as JSON."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, Decimal) else json.dumps(unwrap(value), ensure_ascii=False, default=float)


def unwrap(value: object) -> object:
    """Nested objects as such; of a key that is said twice the last counts, as everywhere."""
    if isinstance(value, Pairs):
        return {key: unwrap(inner) for key, inner in value}
    return [unwrap(inner) for inner in value] if isinstance(value, list) else value


def tell_late(
    late: dict[int, tuple[str, ...]], block: Block, known_headers: frozenset[str], *, name: str
) -> tuple[Finding, ...]:
    """What is said of keys that first come behind the first block.

    Raises: FileRejected when one of them is a column that the pipeline knows: its values would be missing.
    """
    for place, keys in late.items():
        known = sorted(known_headers.intersection(keys))
        if known:
            raise FileRejected(
                "LATE_KEY",
                f"{name}, line {block.numbers[place]}: key {known[0]!r} comes here for the first time, so far into the "
                "file that the lines before were read without it. Write it into every line, null if it has no value.",
            )
    if not late:
        return ()
    others = sorted({key for found in late.values() for key in found})
    first = block.numbers[min(late)]
    message = f"{name}: {len(late)} lines have keys that no line before has: {', '.join(others)}; first: line {first}"
    return (Finding(code="KEYS_WITHOUT_COLUMN", message=message, rows=len(late), details={"keys": others}),)
