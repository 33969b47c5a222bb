"""One store's stock list on one business date, in the ERP's 39 columns.

Formulas of the ERP's own columns were read off the real lists; our pipeline uses none of them.
"""

import datetime as dt
from random import Random

import polars as pl

from data_pipeline.generate.catalogue import DELISTED, Chain, Store

TEXT_HEADERS = ("Brand", "SKU", "Nama", "Grade", "Kategori Brand", "Kategori", "Sub Kategori", "Last Sales", "Toko")
HEADERS = (
    "No", "Brand", "SKU", "Nama", "HPP", "Harga", "Ranking", "Grade", "Kategori Brand", "Kategori", "Sub Kategori",
    "Top4000", "Terjual", "Stok", "Last Sales", "Lost Days", "Velocity Capped", "Daily Sales", "Lead Time",
    "Max. Daily Sales", "Max. Lead Time", "Min. Order", "Safety Stok", "ROP", "3W Cover", "Sedang PO", "Suggested",
    "Amount", "Toko", "Siklus", "[Brand] Promo Factor", "[Brand] Delay Factor", "[SKU] Promo Factor",
    "[SKU] Delay Factor", "[Master - SKU] Promo Factor", "[Master - SKU] Delay Factor", "Stock Cover",
    "Days to Backup", "Qty to Backup",
)  # fmt: skip
SALES_DAYS = 60  # the ERP counts sales over this many days
CYCLES_DAYS = (21, 21, 30, 40)  # how often a store is filled up; Siklus


def draw(rng: Random, count: int) -> pl.Series:
    """So many numbers in [0, 1)."""
    return pl.Series([rng.random() for _ in range(count)], dtype=pl.Float64)


def whole(expression: pl.Expr) -> pl.Expr:
    """Rounded half up to an integer."""
    return (expression + 0.5).floor().cast(pl.Int64)


def cents(expression: pl.Expr) -> pl.Expr:
    """Rounded half up to two places."""
    return (expression * 100 + 0.5).floor() / 100


def list_assortment(chain: Chain, store: Store, *, rows: int) -> pl.DataFrame:
    """The products that a store carries, with what is the store's own habit: sales, lead times, filling.

    Shape: one row per SKU; the columns of Chain.products and the habits in snake_case.
    """
    rng = Random(f"{chain.seed}/{store.number}")
    places = sorted(rng.sample(range(chain.products.height), min(rows, chain.products.height)))
    leads = pl.Series([rng.choice((1, 2, 2, 2, 2, 3, 3, 4, 4, 7)) for _ in chain.brands])
    slacks = pl.Series([rng.choice((3, 4, 4, 7, 8, 12, 19)) for _ in chain.brands])
    carried = chain.products[places].with_columns(
        *(draw(rng, len(places)).alias(name) for name in ("liking", "loss", "burst", "filling", "promotion")),
        pl.lit(store.name).alias("Toko"),
        pl.lit(CYCLES_DAYS[store.number % len(CYCLES_DAYS)]).alias("Siklus"),
    )
    # few products sell most: 7/(u + 0.015) has the median (8 in 60 days) and the tail (240 at 1 %) of the real lists
    pull = (7 / (pl.col("popularity") + 0.015) - 6) * (0.5 + pl.col("liking"))
    share = 0.4 + 0.6 * store.contribution_pct / 100
    lost = pl.when(pl.col("loss") < 0.07).then(whole(pl.col("loss") * 700)).otherwise(0)
    return carried.with_columns(
        pl.when(pl.col("Kategori Brand") != DELISTED).then(pull * share).otherwise(0.0).alias("usual_sales"),
        lost.alias("lost_days"),
        leads.gather(carried["brand_number"]).alias("lead_days"),
        slacks.gather(carried["brand_number"]).alias("slack_days"),
    )


