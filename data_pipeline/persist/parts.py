"""Chunks of rows -> Parquet that appears whole: a file, or a folder of files when there is more than one chunk.

Polars reads both by the same path. Memory holds one chunk.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from data_pipeline.errors import StoreError
from data_pipeline.model.rows import Rows
from data_pipeline.persist.files import write_frame

LEAST_BYTES = 4 << 20  # of rows, before they are worth a file


class PartWriter:
    """Takes chunks for one path; `writing_part` makes it appear."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: list[pl.DataFrame] = []
        self._folder: Path | None = None
        self._count = 0

    def add(self, chunk: pl.DataFrame) -> None:
        """Keeps a chunk. Raises: StoreError when the disk is full."""
        if sum(held.estimated_size() for held in self._held) >= LEAST_BYTES:
            self._write_held()
        self._held.append(chunk)

    def _write_held(self) -> None:
        if self._folder is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(dir=self._path.parent, prefix=f".{self._path.name[:40]}."))
        held, self._held = self._held, []
        write_frame(self._folder / f"{self._count:06}.parquet", pl.concat(held))
        self._count += 1

    def finish(self) -> None:
        """Makes the part appear, in one rename, instead of what was there."""
        if self._folder is None:
            write_frame(self._path, pl.concat(self._held))
            return
        self._write_held()
        try:
            if self._path.is_dir():
                shutil.rmtree(self._path)  # the same rows: a part is a function of the file
            self._folder.chmod(0o755)
            self._folder.replace(self._path)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}.") from error

    def discard(self) -> None:
        """Leaves no trace of a part that was not finished."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def writing_part(path: Path) -> Iterator[PartWriter]:
    """A part that appears at the end, unless an error comes first."""
    writer = PartWriter(path)
    try:
        yield writer
        writer.finish()
    finally:
        writer.discard()


def read_chunks(path: Path) -> Iterator[pl.DataFrame]:
    """The chunks of a part, in order."""
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        yield pl.read_parquet(file)


def open_part(path: Path) -> Rows:
    """The rows of a part."""
    table = pl.scan_parquet(path)
    height = table.select(pl.len()).collect().item()
    return Rows(lambda: read_chunks(path), table.collect_schema(), height=height)
