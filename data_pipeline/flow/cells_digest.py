"""Typed columns -> one hash that does not depend on where a file was cut into chunks.

Each column is hashed as three streams of its own: which cells are empty, how long its texts are, what they hold.
Hashing rows written as CSV says the same and costs five times as much.
"""

import hashlib
from collections import defaultdict

import polars as pl

SIGNIFICANT_DIGITS = 15  # what a spreadsheet program keeps; a re-saved 0.07000000000000001 is the same cell as 0.07


class CellsDigest:
    """Takes chunk after chunk of the same columns."""

    def __init__(self) -> None:
        self._streams: defaultdict[tuple[str, str], hashlib._Hash] = defaultdict(hashlib.sha256)

    def add(self, chunk: pl.DataFrame) -> None:
        """Hashes some more rows."""
        rounded = chunk.with_columns(pl.col(pl.Float64).round_sig_figs(SIGNIFICANT_DIGITS))
        for column in rounded:
            for kind, data in split_column(column).items():
                self._streams[column.name, kind].update(data)

    def digest(self) -> bytes:
        """The hash of all rows so far; the order of columns does not count, their names do."""
        whole = hashlib.sha256()
        for (name, kind), stream in sorted(self._streams.items(), key=lambda item: item[0]):
            whole.update(hashlib.sha256(f"{name}\0{kind}".encode()).digest() + stream.digest())
        return whole.digest()


def split_column(column: pl.Series) -> dict[str, bytes]:
    """A column's cells as bytes by which any two different columns differ."""
    is_full = not column.null_count()
    nulls = {"nulls": bytes(column.len()) if is_full else column.is_null().to_numpy().tobytes()}
    if column.dtype == pl.String:
        lengths = column.str.len_bytes().fill_null(0).to_numpy().tobytes()
        return nulls | {"lengths": lengths, "texts": column.str.join("").item().encode()}
    values = column.to_physical()
    return nulls | {str(column.dtype): (values if is_full else values.fill_null(0)).to_numpy().tobytes()}