def count_stock(assortment: pl.DataFrame, business_date: dt.date, *, rng: Random) -> pl.DataFrame:
    """What the shop has seen by the morning of a business date: units sold, stock, open orders.

    Shape: one row per row of `assortment`, with the columns of the ERP that are not computed from others.
    """
    days = assortment.with_columns(draw(rng, assortment.height).alias(name) for name in ("mood", "order", "error"))
    sold = whole(pl.col("usual_sales") * (0.97 + 0.06 * pl.col("mood"))).clip(lower_bound=0)
    # Stock falls by the daily sales until the store is filled up again; one in eight is filled too little.
    is_short = pl.col("filling") < 0.12
    phase = whole(pl.col("liking") * 997) - business_date.toordinal()
    reserve = pl.when(is_short).then(-16).otherwise(pl.col("filling") * 60 - 4)
    shelf = pl.when(is_short).then(0).otherwise((pl.col("burst") * 6).floor())
    stock = (shelf + pl.col("usual_sales") / SALES_DAYS * (reserve + phase % pl.col("Siklus"))).floor()
    stock = stock.clip(lower_bound=0).cast(pl.Int64)
    orders = pl.when(pl.col("order") < 0.19).then(1 + (pl.col("order") * 25).floor().cast(pl.Int64)).otherwise(0)
    # The last sale of most products was yesterday, and that of nearly all within three weeks.
    idle = whole((pl.col("mood") - 0.55) * 40).clip(lower_bound=0)
    last_sales = (pl.lit(business_date) - pl.duration(days=1 + idle)).dt.to_string("%Y-%m-%d")
    return days.with_columns(
        sold.alias("Terjual"),
        pl.when((pl.col("error") < 0.001) & (sold > 0)).then(-1).otherwise(stock).alias("Stok"),
        (orders * pl.col("Min. Order")).alias("Sedang PO"),
        pl.when(sold > 0).then(last_sales).otherwise(pl.lit("0000-00-00")).alias("Last Sales"),
    )


def compute_erp_columns(counted: pl.DataFrame) -> pl.DataFrame:
    """The stock list as the ERP exports it.

    Shape: one row per row of `counted`, columns HEADERS. Units: Stock Cover in days, NaN or infinite without sales.
    """
    is_sold = pl.col("Terjual") > 0
    selling_days = SALES_DAYS - pl.col("lost_days")
    peak = whole(pl.col("Daily Sales") * (1 + 3 * pl.col("burst"))) + 1
    is_promoted = pl.col("promotion") < 0.14
    facts = counted.with_columns(
        cents(pl.col("Terjual") / selling_days).alias("Daily Sales"),
        pl.when(is_sold).then("lead_days").otherwise(0).alias("Lead Time"),
        pl.when(is_sold).then(pl.col("lead_days") + pl.col("slack_days")).otherwise(0).alias("Max. Lead Time"),
        pl.when(is_sold).then("lost_days").alias("Lost Days"),
        pl.when(is_sold).then((pl.col("lost_days") * pl.col("liking")).floor().cast(pl.Int64)).alias("Velocity Capped"),
    ).with_columns(
        pl.when(is_sold & (pl.col("burst") > 0.015)).then(peak).otherwise(0).alias("Max. Daily Sales"),
        cents(pl.col("Stok") / pl.col("Daily Sales")).alias("Stock Cover"),
    )
    return (
        add_orders(facts)
        .with_columns(
            pl.lit(0).alias("[Brand] Promo Factor"),
            pl.lit(0).alias("[Brand] Delay Factor"),
            pl.when(is_promoted).then(50).otherwise(0).alias("[SKU] Promo Factor"),
            pl.lit(0).alias("[SKU] Delay Factor"),
            pl.when(is_promoted).then(50).alias("[Master - SKU] Promo Factor"),
            pl.lit(None, dtype=pl.Int64).alias("[Master - SKU] Delay Factor"),
            pl.int_range(1, pl.len() + 1).alias("No"),
        )
        .select(HEADERS)
    )


def add_orders(facts: pl.DataFrame) -> pl.DataFrame:
    """Adds what the ERP would order."""
    cover = pl.col("Max. Daily Sales") * (pl.col("Siklus") + pl.col("Lead Time"))
    peak = pl.col("Max. Daily Sales") * pl.col("Max. Lead Time")
    expected = pl.col("Terjual") / (SALES_DAYS - pl.col("lost_days")) * pl.col("Lead Time")
    missing = (pl.col("3W Cover") - pl.col("Stok") - pl.col("Sedang PO")).clip(lower_bound=0)
    backup = cents(pl.col("Lead Time") - pl.col("Stock Cover"))
    return (
        facts.with_columns(
            cover.alias("3W Cover"),
            cents(peak - expected).alias("Safety Stok"),
            peak.alias("ROP"),
            pl.when(pl.col("Stock Cover") < pl.col("Lead Time")).then(backup).otherwise(0.0).alias("Days to Backup"),
        )
        .with_columns((whole(missing / pl.col("Min. Order")) * pl.col("Min. Order")).alias("Suggested"))
        .with_columns(
            (pl.col("Suggested") * pl.col("HPP")).alias("Amount"),
            cents(pl.col("Days to Backup") * pl.col("Daily Sales")).alias("Qty to Backup"),
        )
    )
