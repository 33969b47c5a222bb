"""Published snapshot -> the order files and the daily CSV."""

import datetime as dt
from pathlib import Path

import polars as pl

from data_pipeline.errors import StoreError
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.batches import FileFault
from data_pipeline.persist.exports import as_csv, export_store, file_stems, write_exports
from data_pipeline.pipelines.catalog import Pipeline


def deliver(
    workspace: Workspace, pipeline: Pipeline, business_date: dt.date, rows: pl.DataFrame, folder: Path
) -> list[Path]:
    """Writes every output of a published day's rows below `folder`; returns the files.

    Layout: <output>/<workbook>.csv, xlsx/<output>/<workbook>.xlsx, <pipeline>/<YYYYMMDD>.csv.
    Raises: StoreError when the folder cannot be written.
    """
    outputs = [output for output in pipeline.spec.outputs if output.per == "file"]
    sources = dict(rows.select("store", "source_file").unique(maintain_order=True).iter_rows()) if outputs else {}
    calls = [(rows.filter(pl.col("store") == store), outputs, stem) for store, stem in file_stems(sources).items()]
    # Formatting numbers is Python's work; the reader processes are idle now.
    files: dict[str, bytes] = {}
    for made in workspace.sandbox.run(export_store, calls):
        if isinstance(made, FileFault):
            raise StoreError(f"order files below {folder}: {made.message}")
        files.update(made)
    for output in pipeline.spec.outputs:
        if output.per == "date":
            files[f"{pipeline.name}/{business_date:%Y%m%d}.csv"] = as_csv(rows, output)
    return write_exports(folder, files, index=f"{pipeline.name}-{business_date:%Y%m%d}")
