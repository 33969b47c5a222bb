"""Rows -> their keys, so cut up that those which are alike lie together.

A pass writes two hashes of each key to temporary files by a part of the hash, then each file is looked at alone: memory
holds a bucket, whatever the number of rows; the disk 24 bytes a row. What counting repeats adds to the memory of the
process at one and at ten million texts: 96 and 103 MB, in 0.3 and 2.7 s. All hashes in memory: 114 and 787 MB, Polars'
streaming group_by 75 and 781 MB, DuckDB with a limit of 256 MB 117 and 270 MB, none of them faster by over a second.
"""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
import polars as pl

from data_pipeline.errors import StoreError
from data_pipeline.model.rows import Rows

BUCKET_ROWS = 500_000
MOST_BUCKETS = 256  # open files
KEY = ("first", "second")
COLUMNS = (*KEY, "position")


def group_keys(rows: Rows, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Every row's key as two hashes, in buckets; equal keys are in the same one. Nulls are alike.

    Two: a key is not to be called a repeat because it collides.
    Shape: one row per row, `first`, `second`, `position` (of the row, from 0), ascending within a bucket.
    Raises: StoreError when the folder of temporary files is full.
    """
    keys = hash_keys(rows, columns)
    buckets = min(-(-rows.height // BUCKET_ROWS), MOST_BUCKETS)
    if buckets <= 1:
        yield pl.concat([pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.UInt64)), *keys])
        return
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(buckets)]
        for chunk in keys:
            for bucket, ones in chunk.group_by(pl.col("first") % buckets, maintain_order=True):
                append(ones.select(COLUMNS).to_numpy(order="c").tobytes(), files[int(bucket[0])])
        yield from map(read_bucket, files)


def hash_keys(rows: Rows, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Chunk by chunk."""
    key = pl.struct(columns)
    for chunk in rows.number("@position").chunks():
        position = pl.col("@position").cast(pl.UInt64).alias("position")
        yield chunk.select(key.hash(1).alias("first"), key.hash(2).alias("second"), position)


def append(content: bytes, file: IO[bytes]) -> None:
    """Writes at the end. Raises: StoreError when the disk is full."""
    try:
        file.write(content)
        file.flush()
    except OSError as error:
        raise StoreError(
            f"{tempfile.gettempdir()}: cannot be written: {error.strerror}. Free space or set TMPDIR to another folder."
        ) from error


def read_bucket(file: IO[bytes]) -> pl.DataFrame:
    """What was written there."""
    file.seek(0)
    numbers = np.frombuffer(file.read(), dtype=np.uint64).reshape(-1, len(COLUMNS))
    return pl.DataFrame(numbers, schema=dict.fromkeys(COLUMNS, pl.UInt64))


def count_doubled(rows: Rows, columns: Sequence[str]) -> int:
    """Rows that share their key with another."""
    is_doubled = follows_its_like() | follows_its_like().shift(-1, fill_value=False)
    return sum(int(keys.sort(KEY).select(is_doubled.sum()).item()) for keys in group_keys(rows, columns))


def find_repeats(rows: Rows, columns: Sequence[str]) -> list[int]:
    """Positions of the rows whose key a row before has, ascending."""
    return sorted(
        position
        for keys in group_keys(rows, columns)
        for position in keys.sort(COLUMNS).filter(follows_its_like())["position"].to_list()
    )


def follows_its_like() -> pl.Expr:
    """Whether a key is that of the row before, of sorted keys. Polars' is_duplicated takes ten times the memory."""
    return pl.all_horizontal((pl.col(name) == pl.col(name).shift(1)).fill_null(value=False) for name in KEY)
