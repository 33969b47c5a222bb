"""A file of any known format -> chunks of named text columns, in bounded memory.

Three ways in: `stream_file` calls back with every chunk, `open_tables` gives them one by one, `estimate_memory` says
before the start what reading will take.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import Format
from data_pipeline.ingest.readers import measure_file, read_row_chunks, recognise_file
from data_pipeline.ingest.table import build_tables
from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import Limits, Progress, ReadingSpec
from data_pipeline.model.tables import RawTable, join_tables

MIN_CHUNK_BYTES, MAX_CHUNK_BYTES = 256 << 10, 8 << 20
# Measured peaks over what is read, per format; see the figures of `make bench`.
BASE_BYTES = 200 << 20  # interpreter, Polars, and what both keep
# Of text: two blocks ahead, cells, typed values, answers to the checks, Parquet. Of JSON Lines all of it is less, but
# under a low limit the keys that must be unique weigh more.
BYTES_PER_CHUNK_BYTE = {"text": 64, "json_lines": 128}
BYTES_PER_INFLATED_BYTE = 1.5  # of a workbook's XML


@dataclass(frozen=True)
class ReadingOptions:
    """How a file may be read."""

    reading: ReadingSpec = ReadingSpec()
    known_headers: frozenset[str] = frozenset()
    """Column names that files of this kind have; they tell a header from a title."""
    limits: Limits = field(default_factory=Limits)
    chunk_bytes: int | None = None
    """Bytes of text a chunk holds; None: by the memory there is."""


@dataclass(frozen=True)
class Chunk:
    """Some records of a file, under its header."""

    table: RawTable
    is_last: bool


@dataclass(frozen=True)
class MemoryEstimate:
    """What reading a file will take, before it begins."""

    total_bytes: int
    """Of the file; of a workbook, unpacked."""
    chunk_bytes: int
    """Bytes of text a chunk will hold; a workbook comes in one."""
    needed_bytes: int
    available_bytes: int

    @property
    def fits(self) -> bool:
        """Whether it can be read at all."""
        return self.needed_bytes <= self.available_bytes


@dataclass
class Read:
    """Where in the file reading is."""

    position: int = 0

    def note(self, position: int) -> None:
        """It has come this far."""
        self.position = position


@dataclass(frozen=True)
class StreamSummary:
    """What came of reading a file."""

    records: int
    chunks: int
    findings: tuple[Finding, ...]


def estimate_memory(
    path: Path, *, name: str, options: ReadingOptions = ReadingOptions(), kind: Format | None = None
) -> MemoryEstimate:
    """Estimates the memory that reading takes; text gets smaller chunks where there is less.

    Raises: FileRejected when the file is of no known format.
    """
    kind = kind or recognise_file(path, options.limits, name=name)
    total, is_text = measure_file(path, options.limits, name=name, kind=kind)
    available = options.limits.memory_bytes
    if not is_text:
        return MemoryEstimate(total, total, BASE_BYTES + int(total * BYTES_PER_INFLATED_BYTE), available)
    cost = BYTES_PER_CHUNK_BYTE[kind]
    most = min(MAX_CHUNK_BYTES, max(MIN_CHUNK_BYTES, (available - BASE_BYTES) // cost))
    chunk = min(options.chunk_bytes or most, max(total, 1))
    return MemoryEstimate(total, chunk, BASE_BYTES + chunk * cost, available)


def open_tables(
    path: Path,
    *,
    name: str,
    options: ReadingOptions = ReadingOptions(),
    on_progress: Callable[[Progress], object] = lambda _: None,
    kind: Format | None = None,
) -> Iterator[Chunk]:
    """Gives a file's records in chunks, at least one; the next is read when it is asked for. `kind`: if it is known.

    Raises: FileRejected when the file as a whole is unusable, or reading it would take more memory than there is.
    """
    kind = kind or recognise_file(path, options.limits, name=name)
    estimate = estimate_memory(path, name=name, options=options, kind=kind)
    if not estimate.fits:
        raise FileRejected(
            "TOO_LARGE_FOR_MEMORY",
            f"{name}: reading it needs about {estimate.needed_bytes >> 20} MiB, {estimate.available_bytes >> 20} MiB "
            "are allowed. Split the workbook, or save the list as CSV.",
        )
    size, read = path.stat().st_size, Read()
    chunks = read_row_chunks(
        path,
        name=name,
        kind=kind,
        reading=options.reading,
        known_headers=options.known_headers,
        limits=options.limits,
        chunk_bytes=estimate.chunk_bytes,
        on_bytes=read.note,
    )
    rows = 0
    for table, is_last in build_tables(chunks, name=name, reading=options.reading, known_headers=options.known_headers):
        rows += table.cells.height
        yield Chunk(table, is_last)
        on_progress(Progress(bytes_processed=size if is_last else read.position, total_bytes=size, rows=rows))


def stream_file(
    path: Path,
    *,
    name: str,
    on_chunk: Callable[[RawTable], object],
    options: ReadingOptions = ReadingOptions(),
    on_progress: Callable[[Progress], object] = lambda _: None,
) -> StreamSummary:
    """Reads a file and hands every chunk to `on_chunk`; the next is read when it returns.

    Raises: FileRejected like `open_tables`, and whatever `on_chunk` raises.
    """
    records = chunks = 0
    findings: list[Finding] = []
    for chunk in open_tables(path, name=name, options=options, on_progress=on_progress):
        on_chunk(chunk.table)
        records, chunks = records + chunk.table.cells.height, chunks + 1
        findings += chunk.table.findings
    return StreamSummary(records, chunks, tuple(findings))


def read_table(path: Path, *, name: str, options: ReadingOptions = ReadingOptions()) -> RawTable:
    """A file that fits into memory, as one table.

    Raises: FileRejected like `open_tables`.
    """
    tables = [chunk.table for chunk in open_tables(path, name=name, options=options)]
    return tables[0] if len(tables) == 1 else join_tables(tables)
