"""Files that are there whole or not at all."""

import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from data_pipeline.errors import StoreError


def write_atomically(path: Path, content: bytes, *, survives_power_cut: bool = True) -> None:
    """Writes beside the target, flushes to disk unless it can be made again, then renames.

    Raises: StoreError when the disk is full or may not be written to; the target is then as before.
    """
    write_pieces(path, [content], survives_power_cut=survives_power_cut)


def write_pieces(path: Path, pieces: Iterable[bytes], *, survives_power_cut: bool = True) -> None:
    """The same for content that is made piece by piece, of which memory holds one.

    Raises: StoreError like write_atomically.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                for piece in pieces:
                    stream.write(piece)
                stream.flush()
                if survives_power_cut:
                    os.fsync(stream.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path}: cannot be written: {reason}. Free space or choose another folder.") from error


def write_parquet(path: Path, frame: pl.DataFrame) -> None:
    """Writes a frame as Parquet.

    Raises: StoreError like write_atomically.
    """
    buffer = io.BytesIO()
    # The default level costs half as much again and saves a hundredth.
    frame.write_parquet(buffer, compression="zstd", compression_level=1)
    write_atomically(path, buffer.getvalue())
