"""A day of stock and its reference files, drawn as text."""

from collections.abc import Mapping, Sequence

import polars as pl

from data_pipeline.model.processing import Knowledge, Processed
from data_pipeline.model.store_names import StoreNames
from data_pipeline.model.tables import ReferenceTable
from data_pipeline.pipelines.catalog import find_pipeline
from data_pipeline.pipelines.stock_health.processors import compute_stock_health
from data_pipeline.pipelines.stock_health.reference import SUPPLIER_COLUMNS
from data_pipeline_tests.tables import reference_table, table

SPEC = find_pipeline("stock_health").spec
CHAIN = "Miss Glam "
STORES = ["Padang", "P. Sidimpuan", "Soeta", "Balikpapan", "Medan", "Dr. Mansyur"]
POLARS_TYPES = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
# What a row holds in the columns that are not drawn: case A of stock_health.md 2.7.
PLAIN_ROW = {
    "brand": "A",
    "brand_category": "CARE",
    "sku": "1",
    "product_name": "Soap",
    "store": "Padang",
    "stock": 3,
    "daily_sales": 0.5,
    "max_daily_sales": 2,
    "lead_time_days": 4,
    "max_lead_time_days": 7,
    "min_order": 3,
    "open_po": 0,
    "unit_cost": 10000,
    "price": 15000,
}


def draw_day(drawing: str) -> pl.DataFrame:
    """Accepted rows: the drawn columns as pipeline.yaml types them, the others as in PLAIN_ROW.

    Stores are drawn without the chain's name.
    """
    drawn = table(drawing)
    columns = [
        (pl.col(column.name) if column.name in drawn.columns else pl.lit(PLAIN_ROW[column.name]))
        .cast(POLARS_TYPES[column.type])
        .alias(column.name)
        for column in SPEC.columns
        if column.published
    ]
    provenance = {"source_sheet": pl.lit("Sheet 1"), "source_row": pl.int_range(2, pl.len() + 2)}
    return drawn.select(*columns, **provenance).with_columns(store=CHAIN + pl.col("store"))


def compute(
    drawing: str,
    *references: ReferenceTable,
    rule_set: str = "R3",
    aliases: Mapping[str, str] | None = None,
) -> Processed:
    """What the pipeline makes of a drawn day."""
    taught = {spelling: CHAIN + store for spelling, store in (aliases or {}).items()}
    names = StoreNames.build([CHAIN + store for store in STORES], taught, ("Miss Glam",))
    knowledge = Knowledge({table.name: table for table in references}, names, {"rule_set": rule_set})
    return compute_stock_health(draw_day(drawing), knowledge)


def supplier_list(drawing: str, name: str = "supplier_data.csv") -> ReferenceTable:
    """A supplier list; columns that are not drawn are blank. Stores are drawn in full, as in the file."""
    drawn = table(drawing)
    blanks = [pl.lit(None, pl.String).alias(header) for header in SUPPLIER_COLUMNS if header not in drawn.columns]
    rows = drawn.with_columns(blanks).select(list(SUPPLIER_COLUMNS))
    return reference_table(
        name, "\n".join(" | ".join(show(cell) for cell in row) for row in [rows.columns, *rows.rows()])
    )


def show(cell: str | None) -> str:
    """A cell as it is drawn."""
    return "" if cell is None else f"'{cell}'"


def top_100(store: str, skus: Sequence[str]) -> ReferenceTable:
    """A store's list of SKUs that must never run out."""
    return reference_table(f"top_100_sku/1. {CHAIN}{store}.csv", "\n".join(["SKU", *skus]))


def contributions(*lines: str) -> ReferenceTable:
    """The list of shares: `PADANG | 100`."""
    return reference_table("store_contribution.csv", "\n".join(["store | contribution_pct", *lines]))
