"""Rows that judging or a step rejects, in one form and with nothing sensitive in them, as they leave the reader."""

from typing import Any

import polars as pl

from data_pipeline.flow.sensitive import hide_cells, hide_date_reasons, hide_reasons
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.tables import RawTable
from data_pipeline.validate.reasons import REJECTS_SCHEMA

CODE = "PROCESSING_ERROR"


class Rejects:
    """The rejected rows of a file, chunk by chunk."""

    def __init__(self, spec: PipelineSpec) -> None:
        self._spec = spec
        self._records = 0
        self.first: dict[str, Any] | None = None
        """The first of them, whether judging or a step rejects it."""

    def collect(self, judged: pl.DataFrame, failures: pl.DataFrame, table: RawTable) -> pl.DataFrame:
        """Those of the next chunk, as they may be kept.

        Shape: REJECTS_SCHEMA, in the file's order.
        """
        first = self._records
        self._records += table.cells.height
        rejects = add_failures(judged, failures, table, self._spec, first=first)
        if rejects.height and self._spec.sensitive_columns:
            records = write_records(hide_cells(table, self._spec), rejects["record_index"] - first)
            rejects = hide_reasons(rejects, table, self._spec).with_columns(records.alias("record_data"))
        if self.first is None and rejects.height:
            self.first = rejects.row(0, named=True)
        return rejects


def add_failures(
    rejects: pl.DataFrame, failures: pl.DataFrame, table: RawTable, spec: PipelineSpec, *, first: int
) -> pl.DataFrame:
    """The rejected rows of a chunk with those that failed in its steps; `first` counts the file's records before it.

    Shape: REJECTS_SCHEMA, in the file's order; the record as it was delivered, the column by its header in the file.
    """
    if failures.height == 0:
        return rejects
    indexes = pl.int_range(table.cells.height, eager=True)
    numbers = pl.DataFrame([table.row_numbers.cast(pl.Int64).alias("source_row"), indexes.alias("@index")])
    placed = failures.join(numbers, on="source_row", how="left", maintain_order="left", validate="m:1")
    headers = spec.find_headers(table.cells.columns)
    column = pl.col("@column").replace(list(headers), list(headers.values()))
    failed = placed.select(
        (pl.col("@index") + first).alias("record_index"),
        pl.col("source_row").alias("row_number"),
        pl.lit(CODE).alias("error_code"),
        pl.col("@message").alias("error_message"),
        column.alias("column_name"),
        pl.col("@raw").alias("raw_text"),
        write_records(table.cells, placed["@index"]).alias("record_data"),
    )
    return pl.concat([rejects, failed.cast(REJECTS_SCHEMA)]).sort("record_index", maintain_order=True)


def as_date_rejects(failures: pl.DataFrame, spec: PipelineSpec) -> pl.DataFrame:
    """Rejected rows of a date, whose delivered text is not at hand: the row as it stood, and its row number alone.

    Shape: `batch`, `sheet`, then REJECTS_SCHEMA; record_index is below 0.
    """
    rejects = failures.select(
        pl.col("@batch").alias("batch"),
        pl.col("source_sheet").alias("sheet"),
        (-pl.col("source_row")).alias("record_index"),
        pl.col("source_row").alias("row_number"),
        pl.lit(CODE).alias("error_code"),
        pl.col("@message").alias("error_message"),
        pl.col("@column").alias("column_name"),
        pl.col("@raw").alias("raw_text"),
        pl.col("@record").alias("record_data"),
    )
    return hide_date_reasons(rejects, spec)


def write_records(cells: pl.DataFrame, indexes: pl.Series) -> pl.Series:
    """The named records as JSON, as they were delivered."""
    # A file's headers may be anything, also what Polars takes for a pattern.
    places = [f"cell {place}" for place in range(cells.width)]
    wanted = cells[indexes.to_list()].rename(dict(zip(cells.columns, places, strict=True)))
    record = pl.struct(pl.col(place).alias(title) for place, title in zip(places, cells.columns, strict=True))
    return wanted.select(record.struct.json_encode()).to_series()
