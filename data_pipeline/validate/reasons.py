"""Records that break a check -> one row for every reason, as the sender gets it."""

from collections.abc import Mapping

import polars as pl

from data_pipeline.model.tables import RawTable
from data_pipeline.validate.check import Check

REJECTS_SCHEMA = pl.Schema(
    {
        "record_index": pl.Int64,
        "row_number": pl.Int64,
        "error_code": pl.String,
        "error_message": pl.String,
        "column_name": pl.String,
        "raw_text": pl.String,
        "record_data": pl.String,
    }
)


def collect_reasons(bad: pl.DataFrame, checks: list[Check], table: RawTable, places: Mapping[str, str]) -> pl.DataFrame:
    """One row per rejected row and reason. Built for the bad rows only: for all rows it costs six times as much."""
    if bad.height == 0:
        return REJECTS_SCHEMA.to_frame()
    as_delivered = pl.struct(pl.col(place).alias(header) for header, place in places.items())
    bad = bad.with_columns(as_delivered.struct.json_encode().alias("@data"))
    reasons = [REJECTS_SCHEMA.to_frame()]
    ragged = pl.col("@row").is_in(sorted(table.ragged_rows))
    for check in checks:
        if check.severity == "warn":
            continue
        # Of a ragged row nobody knows which cell is which.
        is_broken = (
            pl.col(check.name) if check.name == "?ragged" or not table.ragged_rows else pl.col(check.name) & ~ragged
        )
        broken = bad.filter(is_broken)
        if broken.height:
            reasons.append(explain_broken(broken, check, table, places))
    return pl.concat(reasons).sort("record_index", maintain_order=True)


def explain_broken(broken: pl.DataFrame, check: Check, table: RawTable, places: Mapping[str, str]) -> pl.DataFrame:
    """What one check says of the rows that break it; each text is asked for once.

    Shape: REJECTS_SCHEMA.
    """
    raw = pl.repeat(None, broken.height, dtype=pl.String, eager=True)
    if check.name == "?ragged":
        raw = pl.Series([table.ragged_rows[row].text for row in broken["@row"]], dtype=pl.String)
    elif check.header is not None:
        raw = broken[places[check.header]]
    texts = raw.unique()
    told = pl.DataFrame(
        [(text, *check.explain((text or "").strip())) for text in texts],
        schema={"raw_text": pl.String, "error_code": pl.String, "error_message": pl.String},
        orient="row",
    )
    reasons = broken.select(
        pl.col("@index").alias("record_index"),
        pl.col("@row").alias("row_number"),
        pl.lit(check.header, pl.String).alias("column_name"),
        raw.alias("raw_text"),
        pl.col("@data").alias("record_data"),
    )
    told = reasons.join(told, on="raw_text", how="left", nulls_equal=True, maintain_order="left", validate="m:1")
    return told.select(REJECTS_SCHEMA.names()).cast(REJECTS_SCHEMA)
