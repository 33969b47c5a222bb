"""A date of sensor records end to end, small and large: memory must not grow with their number.

    python -m bench.flat [--records 1000000 10000000]

For each size `data-pipeline process` runs on a fresh home: read, judge, score, compute, publish to Postgres and DuckDB,
write processed_data.jsonl and failed_data.jsonl. Peaks are those that the kernel keeps of each process (VmHWM).
"""

import datetime as dt
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.table import Table

from bench.command import start_process
from bench.sensors import write_records
from data_pipeline.flow.workspace import Workspace, open_workspace
from data_pipeline.persist import embedded
from data_pipeline.persist.snapshots import select
from data_pipeline.settings import Settings

PIPELINE = "sensor_readings"
DAY = dt.date(2026, 1, 5)
LOOK_SECONDS = 0.2
KINDS = ("main", "reader")


@dataclass
class Peaks:
    """Largest resident memory of each kind of process, MB."""

    of: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))

    def look(self, main: psutil.Process) -> None:
        """Takes note of a process and of the reader processes that it started."""
        for process in [main, *main.children(recursive=True)]:
            try:
                name = "main" if process == main else "reader" if "python" in process.name() else None
                status = Path(f"/proc/{process.pid}/status").read_text()
            except (psutil.NoSuchProcess, OSError):
                continue
            if name is not None and "VmHWM:" in status:
                self.of[name] = max(self.of[name], int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def run_watched(process: "subprocess.Popen[bytes]") -> tuple[float, Peaks]:
    """Seconds and peaks of a command."""
    started, peaks, main = time.perf_counter(), Peaks(), psutil.Process(process.pid)
    while process.poll() is None:
        try:
            peaks.look(main)
        except psutil.NoSuchProcess:
            break
        time.sleep(LOOK_SECONDS)
    if process.wait() != 0:
        raise SystemExit(f"process ended with {process.returncode}")
    return time.perf_counter() - started, peaks


def count_rows(workspace: Workspace, folder: Path) -> dict[str, int]:
    """What became of the records, as ledger, both databases and files say."""
    with workspace.database.transaction() as connection:
        [batch] = select(connection, "select record_count, processed_count, failed_count from batches")
        [published] = select(connection, f"select count(*) as n from {PIPELINE}_snapshot")  # noqa: S608 - our own name
    in_duckdb = workspace.lake.query(f"select count(*) as n from {PIPELINE}_snapshot")["n"][0]  # noqa: S608
    lines = {name: count_lines(folder / f"{name}.jsonl") for name in ("processed_data", "failed_data")}
    return {
        "read": batch["record_count"],
        "published": published["n"],
        "in DuckDB": in_duckdb,
        "processed lines": lines["processed_data"],
        "rejected": batch["failed_count"],
        "failed lines": lines["failed_data"],
    }


def count_lines(path: Path) -> int:
    """Line ends of a file."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def measure(records: int, home: Path) -> list[str]:
    """One size on a fresh home: seconds, peaks, counts."""
    files = home / "files"
    files.mkdir()
    write_records(files / "readings.jsonl", records)
    settings = Settings.from_env(home=home / "data", output_dir=home / "output")
    try:
        seconds, peaks = run_watched(start_process(settings, files, DAY, pipeline=PIPELINE))
        found = count_rows(open_workspace(settings), settings.output_dir / f"{DAY:%Y%m%d}")
    finally:
        embedded.stop_server(settings.home)
    conserved = found["read"] == records == found["published"] + found["rejected"]
    agreeing = found["published"] == found["in DuckDB"] == found["processed lines"]
    is_whole = conserved and agreeing and found["rejected"] == found["failed lines"]
    memory = [f"{peaks.of[kind]:,.0f}" for kind in KINDS]
    counts = [f"{found[name]:,}" for name in ("published", "rejected")]
    return [f"{records:,}", f"{seconds:.1f}", f"{records / seconds:,.0f}", *memory, *counts, str(is_whole)]


def main(records: Annotated[tuple[int, int], typer.Option(help="two sizes")] = (1_000_000, 10_000_000)) -> None:
    """Prints a line per size."""
    peaks = [f"{kind} peak MB" for kind in KINDS]
    table = Table("records", "seconds", "records/s", *peaks, "published", "rejected", "all rows there")
    for size in records:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            table.add_row(*measure(size, Path(folder)))
    Console(width=140).print(table)


if __name__ == "__main__":
    typer.run(main)
