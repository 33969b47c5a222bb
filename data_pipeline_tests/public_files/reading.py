"""A file -> what the product's readers make of it; light to import, since every reader process imports it."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.readers import read_row_chunks
from data_pipeline.ingest.stream import estimate_memory, open_tables
from data_pipeline.model.tables import RawRows
from data_pipeline_tests.public_files.cells import Shape, collect, describe, mark_ragged

PROCESS = Path("/proc/self")
PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class Reading:
    """What came of a file: a table or a refusal, and what it cost."""

    table: Shape | None
    code: str
    findings: tuple[str, ...]
    seconds: float
    peak_bytes: int
    records_code: str
    """How looking for a header in the same rows ended: blank or a refusal."""


def read_file(path: Path, name: str) -> Reading:
    """Reads a file twice, its rows as they are and its records under a header, as a reader process does."""
    start = time.monotonic()
    forget_peak()
    code, table = "", None
    findings: tuple[str, ...] = ()
    try:
        cells, findings = read_cells(path, name)
        table = describe(cells)
    except FileRejected as refusal:
        code = refusal.code
    records_code = read_records(path, name)
    return Reading(table, code, findings, time.monotonic() - start, read_peak(), records_code)


def read_cells(path: Path, name: str) -> tuple[dict[tuple[int, int], str], tuple[str, ...]]:
    """All cells of the sheet that is read, and the codes of what is said of it.

    Raises: FileRejected as the product does.
    """
    chunk_bytes = estimate_memory(path, name=name).chunk_bytes
    cells: dict[tuple[int, int], str] = {}
    codes: set[str] = set()
    for rows in read_row_chunks(path, name=name, chunk_bytes=chunk_bytes):
        cells |= collect(number_rows(rows), is_text=rows.text is not None)
        codes |= {finding.code for finding in rows.findings}
    return cells, tuple(sorted(codes))


def number_rows(rows: RawRows) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows with their numbers; of ragged ones only how many fields they have."""
    for number, texts in zip(rows.row_numbers, rows.cells.fill_null("").iter_rows(), strict=True):
        ragged = rows.ragged_rows.get(int(number))
        yield int(number), (mark_ragged(ragged.fields),) if ragged else texts


def read_records(path: Path, name: str) -> str:
    """The code of the refusal of a file that is read to its end under its header; blank without one."""
    try:
        for _ in open_tables(path, name=name):
            pass
    except FileRejected as refusal:
        return refusal.code
    return ""


def forget_peak() -> None:
    """Lets the system count this process's peak anew."""
    (PROCESS / "clear_refs").write_text("5", encoding="ascii")


def read_peak() -> int:
    """The most memory that this process has taken since it was asked to forget, in bytes."""
    found = PEAK.search((PROCESS / "status").read_text(encoding="ascii"))
    return int(found.group(1)) << 10 if found else 0
