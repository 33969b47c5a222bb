"""Sensor records through the product and through a loop over records, each in a process of its own.

    python -m bench.sensors [--records 1000000]

Both validate, score, write processed_data.jsonl and failed_data.jsonl and add up the metrics. The loop reads and writes
with orjson and keeps nothing else; the product also keeps every reason with its place, statistics and a Parquet part.
"""

import datetime as dt
import json
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

Metrics = dict[str, float]
NOW = dt.datetime(2026, 1, 6, tzinfo=dt.UTC)
FIELDS = ("id", "timestamp", "sensor_id", "value", "unit", "location")
UNITS = {"unit_A", "unit_B", "unit_C"}


def write_records(path: Path, records: int) -> None:
    """Records as JSON Lines; one in a hundred is out of range, one in two hundred of an unknown unit."""
    with path.open("wb") as file:
        for start in range(0, records, 500_000):
            number = pl.int_range(start, min(start + 500_000, records))
            spoilt = pl.when(number % 100 == 7).then(1000.5).otherwise((number * 7 % 10_000) / 10.0)
            unit = pl.when(number % 200 == 11).then(pl.lit("unit_X")).otherwise(pl.lit("unit_A"))
            pl.select(
                id=pl.format("r{}", number), timestamp=pl.lit("2026-01-05T08:00:00Z"),
                sensor_id=pl.format("s{}", number % 50), value=spoilt, unit=unit, location=pl.lit("hall"),
                status=pl.lit("raw"),
            ).write_ndjson(file)  # fmt: skip


def run_product(path: Path) -> Metrics:
    """As a run does it: judged and scored in chunks, then written from the part that was kept."""
    from data_pipeline.flow.prepare import prepare_file, prepared_folder
    from data_pipeline.model.reading import Limits
    from data_pipeline.persist.destinations.form import form_rows
    from data_pipeline.persist.destinations.json_text import write_lines
    from data_pipeline.persist.parts import read_chunks
    from data_pipeline.pipelines.catalog import find_pipeline

    spec = find_pipeline("sensor_readings").spec
    home = path.parent / "home"
    prepared = prepare_file(path, "0" * 64, path.name, (spec,), home, Limits(memory_bytes=512 << 20))
    folder, (processed, _) = prepared_folder(home, spec), spec.destinations
    anomalies = 0
    with (path.parent / "processed_data.jsonl").open("wb") as file:
        for part in read_chunks(folder / prepared.part):
            anomalies += int(part["is_anomaly"].sum())
            formed = form_rows(part, processed, spec, published_at=NOW)
            file.write(write_lines(formed.rows, formed.literals))
    with (path.parent / "failed_data.jsonl").open("wb") as file:
        for part in read_chunks(folder / prepared.rejects):
            file.write(write_lines(form_failed(part), frozenset({"value"})))
    failed, total = prepared.rows_rejected, prepared.measures["value"]
    return {"processed": prepared.rows_accepted, "errors": failed, "anomalies": anomalies, "sum": round(total, 3)}


def form_failed(rejects: pl.DataFrame) -> pl.DataFrame:
    """Rejected records with status and error, as the destination declares them."""
    fields = pl.Struct(dict.fromkeys(FIELDS, pl.String))
    is_late = pl.col("error_code") == "PROCESSING_ERROR"
    status = pl.when(is_late).then(pl.lit("transformation_error")).otherwise(pl.lit("invalid"))
    records = rejects.select(pl.col("record_data").str.json_decode(fields), status=status, error="error_message")
    return records.unnest("record_data")


def run_loop(path: Path) -> Metrics:
    """A record at a time."""
    import orjson

    now, count, errors, anomalies, total = NOW.isoformat(), 0, 0, 0, 0.0
    good, bad = path.parent / "loop_processed.jsonl", path.parent / "loop_failed.jsonl"
    with path.open("rb") as lines, good.open("wb") as processed, bad.open("wb") as failed:
        for line in lines:
            record = orjson.loads(line)
            value, fault = record["value"], None
            if any(record.get(field) in (None, "") for field in FIELDS):
                fault = ("invalid", "Missing field")
            elif not 0 <= value <= 1000:
                fault = ("invalid", "Value out of expected range (0-1000)")
            elif record["unit"] not in UNITS:
                fault = ("transformation_error", "Invalid unit for transformation")
            if fault is not None:
                record["status"], record["error"] = fault
                errors += 1
                failed.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
                continue
            dt.datetime.fromisoformat(record["timestamp"])
            score = value * 0.1
            record |= {"status": "processed", "processed_at": now, "anomaly_score": score, "is_anomaly": score > 8.0}
            count, total, anomalies = count + 1, total + value, anomalies + (score > 8.0)
            processed.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
    return {"processed": count, "errors": errors, "anomalies": anomalies, "sum": round(total, 3)}


WAYS: dict[str, Callable[[Path], Metrics]] = {"product": run_product, "loop": run_loop}


def run_alone(way: str, path: Path) -> Metrics:
    """Seconds, peak MB and metrics of one way."""
    command = [sys.executable, "-m", "bench.sensors", "--way", way, "--file", str(path)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def main(
    records: Annotated[int, typer.Option()] = 1_000_000,
    way: Annotated[str | None, typer.Option(hidden=True)] = None,
    file: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Prints a line per way."""
    if way is not None and file is not None:
        started = time.perf_counter()
        metrics = WAYS[way](file)
        peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
        sys.stdout.write(json.dumps({"seconds": time.perf_counter() - started, "peak": peak, **metrics}))
        return
    table = Table("what", "seconds", "records/s", "peak MB", "processed", "errors", "anomalies", "sum")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path = Path(name) / "readings.jsonl"
        write_records(path, records)
        for one in WAYS:
            found = run_alone(one, path)
            figures = [f"{found[key]:,.0f}" for key in ("processed", "errors", "anomalies", "sum")]
            rate = f"{records / found['seconds']:,.0f}"
            table.add_row(one, f"{found['seconds']:.2f}", rate, f"{found['peak']:.0f}", *figures)
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
