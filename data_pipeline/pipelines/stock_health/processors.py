"""Accepted stock rows of a day + reference files -> order quantities, suppliers and condition per store and SKU.

Source: the owner's sheets as verified against the predecessor; the order of operations is kept to the letter, because
the results are IEEE doubles (README.md of this pipeline).
"""

from collections.abc import Mapping

import polars as pl

from data_pipeline.model.findings import Finding
from data_pipeline.model.processing import Knowledge, Processed
from data_pipeline.model.tables import ReferenceTable
from data_pipeline.pipelines.stock_health.reference import (
    read_contributions,
    read_special_skus,
    read_suppliers,
    read_top_100,
)
from data_pipeline.pipelines.stock_health.rules import RuleSet, find_rule_set
from data_pipeline.transform.join_reference import join_reference

# Supplier columns that a row without any supplier carries as 0 or ''; the others stay empty (owner's order files).
UNMATCHED_ZEROS = ("supplier_brand_id", "supplier_store_id", "order_day", "min_purchase", "trading_term")


def compute_stock_health(rows: pl.DataFrame, knowledge: Knowledge) -> Processed:
    """Computes a day.

    Shape: one row per (store, sku) in, the same rows out; per store those with a supplier of their own come first.
    """
    rules = find_rule_set(knowledge.options.get("rule_set"))
    stores = rows["store"].unique().sort().to_list()
    contributions, contribution_findings = read_contributions(knowledge, stores)
    top_100, top_100_findings = read_top_100(knowledge, stores)
    suppliers, supplier_findings = read_suppliers(knowledge.references)
    rows = join_reference(rows, contributions, on=["store"], what="store contributions")
    rows = mark_top_100(rows, top_100)
    rows, target_findings = add_targets(rows, knowledge.references, rules)
    rows, scaling_findings = scale_sales(rows, rules)
    rows = add_condition(add_costs(add_quantities(add_stock_levels(rows, rules), rules)))
    rows = add_suppliers(rows, suppliers, rules)
    findings = [*contribution_findings, *top_100_findings, *supplier_findings, *target_findings, *scaling_findings]
    return Processed(rows=rows, findings=(*findings, *find_unsupplied(rows)), label=rules.label)


def mark_top_100(rows: pl.DataFrame, top_100: pl.DataFrame) -> pl.DataFrame:
    """Adds is_top_100: 1 for SKUs on their store's list, else 0."""
    flagged = join_reference(
        rows, top_100.with_columns(is_top_100=pl.lit(1, pl.Int64)), on=["store", "sku"], what="top 100"
    )
    return flagged.with_columns(pl.col("is_top_100").fill_null(0))


def add_targets(
    rows: pl.DataFrame, references: Mapping[str, ReferenceTable], rules: RuleSet
) -> tuple[pl.DataFrame, list[Finding]]:
    """Adds target_days: days that the stock of a SKU should last."""
    days = pl.lit(rules.target_days, pl.Int64)
    if rules.long_target_days is None:
        return rows.with_columns(target_days=days), []
    special, findings = read_special_skus(references)
    is_special = pl.col("sku").is_in(special)
    return rows.with_columns(target_days=pl.when(is_special).then(rules.long_target_days).otherwise(days)), findings


def scale_sales(rows: pl.DataFrame, rules: RuleSet) -> tuple[pl.DataFrame, list[Finding]]:
    """Replaces a store's sales by the reference store's times the store's contribution, where the rule set says so."""
    if not rules.scale_by_reference_store:
        return rows, []
    flagship = rows.filter(pl.col("store") == rules.reference_store)
    if flagship.height == 0:
        message = f"sales are not scaled: no rows of {rules.reference_store!r} on this day"
        return rows, [Finding(code="REFERENCE_STORE_MISSING", message=message)]
    sales = flagship.select("sku", daily_sales_flagship="daily_sales", max_daily_sales_flagship="max_daily_sales")
    joined = join_reference(rows, sales, on=["sku"], what=f"sales of {rules.reference_store}")
    ratio = pl.col("contribution_pct") / 100
    is_exempt = pl.col("store").is_in(rules.exempt_stores) & (pl.col("contribution_pct") >= 100)
    is_scaled = ~is_exempt & pl.col("daily_sales_flagship").is_not_null()
    scaled = [
        pl.when(is_scaled).then(pl.col(f"{name}_flagship") * ratio).otherwise(name).alias(name)
        for name in ("daily_sales", "max_daily_sales")
    ]
    return joined.with_columns(scaled).drop("daily_sales_flagship", "max_daily_sales_flagship"), []


def add_stock_levels(rows: pl.DataFrame, rules: RuleSet) -> pl.DataFrame:
    """Adds safety stock, reorder point, target quantity, cover and the order flag.

    Units: cover_days: days, unrounded, 0 when nothing sells; the others pieces. A quantity beyond 64 bits is null.
    """
    daily, lead = pl.col("daily_sales"), pl.col("lead_time_days")
    safety = (pl.col("max_daily_sales") * pl.col("max_lead_time_days") - daily * lead).ceil()
    # The rounded safety stock feeds the reorder point.
    reorder = (daily * lead + pl.col("safety_stock")).ceil()
    if rules.clip_at_zero:
        safety, reorder = safety.clip(lower_bound=0), reorder.clip(lower_bound=0)
    return (
        rows.with_columns(safety.cast(pl.Int64, strict=False).alias("safety_stock"))
        .with_columns(
            reorder.cast(pl.Int64, strict=False).alias("reorder_point"),
            (daily * pl.col("target_days")).ceil().cast(pl.Int64, strict=False).alias("target_qty"),
            pl.when(daily > 0).then(pl.col("stock") / daily).otherwise(0.0).alias("cover_days"),
            (daily * pl.col("price")).alias("sales_contribution"),
        )
        .with_columns(
            # strict, then inclusive
            ((pl.col("cover_days") < pl.col("target_days")) & (pl.col("stock") <= pl.col("reorder_point")))
            .cast(pl.Int64, strict=False)
            .alias("needs_order")
        )
    )


