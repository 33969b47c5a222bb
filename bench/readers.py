"""What reading takes, by format: workbooks, the guard before them, text, and one long workbook."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

from bench.clock import Line, compare
from bench.day import DAY
from data_pipeline.generate import generate
from data_pipeline.ingest.readers import read_rows
from data_pipeline.ingest.stream import stream_file
from data_pipeline.ingest.workbook.guard import guard_archive
from data_pipeline.model.reading import Limits

LONG_ROWS = 100_000


def measure_readers(files: list[Path], folder: Path, *, rounds: int) -> list[Line]:
    """A line per kind of file; the text is written from the first workbook's cells."""
    text, long = write_text(files[0], folder / "cells.csv"), write_long(folder / "long")
    return [
        compare("read", read_all(files), lambda: [inflate(path) for path in files], "inflate the XML", rounds),
        compare("guard", lambda: guard(files), read_all(files), "read the same workbooks", rounds),
        compare("read, CSV", lambda: stream(text), lambda: read_plainly(text), "Polars, all columns as text", rounds),
        compare(f"read, {LONG_ROWS:,} rows", lambda: stream(long), lambda: inflate(long), "inflate the XML", rounds),
    ]


def read_all(files: list[Path]) -> Callable[[], object]:
    """Reads every workbook with the product's reader, one after the other."""
    return lambda: [read_rows(path, name=path.name) for path in files]


def guard(files: list[Path]) -> None:
    """Everything that is asked of a workbook before a parser sees it."""
    for path in files:
        guard_archive(path, Limits(), path.name)


def inflate(path: Path) -> int:
    """Bytes of a workbook's parts."""
    with zipfile.ZipFile(path) as archive:
        return sum(len(archive.read(part)) for part in archive.namelist())


def stream(path: Path) -> int:
    """Records of a file, in chunks as the product reads it."""
    return stream_file(path, name=path.name, on_chunk=lambda _: None).records


def read_plainly(path: Path) -> pl.DataFrame:
    """All cells as text, whatever they may be."""
    return pl.read_csv(path, infer_schema=False)


def write_text(workbook: Path, path: Path) -> Path:
    """A workbook's cells as CSV, its records over and over."""
    cells = read_rows(workbook, name=workbook.name).cells
    records = cells.slice(1)
    rows = [cells.head(1), *[records] * (LONG_ROWS // records.height)]
    pl.concat(rows).write_csv(path, include_header=False)
    return path


def write_long(folder: Path) -> Path:
    """A workbook of many records."""
    generate(folder, stores=1, rows=LONG_ROWS, days=1, first_day=DAY)
    (path,) = folder.glob(f"{DAY:%Y%m%d}/*.xlsx")
    return path
