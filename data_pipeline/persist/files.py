"""Files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from data_pipeline.errors import StoreError
from data_pipeline.model.rows import SLICE_ROWS, Rows


def write_atomically(path: Path, content: bytes, *, survives_power_cut: bool = True) -> None:
    """Writes beside the target, flushes to disk unless it can be made again, then renames.

    Raises: StoreError when the disk is full or may not be written to; the target is then as before.
    """
    write_pieces(path, [content], survives_power_cut=survives_power_cut)


def write_pieces(path: Path, pieces: Iterable[bytes], *, survives_power_cut: bool = True) -> None:
    """The same for content that is made piece by piece, of which memory holds one.

    Raises: StoreError like write_atomically.
    """
    with replacing(path, survives_power_cut=survives_power_cut) as temporary, temporary.open("wb") as stream:
        for piece in pieces:
            stream.write(piece)


@contextmanager
def replacing(path: Path, *, survives_power_cut: bool = True) -> Iterator[Path]:
    """A file beside the target, to be written to, that takes its place at the end, or leaves no trace.

    Raises: StoreError like write_atomically.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        temporary = Path(name)
        try:
            yield temporary
            if survives_power_cut:
                os.fsync(descriptor)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path}: cannot be written: {reason}. Free space or choose another folder.") from error


def write_parquet(path: Path, rows: Rows) -> None:
    """Writes rows as Parquet, the same bytes however they are cut into chunks.

    Raises: StoreError like write_atomically.
    """
    sink_parquet(path, scan_rows(rows))


def scan_rows(rows: Rows) -> pl.LazyFrame:
    """Rows to be asked something, or written, slice by slice."""

    def read(columns: list[str] | None, _: pl.Expr | None, most: int | None, __: int | None) -> Iterator[pl.DataFrame]:
        left = most
        for piece in rows.iter_slices(SLICE_ROWS):
            yield (piece if columns is None else piece.select(columns)).head(piece.height if left is None else left)
            if left is not None and (left := left - piece.height) <= 0:
                return

    return register_io_source(read, schema=rows.schema)


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """The same of rows that are in memory, without a detour through Python.

    Raises: StoreError like write_atomically.
    """
    sink_parquet(path, frame.lazy())


def sink_parquet(path: Path, table: pl.LazyFrame) -> None:
    """Writes a table as Parquet. Raises: StoreError like write_atomically."""
    with replacing(path) as temporary:
        try:
            # The default level costs half as much again and saves a hundredth.
            table.sink_parquet(temporary, compression="zstd", compression_level=1, row_group_size=SLICE_ROWS)
        except pl.exceptions.ComputeError as error:
            if "os error" in str(error):  # a full disk, in Polars' words
                raise OSError(str(error)) from error
            raise


def open_parquet(path: Path) -> Rows:
    """The rows of a file; a pass reads its row groups one by one."""
    table = pl.scan_parquet(path)
    height = table.select(pl.len()).collect().item()

    def read() -> Iterator[pl.DataFrame]:
        return (table.slice(first, SLICE_ROWS).collect() for first in range(0, height, SLICE_ROWS))

    return Rows(read, table.collect_schema(), height=height)
