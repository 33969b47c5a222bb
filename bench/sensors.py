"""Sensor records through the product and through two loops over records, each in a process of its own.

    python -m bench.sensors [--records 1000000] [--rounds 3]

All validate, score, write processed_data.jsonl and failed_data.jsonl and add up the metrics. The first loop does the
same work as the product, the second validates, scores and writes alone (bench.sensor_loops). Medians of several rounds,
in turn. Each has done a smaller file before: readers are started before a file comes, and stay. CPU is seconds of all
threads and of both files, which other programs on the machine change least.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Metrics = dict[str, Any]
Run = Callable[[Path], Metrics]
SMALLER = 100_000  # records of the file before
FIGURES = ("processed", "errors", "anomalies", "sum")
# Not the kinds, the longest and examples, which are of the text: a loop sees 7.0, Polars writes it as 7.
SAID_OF_A_FIELD = ("count", "blanks", "distinct", "minimum", "maximum", "mean")


def write_records(path: Path, records: int) -> None:
    """A day of fifty sensors as JSON Lines; one in a hundred is out of range, one in two hundred of an unknown unit."""
    import polars as pl

    midnight = pl.datetime(2026, 1, 5)

    with path.open("wb") as file:
        for start in range(0, records, 500_000):
            number = pl.int_range(start, min(start + 500_000, records))
            spoilt = pl.when(number % 100 == 7).then(1000.5).otherwise((number * 7 % 10_000) / 10.0)
            unit = pl.when(number % 200 == 11).then(pl.lit("unit_X")).otherwise(pl.lit("unit_A"))
            moment = midnight + pl.duration(seconds=number * 86_400 // records)
            pl.select(
                id=pl.format("r{}", number), timestamp=moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
                sensor_id=pl.format("s{}", number % 50), value=spoilt, unit=unit, location=pl.lit("hall"),
                status=pl.lit("raw"),
            ).write_ndjson(file)  # fmt: skip


def load_product() -> Run:
    """The product, without databases."""
    from bench.sensor_product import run_product

    return run_product


def load_whole() -> Run:
    """A loop that does the same work."""
    from bench.sensor_loops import run_whole

    return run_whole


def load_bare() -> Run:
    """A loop that keeps nothing of the file."""
    from bench.sensor_loops import run_bare

    return run_bare


WAYS: Mapping[str, Callable[[], Run]] = {
    "product": load_product,
    "loop, same work": load_whole,
    "loop, bare": load_bare,
}


def measure_alone(way: str, path: Path) -> Metrics:
    """Seconds, peak MB and metrics of one way, in a process of its own."""
    command = [sys.executable, "-m", "bench.sensors", "--way", way, "--file", str(path)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measure_here(way: str, path: Path) -> Metrics:
    """The same in this process."""
    run = WAYS[way]()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        smaller = Path(name) / path.name
        write_records(smaller, SMALLER)
        run(smaller)
    os.sync()  # nobody pays for what the one before left to be written
    started = time.perf_counter()
    metrics = run(path)
    seconds = time.perf_counter() - started
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return {"seconds": seconds, "cpu": time.process_time(), "peak": peak, **metrics}


def refuse_different(found: Mapping[str, Metrics]) -> None:
    """Raises: RuntimeError when the ways did not come to the same."""
    product = found["product"]
    for way, metrics in found.items():
        for figure in (*FIGURES, "days"):
            if figure in metrics and metrics[figure] != product[figure]:
                raise RuntimeError(f"{way}: {figure} is {metrics[figure]}, of the product {product[figure]}")
        for field, said in metrics.get("fields", {}).items():
            other = product["fields"][field]
            different = [what for what in SAID_OF_A_FIELD if said[what] != other[what]]
            if different:
                raise RuntimeError(f"{way}: {field}: {different[0]} is {said[different[0]]}, {other[different[0]]}")


def build_table(rounds: Mapping[str, Sequence[Metrics]], records: int) -> Table:
    """A line per way."""
    table = Table("what", "seconds", "records/s", "CPU", "x product", "peak MB", *FIGURES)
    medians = {way: statistics.median(one["seconds"] for one in found) for way, found in rounds.items()}
    for way, seconds in medians.items():
        ratio = f"{seconds / medians['product']:.2f}"
        figures = [f"{rounds[way][0][figure]:,.0f}" for figure in FIGURES]
        rate, peak = f"{records / seconds:,.0f}", f"{max(one['peak'] for one in rounds[way]):.0f}"
        cpu = f"{statistics.median(one['cpu'] for one in rounds[way]):.2f}"
        table.add_row(way, f"{seconds:.2f}", rate, cpu, ratio, peak, *figures)
    return table


def main(
    records: Annotated[int, typer.Option()] = 1_000_000,
    rounds: Annotated[int, typer.Option()] = 3,
    way: Annotated[str | None, typer.Option(hidden=True)] = None,
    file: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Prints a line per way: how often its time holds that of the product is its speedup."""
    if way is not None and file is not None:
        sys.stdout.write(json.dumps(measure_here(way, file)))
        return
    found: dict[str, list[Metrics]] = {one: [] for one in WAYS}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path = Path(name) / "readings.jsonl"
        write_records(path, records)
        for _ in range(rounds):
            for one in WAYS:
                found[one].append(measure_alone(one, path))
            refuse_different({one: metrics[-1] for one, metrics in found.items()})
    Console(width=155).print(build_table(found, records))


if __name__ == "__main__":
    typer.run(main)
