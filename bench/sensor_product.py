"""Sensor records through the product, as a run takes them, without the databases."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from data_pipeline.flow.prepare import prepare_file, prepared_folder
from data_pipeline.model.reading import Limits
from data_pipeline.persist.destinations.form import form_rows
from data_pipeline.persist.destinations.json_text import append_lines
from data_pipeline.persist.parts import open_part
from data_pipeline.pipelines.catalog import find_pipeline

LIMITS = Limits(memory_bytes=1536 << 20)  # as settings have it; chunks are then of 8 MiB
NOW = dt.datetime(2026, 1, 6, tzinfo=dt.UTC)
FIELDS = ("id", "timestamp", "sensor_id", "value", "unit", "location")
SPEC = find_pipeline("sensor_readings").spec


def run_product(path: Path) -> dict[str, Any]:
    """Judged and scored in chunks, then written from the part that was kept."""
    home = path.parent / "home"
    shutil.rmtree(home, ignore_errors=True)
    prepared = prepare_file(path, "0" * 64, path.name, (SPEC,), home, LIMITS)
    folder, (processed, _) = prepared_folder(home, SPEC), SPEC.destinations
    rows, rejects = open_part(folder / prepared.part), open_part(folder / prepared.rejects)
    formed = form_rows(rows, processed, SPEC, published_at=NOW)
    with (path.parent / "processed_data.jsonl").open("wb") as file:
        append_lines(formed.rows, formed.literals, file)
    with (path.parent / "failed_data.jsonl").open("wb") as file:
        append_lines(rejects.map(form_failed), frozenset({"value"}), file)
    anomalies = pl.scan_parquet(folder / prepared.part).select(pl.col("is_anomaly").sum()).collect().item()
    failed, total = prepared.rows_rejected, prepared.measures["value"]
    return {
        "processed": prepared.rows_accepted, "errors": failed, "anomalies": anomalies, "sum": round(total, 3),
        "days": dict(prepared.sales_dates), "sha256": prepared.cells_sha256,
        "fields": {field.name: field.model_dump(mode="json") for field in prepared.statistics},
    }  # fmt: skip


def form_failed(rejects: pl.DataFrame) -> pl.DataFrame:
    """Rejected records with status and error, as the destination declares them."""
    fields = pl.Struct(dict.fromkeys(FIELDS, pl.String))
    is_late = pl.col("error_code") == "PROCESSING_ERROR"
    status = pl.when(is_late).then(pl.lit("transformation_error")).otherwise(pl.lit("invalid"))
    records = rejects.select(pl.col("record_data").str.json_decode(fields), status=status, error="error_message")
    return records.unnest("record_data")
