"""Rows -> JSON, one object a line; delivered texts that are numbers become numbers again."""

import functools
import io
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import polars as pl

from data_pipeline.model.rows import Rows
from data_pipeline.parsing.texts import read_distinct
from data_pipeline.persist.destinations.form import as_plain
from data_pipeline.threads import Beside

# https://www.rfc-editor.org/rfc/rfc8259#section-6
LITERAL = r"^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false)$"
LEAST_SHARED = 5_000  # rows; of fewer it takes longer to start a thread
BEFORE, AFTER = len('{"v":'), len("}")


def write_lines(rows: pl.DataFrame, literals: frozenset[str] = frozenset()) -> bytes:
    """One JSON object a line, keys in order, UTF-8.

    >>> write_lines(pl.DataFrame({"id": ["a", "b"], "value": ["-1.0", "12,5"]}), frozenset({"value"})).decode()
    '{"id":"a","value":-1.0}\\n{"id":"b","value":"12,5"}\\n'
    """
    if not literals:
        plain = as_plain(write_moments(rows))
        # One half beside the other: writing takes longer than anything else that is done with a row.
        half = max(LEAST_SHARED, -(-plain.height // 2))
        with ThreadPoolExecutor(2) as threads:
            return b"".join(threads.map(write_objects, plain.iter_slices(half)))
    return form_lines(rows, literals)


def append_lines(rows: Rows, literals: frozenset[str], file: IO[bytes]) -> None:
    """The same at the end of an open file; a chunk is written while the next is made."""
    with Beside() as writing:
        for chunk in rows.chunks():
            if literals:
                writing.run(file.write, form_lines(chunk, literals))
            else:  # by Polars, without Python: by way of bytes it takes twice as long
                writing.run(lambda plain: plain.write_ndjson(file), as_plain(write_moments(chunk)))


def form_lines(rows: pl.DataFrame, literals: frozenset[str]) -> bytes:
    """Lines in which some texts stand for numbers."""
    plain = as_plain(write_moments(rows))
    pieces: list[pl.Expr] = []
    for place, header in enumerate(plain.columns):
        start = "{" if place == 0 else ","
        pieces += [pl.lit(start + write_key(header) + ":"), write_value(header, is_literal=header in literals)]
    lines = plain.select(pl.concat_str(*pieces, pl.lit("}\n"))).to_series()
    return "".join(lines).encode()


def write_objects(plain: pl.DataFrame) -> bytes:
    """Rows of plain values, one object a line."""
    buffer = io.BytesIO()
    plain.write_ndjson(buffer)
    return buffer.getvalue()


def write_moments(rows: pl.DataFrame) -> pl.DataFrame:
    """Moments as ISO texts, as all destinations have them; each once where they repeat."""
    moments = [column.name for column in rows if isinstance(column.dtype, pl.Datetime)]
    return rows.with_columns(
        read_distinct(rows[name], lambda few: as_plain(few.to_frame()).to_series()) for name in moments
    )


@functools.cache
def write_key(header: str) -> str:
    """A header as JSON text."""
    encoded = pl.select(pl.struct(pl.lit(header).alias("v")).struct.json_encode()).item()
    return str(encoded)[BEFORE:-AFTER]


def write_value(header: str, *, is_literal: bool) -> pl.Expr:
    """A column's values as JSON text."""
    encoded = pl.struct(pl.col(header).alias("v")).struct.json_encode()
    value = encoded.str.slice(BEFORE, encoded.str.len_chars() - BEFORE - AFTER)
    if not is_literal:
        return value
    return pl.when(pl.col(header).str.contains(LITERAL)).then(pl.col(header)).otherwise(value)