def add_quantities(rows: pl.DataFrame, rules: RuleSet) -> pl.DataFrame:
    """Adds initial, emergency, regular and final order quantity, in pieces."""
    zero = pl.lit(0, pl.Int64)
    short_of_target = (pl.col("target_qty") - pl.col("stock") - pl.col("open_po")).clip(lower_bound=0)
    initial = pl.when(pl.col("needs_order") == 1).then(short_of_target).otherwise(zero)
    regular = pl.col("initial_qty") - pl.col("emergency_qty") if rules.subtract_emergency else pl.col("initial_qty")
    lifted = pl.when(pl.col("regular_qty").is_between(0, pl.col("min_order"), closed="none")).then("min_order")
    return (
        rows.with_columns(initial.alias("initial_qty"), emergency_quantity(rules).alias("emergency_qty"))
        .with_columns(regular.clip(lower_bound=0).alias("regular_qty"))
        .with_columns(lifted.otherwise("regular_qty").alias("final_qty"))
    )


def emergency_quantity(rules: RuleSet) -> pl.Expr:
    """Pieces that must come before the ordinary order does; truncated with an open order, rounded up without."""
    cover, daily, longest = pl.col("cover_days"), pl.col("daily_sales"), pl.col("max_lead_time_days")
    horizon = longest if rules.emergency_horizon_days is None else pl.lit(float(rules.emergency_horizon_days))
    until_arrival = ((horizon - cover) * daily).clip(lower_bound=0).cast(pl.Int64, strict=False)
    until_next_order = ((longest - cover) * daily).ceil().clip(lower_bound=0).cast(pl.Int64, strict=False)
    quantity = pl.when(pl.col("open_po") > 0).then(until_arrival).otherwise(until_next_order)
    return quantity if rules.emergency_scope == "all" else quantity * pl.col("is_top_100")


def add_costs(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the cost of both orders in IDR."""
    return rows.with_columns(
        (pl.col(f"{kind}_qty") * pl.col("unit_cost")).round(2).alias(f"{kind}_cost") for kind in ("emergency", "final")
    )


def add_condition(rows: pl.DataFrame) -> pl.DataFrame:
    """Adds the condition bucket and the overstock subgroup, on unrounded values.

    Source: the owner's limits of 1 and 4 December 2025, first match wins.
    """
    sales, cover = pl.col("daily_sales"), pl.col("cover_days")
    condition = (
        pl.when(sales == 0).then(pl.lit("no_sales"))
        .when(cover < 0).then(pl.lit("negative_stock"))
        .when(cover == 0).then(pl.lit("out_of_stock"))
        .when(cover <= 7).then(pl.lit("nearly_out"))
        .when(cover <= 21).then(pl.lit("low"))
        .when(cover <= 30).then(pl.lit("healthy"))
        .otherwise(pl.lit("overstock"))
    )  # fmt: skip
    degree = (
        pl.when(cover <= 45).then(pl.lit("ringan")).when(cover <= 60).then(pl.lit("sedang")).otherwise(pl.lit("berat"))
    )
    return rows.with_columns(condition.alias("condition")).with_columns(
        overstock_degree=pl.when(pl.col("condition") == "overstock").then(degree)
    )


def add_suppliers(rows: pl.DataFrame, suppliers: pl.DataFrame, rules: RuleSet) -> pl.DataFrame:
    """Adds whom to order from: the store's own supplier of the brand, else the first that any store has.

    Shape: same rows; per store those with an own supplier first, then the others, each in their order.
    """
    suppliers = suppliers.with_columns(
        brand=pl.col("supplier_brand").str.strip_chars(), store=pl.col("supplier_store").str.strip_chars()
    )
    own = suppliers.unique(["brand", "store"], keep="first", maintain_order=True)
    any_store = suppliers.unique(["brand"], keep="first", maintain_order=True).drop("store")
    matched = join_reference(
        rows, own.with_columns(has_own=pl.lit(value=True)), on=["brand", "store"], what="suppliers"
    )
    has_own = pl.col("has_own").fill_null(value=False)
    others = join_reference(matched.filter(~has_own).select(rows.columns), any_store, on=["brand"], what="suppliers")
    if not rules.blank_brand_fallback:
        given = [name for name in suppliers.columns if name not in ("brand", "store")]
        others = others.with_columns(pl.when(pl.col("brand") != "").then(name).alias(name) for name in given)
    others = others.with_columns(pl.col(name).fill_null(0) for name in UNMATCHED_ZEROS)
    both = pl.concat([matched.filter(has_own).drop("has_own"), others.select(matched.drop("has_own").columns)])
    return both.sort("store", maintain_order=True)


def find_unsupplied(rows: pl.DataFrame) -> list[Finding]:
    """Brands that nobody is known to supply."""
    brands = (
        rows.filter(pl.col("supplier_no").is_null())["brand"]
        .value_counts()
        .sort("count", "brand", descending=[True, False])
    )
    if brands.height == 0:
        return []
    total = int(brands["count"].sum())
    message = f"{total} rows of {brands.height} brands have no supplier; most: {brands['brand'][0]!r}"
    details = {"brands": dict(brands.head(50).iter_rows())}
    return [Finding(code="SUPPLIER_UNKNOWN", message=message, rows=total, details=details)]
