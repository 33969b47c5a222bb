"""An attack on the readers of text, as it is read in a reader process; light, since each new process imports it."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from data_pipeline.ingest.stream import Chunk, open_tables
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.validate.judge import Judge
from data_pipeline_tests.ingest.siege import Answer, Table
from data_pipeline_tests.specs import shelf_spec

MOST_ROWS, MOST_CHARACTERS = 40, 60
RAGGED = "ragged"

VALUES_NAME = "values.csv"
"""Of files whose values are judged too."""
TYPES = {"SKU": "text", "Stok": "integer", "Harga": "number", "Tanggal": "date"}


def shorten(rows: Iterable[tuple[str, ...]]) -> Table:
    """A table as it is when it is small, else its beginning, its height and a digest of all its cells."""
    kept: list[tuple[str, ...]] = []
    count, is_short = 0, True
    digest = hashlib.sha256()
    for row in rows:
        count += 1
        digest.update(repr(row).encode(errors="surrogatepass"))
        if count <= MOST_ROWS:
            is_short = is_short and max(map(len, row)) <= MOST_CHARACTERS
            kept.append(tuple(cell[:MOST_CHARACTERS] for cell in row[:MOST_ROWS]))
    if count <= MOST_ROWS and is_short:
        return tuple(kept)
    return (*kept[:3], (f"{count} rows", digest.hexdigest()[:16]))


def read_attack(path: Path) -> Answer:
    """What is read from a file as its content says, and of one whose header says types, what its values are."""
    codes: set[str] = set()
    chunks = open_tables(path, name=path.name)
    rows = list_values(chunks, codes, name=path.name) if path.name == VALUES_NAME else list_rows(chunks, codes)
    return shorten(rows), frozenset(codes)


def list_rows(chunks: Iterable[Chunk], codes: set[str]) -> Iterator[tuple[str, ...]]:
    """Header and records, ragged ones as `mark_ragged` has them; what is said of them goes into `codes`."""
    for position, chunk in enumerate(chunks):
        table = chunk.table
        codes.update(finding.code for finding in table.findings)
        if position == 0:
            yield tuple(table.cells.columns)
        is_even = ~table.row_numbers.is_in([*table.ragged_rows])
        even = table.cells.filter(is_even).fill_null("").iter_rows()
        for line, has_cells in zip(table.row_numbers, is_even, strict=True):
            ragged = table.ragged_rows.get(line)
            yield next(even) if has_cells or ragged is None else mark_ragged(ragged.fields, ragged.text)


def mark_ragged(fields: int, text: str) -> tuple[str, ...]:
    """What stands for a record with another number of fields than the header."""
    return (RAGGED, str(fields), text)


def list_values(chunks: Iterable[Chunk], codes: set[str], *, name: str) -> Iterator[tuple[str, ...]]:
    """Header, values of accepted records, reason and text of rejected ones, chunk by chunk."""
    judging: Judge | None = None
    for chunk in chunks:
        header = chunk.table.cells.columns
        if judging is None:
            judging = Judge(header, declare(header), name=name)
            yield tuple(header)
        judged = judging.judge(chunk.table, is_last=chunk.is_last)
        codes.update(finding.code for finding in judged.findings)
        for *values, _, _ in judged.accepted.rows():
            yield tuple(map(write_value, values))
        yield from judged.rejects.select("error_code", "raw_text").rows()


def write_value(value: Any) -> str:
    """A typed value so that its type shows."""
    if value is None or isinstance(value, str):
        return value or ""
    return value.isoformat() if isinstance(value, dt.date) else repr(value)


def declare(header: list[str]) -> PipelineSpec:
    """A pipeline of these columns."""
    columns = [{"name": title.lower(), "header": title, "type": TYPES[title], "nullable": True} for title in header]
    return shelf_spec(
        columns=columns, rules=[], identity={}, grain=["sku"], measures={}, outputs=[], marts=[], roster=None
    )
