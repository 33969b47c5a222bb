"""File -> rows of text, by what its bytes are."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import Format, detect_format, note_suffix
from data_pipeline.ingest.json_lines import read_json_lines
from data_pipeline.ingest.text.delimited import CHUNK_BYTES, read_text
from data_pipeline.ingest.text.origin import inspect_text, note_open_end
from data_pipeline.ingest.workbook.agreement import compare, is_sampled
from data_pipeline.ingest.workbook.calamine import read_workbook
from data_pipeline.ingest.workbook.guard import check_archive, guard_archive
from data_pipeline.ingest.workbook.xls import read_xls
from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline.model.reading import Limits, ReadingSpec
from data_pipeline.model.tables import RawRows, join_chunks

MOST_CELLS_READ_TWICE = 2_000_000  # a larger sheet would not fit into memory twice
CHUNK_ROWS = 20_000  # of a workbook
STREAMED: tuple[Format, ...] = ("text", "json_lines")
TABLE_SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".jsonl", ".ndjson")


def read_row_chunks(  # noqa: PLR0913 - all that decides how a file is read
    path: Path,
    *,
    name: str,
    kind: Format | None = None,
    reading: ReadingSpec = ReadingSpec(),  # noqa: B008 - frozen
    known_headers: frozenset[str] = frozenset(),
    limits: Limits = Limits(),  # noqa: B008 - frozen
    chunk_bytes: int = CHUNK_BYTES,
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Iterator[RawRows]:
    """Reads a file of any known format in chunks. `name` is what its sender calls it, `kind` its format if it is known.

    Raises: FileRejected when it is of no known format, too large, or cannot be read as what it is.
    """
    kind = kind or recognise_file(path, limits, name=name)
    notes = tuple(note_suffix(name, kind))
    if kind == "text":
        origin = inspect_text(path, name=name, declared=reading, known_headers=known_headers, limits=limits)
        notes += (*origin.encoding.findings, *note_open_end(path, name=name))
        chunks = read_text(path, origin, name=name, limits=limits, chunk_bytes=chunk_bytes, on_bytes=on_bytes)
    elif kind == "json_lines":
        chunks = read_json_lines(
            path, name=name, known_headers=known_headers, limits=limits, chunk_bytes=chunk_bytes, on_bytes=on_bytes
        )
    else:
        rows = read_book(path, kind, name=name, reading=reading, limits=limits)
        chunks = cut_rows(rows, size=path.stat().st_size, on_bytes=on_bytes)
    for rows in chunks:
        yield rows.with_findings(notes) if notes else rows
        notes = ()


def cut_rows(rows: RawRows, *, size: int, on_bytes: Callable[[int], None]) -> Iterator[RawRows]:
    """A workbook's rows in chunks, so that judging them takes no more memory than reading did."""
    height = rows.cells.height
    for start in range(0, max(height, 1), CHUNK_ROWS):
        yield rows.slice(start, CHUNK_ROWS)
        on_bytes(size * min(start + CHUNK_ROWS, height) // max(height, 1))


def recognise_file(path: Path, limits: Limits, *, name: str) -> Format:
    """The file's format, looked for only if it is not too large.

    Raises: FileRejected when it is, or is of no known format.
    """
    refuse_too_large(path, limits, name=name)
    return detect_format(path, name=name)


def refuse_too_large(path: Path, limits: Limits, *, name: str) -> None:
    """Raises: FileRejected for a file that nobody looks into."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise FileRejected(
            "FILE_TOO_LARGE",
            f"{name}: expected at most {limits.file_bytes >> 20} MiB, found {size >> 20} MiB. Split the list.",
        )


def read_book(path: Path, kind: Format, *, name: str, reading: ReadingSpec, limits: Limits) -> RawRows:
    """A workbook's sheet; of a share of the XLSX files a second reader is asked, and what it says otherwise is told.

    Raises: FileRejected when the workbook cannot be read or has no such sheet.
    """
    if kind == "xls":
        return read_xls(path, name, sheet=reading.sheet, limits=limits)
    if kind != "xlsx":
        notes = check_archive(path, limits, name)
        return read_workbook(path, name, format=kind, sheet=reading.sheet).with_findings(notes)
    rows = read_xlsx(path, name, sheet=reading.sheet, limits=limits)
    is_small = rows.cells.height * rows.cells.width <= MOST_CELLS_READ_TWICE
    if not is_small or not is_sampled(hash_file(path), reading.second_reader_share):
        return rows
    return rows.with_findings(compare(rows, read_workbook(path, name, format=kind, sheet=reading.sheet), name=name))


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_rows(path: Path, *, name: str) -> RawRows:
    """All rows of a file that fits into memory, with nothing taken for a header yet.

    Raises: FileRejected like `read_row_chunks`.
    """
    chunks = list(read_row_chunks(path, name=name))
    if not chunks:
        return RawRows(cells=pl.DataFrame(), row_numbers=[], sheet="", decimal_mark=".")
    return chunks[0] if len(chunks) == 1 else join_chunks(chunks)


def measure_file(path: Path, limits: Limits, *, name: str, kind: Format | None = None) -> tuple[int, bool]:
    """How many bytes reading has to hold or pass, unpacked, and whether they are text that comes in chunks.

    Raises: FileRejected when the file is too large, of no known format, or an archive that is not what it says it is.
    """
    kind = kind or recognise_file(path, limits, name=name)
    if kind in (*STREAMED, "xls"):
        return path.stat().st_size, kind in STREAMED
    archive, _ = guard_archive(path, limits, name)
    return sum(info.file_size for info in archive.parts.values()), False
