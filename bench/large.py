"""Reads files of gigabytes, each way in a process of its own, and prints time and peak memory against DuckDB.

    python -m bench.large [--megabytes 1000]

The CSV has 1 % bad rows: too many fields, too few, a text in a number, a number with two points. "read" gives every
cell as text with the ragged rows captured; "stage" judges them and writes Parquet, as the product does with every file.
Floors, in the same run: DuckDB's read_csv with all columns as text, touched once, bad rows dropped; and the same into
Parquet. Medians of several rounds.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from data_pipeline.model.reading import Limits
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.tables import RawTable

BLOCK_ROWS = 200_000
MEMORY_BYTES = 512 << 20
COLUMNS = (("SKU", "text"), ("Name", "text"), ("Store", "text"), ("Stock", "integer"), ("Price", "number"),
           ("Sales", "number"), ("Day", "date"))  # fmt: skip
SPEC = PipelineSpec.model_validate(
    {
        "name": "large",
        "title": "Large",
        "description": "A list of gigabytes.",
        "columns": [{"name": title.lower(), "header": title, "type": kind} for title, kind in COLUMNS],
        "rules": [{"kind": "range", "name": "stock_possible", "column": "stock", "minimum": 0, "maximum": 100000}],
        "process": {"processor": "none:none"},
        "grain": ["sku"],
        "measures": {"stock": ["stock"]},
    }
)


def write_dirty_csv(path: Path, megabytes: int) -> tuple[int, int]:
    """A list with every hundredth row spoilt; gives its records and the bad ones."""
    records = bad = 0
    with path.open("wb") as file:
        file.write((",".join(title for title, _ in COLUMNS) + "\n").encode())
        while file.tell() < megabytes * 1_000_000:
            lines = list_lines(records)
            for place in range(50, BLOCK_ROWS, 100):
                lines[place] = spoil(lines[place], place // 100 % 4)
            file.write("".join(lines).encode())
            records, bad = records + BLOCK_ROWS, bad + BLOCK_ROWS // 100
    return records, bad


def list_lines(start: int) -> list[str]:
    """The next lines of the list."""
    number = pl.col("number")
    rows = pl.DataFrame({"number": range(start, start + BLOCK_ROWS)}).select(
        pl.format("{}", number).str.zfill(10).alias("SKU"),
        pl.format("Product name number {}", number % 99991).alias("Name"),
        pl.format("Store {}", number % 33).alias("Store"),
        (number * 7 % 1000).alias("Stock"),
        (number * 13 % 100000 / 100).alias("Price"),
        (number * 17 % 1000 / 1000).alias("Sales"),
        pl.lit("2026-01-05").alias("Day"),
    )
    return rows.write_csv(include_header=False).splitlines(keepends=True)


def spoil(line: str, kind: int) -> str:
    """A line with one of four faults."""
    fields = line.rstrip("\n").split(",")
    if kind == 0:
        fields.append("extra")
    elif kind == 1:
        fields.pop()
    else:
        fields[3 if kind == 2 else 4] = "abc" if kind == 2 else "1.2.3"
    return ",".join(fields) + "\n"


def read(path: Path) -> dict[str, int]:
    """Every cell as text, in chunks."""
    from data_pipeline.ingest.stream import ReadingOptions, stream_file

    bad = 0

    def count(table: RawTable) -> None:
        nonlocal bad
        bad += len(table.ragged_rows)

    options = ReadingOptions(limits=Limits(memory_bytes=MEMORY_BYTES))
    summary = stream_file(path, name=path.name, on_chunk=count, options=options)
    return {"records": summary.records, "bad": bad}


def stage(path: Path) -> dict[str, int]:
    """Judged rows and reasons as Parquet."""
    from data_pipeline.flow.prepare import prepare_file

    with tempfile.TemporaryDirectory(dir=path.parent) as home:
        limits = Limits(memory_bytes=MEMORY_BYTES)
        prepared = prepare_file(path, "0" * 64, path.name, (SPEC,), Path(home), limits)
    return {"records": prepared.rows_read, "bad": prepared.rows_rejected}


def ask_duckdb(path: Path, statement: str) -> dict[str, int]:
    """DuckDB over the same file, two threads like ours."""
    import duckdb

    columns = ", ".join(f"'{title}': 'VARCHAR'" for title, _ in COLUMNS)
    table = (
        f"read_csv('{path}', header = true, delim = ',', quote = '\"', auto_detect = false, all_varchar = true, "
        f"ignore_errors = true, columns = {{{columns}}})"
    )
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(statement.format(table=table)).fetchall()
    return {}


def touch(path: Path) -> dict[str, int]:
    """DuckDB reads every cell."""
    lengths = ", ".join(f'sum(length("{title}"))' for title, _ in COLUMNS)
    return ask_duckdb(path, f"select {lengths} from {{table}}")  # noqa: S608 - our own columns


def convert(path: Path) -> dict[str, int]:
    """DuckDB writes every cell into Parquet."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return ask_duckdb(path, f"copy (from {{table}}) to '{folder}/a.parquet' (compression zstd)")


WAYS: dict[str, Callable[[Path], dict[str, int]]] = {"read": read, "stage": stage, "touch": touch, "convert": convert}


def run_alone(way: str, path: Path) -> dict[str, float]:
    """Seconds, peak MiB and counts of one way, in a process of its own."""
    command = [sys.executable, "-m", "bench.large", "--way", way, "--file", str(path)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main(
    megabytes: Annotated[int, typer.Option()] = 1000,
    rounds: Annotated[int, typer.Option()] = 3,
    way: Annotated[str | None, typer.Option(hidden=True)] = None,
    file: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Prints a line per way."""
    if way is not None and file is not None:
        started = time.perf_counter()
        counts = WAYS[way](file)
        status = Path("/proc/self/status").read_text()  # getrusage would count what the parent had before the fork
        peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
        sys.stdout.write(json.dumps({"seconds": time.perf_counter() - started, "peak": peak, **counts}))
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path = Path(name) / "dirty.csv"
        records, bad = write_dirty_csv(path, megabytes)
        turns = [{way: run_alone(way, path) for way in WAYS} for _ in range(rounds)]
        taken = {way: [turn[way] for turn in turns] for way in WAYS}
        Console(width=110).print(tabulate(taken, records, bad, path.stat().st_size))


def tabulate(taken: dict[str, list[dict[str, float]]], records: int, bad: int, size: int) -> Table:
    """Our two ways beside DuckDB's."""
    table = Table("what", "seconds", "MB/s", "of DuckDB's", "peak MB", "records", "bad rows",
                  title=f"{size / 1e6:,.0f} MB, {records:,} records, {bad:,} bad")  # fmt: skip
    seconds = {way: statistics.median(run["seconds"] for run in runs) for way, runs in taken.items()}
    for way, floor in (("read", "touch"), ("stage", "convert"), ("touch", None), ("convert", None)):
        share = f"{seconds[floor] / seconds[way]:.2f} ({floor})" if floor else ""
        last = taken[way][-1]
        counts = [f"{last[key]:,.0f}" if key in last else "" for key in ("records", "bad")]
        peak = max(run["peak"] for run in taken[way])
        table.add_row(way, f"{seconds[way]:.2f}", f"{size / 1e6 / seconds[way]:.0f}", share, f"{peak:.0f}", *counts)
    return table


if __name__ == "__main__":
    typer.run(main)
