"""The committed `seeds/`: six small stores on two business days, with the faults of real mornings."""

import datetime as dt
import shutil
from pathlib import Path

import polars as pl

from data_pipeline.generate.catalogue import Store, invent_chain
from data_pipeline.generate.deliveries import Generated, start_day
from data_pipeline.generate.export import export_csv, export_workbook, find_export_moment, name_day, spell_cells
from data_pipeline.generate.purchase_orders import (
    DECIMAL_ROW,
    IMPOSSIBLE_ROW,
    LINES_THAT_LEFT,
    REPEATED_ROW,
    write_po_seeds,
)
from data_pipeline.generate.reference import write_reference, write_top_100
from data_pipeline.generate.stock import compute_erp_columns, count_stock, list_assortment

MONDAY, TUESDAY = dt.date(2026, 1, 5), dt.date(2026, 1, 6)

# Store number and day of each fault.
CORRECTED = (2, TUESDAY)
BROKEN = (3, MONDAY)
DOUBLED = (4, MONDAY)
LATE = (5, TUESDAY)
AS_CSV = (6, MONDAY)

# Rows of the sheet, whose first data row is 2.
NAN_ROW, TYPED_ROW, NO_SKU_ROW, NEGATIVE_ROW = 12, 25, 40, 58
CORRECTED_ROWS = tuple(range(20, 120, 10))
FOUND_PIECES = 6
CORRECTION_DELAY = dt.timedelta(minutes=100)


def generate_seeds(folder: Path) -> Generated:
    """Writes drive, late arrivals, reference files and the table of faults."""
    chain = invent_chain(stores=6, products=250, seed=2026)
    write_reference(folder / "reference", chain)
    for store in chain.stores:
        assortment = list_assortment(chain, store, rows=count_rows(store))
        write_top_100(folder / "reference" / "top_100_sku", assortment, store)
        for business_date in (MONDAY, TUESDAY):
            counted = count_stock(assortment, business_date, rng=start_day(chain, store, business_date))
            deliver_seed(folder, store, business_date, counted)
    write_po_seeds(folder / "po_snapshots", chain, monday=MONDAY, tuesday=TUESDAY)
    (folder / "README.md").write_bytes(describe_faults(chain.stores).encode())
    lists = [path for place in ("drive", "late") for path in (folder / place).rglob("*") if path.is_file()]
    rows = 2 * sum(map(count_rows, chain.stores)) + sum(
        count_rows(chain.stores[n - 1]) for n, _ in (CORRECTED, DOUBLED)
    )
    return Generated(folder=folder, files=len(lists), rows=rows)


def count_rows(store: Store) -> int:
    """Rows of a store's list: 133 to 198."""
    return 120 + 13 * store.number


def deliver_seed(folder: Path, store: Store, business_date: dt.date, counted: pl.DataFrame) -> None:
    """Writes a store's delivery of one day, with the fault that it has."""
    case = (store.number, business_date)
    name = f"{store.number}. {store.name}"
    day = folder / ("late" if case == LATE else "drive") / name_day(business_date)
    created = find_export_moment(business_date, store.number)
    if case == AS_CSV:
        export_csv(day / f"{name}.csv", compute_erp_columns(counted))
        return
    if case == BROKEN:
        counted = recount(counted, (NEGATIVE_ROW,), pl.lit(-3))
    cells = spell_cells(compute_erp_columns(counted))
    export_workbook(day / f"{name}.xlsx", break_cells(cells) if case == BROKEN else cells, created=created)
    if case == DOUBLED:
        shutil.copyfile(day / f"{name}.xlsx", day / f"{name} (1).xlsx")
    if case == CORRECTED:
        corrected = recount(counted, CORRECTED_ROWS, pl.col("Stok") + FOUND_PIECES)
        cells = spell_cells(compute_erp_columns(corrected))
        export_workbook(day / f"{name} (revisi).xlsx", cells, created=created + CORRECTION_DELAY)


def is_row(*rows: int) -> pl.Expr:
    """True in these rows of the sheet."""
    return pl.int_range(2, pl.len() + 2).is_in(rows)


def recount(counted: pl.DataFrame, rows: tuple[int, ...], stock: pl.Expr) -> pl.DataFrame:
    """Another stock in some rows."""
    return counted.with_columns(pl.when(is_row(*rows)).then(stock).otherwise("Stok").cast(pl.Int64).alias("Stok"))


def break_cells(cells: pl.DataFrame) -> pl.DataFrame:
    """Three rows that nobody can use."""
    return cells.with_columns(
        pl.when(is_row(NAN_ROW)).then(pl.lit("NAN")).otherwise("Daily Sales").alias("Daily Sales"),
        pl.when(is_row(TYPED_ROW)).then(pl.lit("12,5")).otherwise("Stok").alias("Stok"),
        pl.when(~is_row(NO_SKU_ROW)).then("SKU").alias("SKU"),
    )


def describe_faults(stores: tuple[Store, ...]) -> str:
    """The README: where each fault is and what should come of it."""
    table = "\n".join(f"| {' | '.join(fault)} |" for fault in list_faults(stores))
    po_table = "\n".join(f"| {' | '.join(fault)} |" for fault in list_po_faults())
    return f"""# Seeds

Made up by `python -m data_pipeline.generate seeds`; do not edit, a test compares them with what that writes.
{len(stores)} stores, business dates {MONDAY} and {TUESDAY}, reference files as the chain keeps them. The workbooks also
hold `NAN` and `INF` in `Stock Cover`, which no pipeline uses, and SKUs with leading zeros or a trailing blank.
Here and there a stock is negative, as in real lists; the one below is certain to be.

| where | what | what should come of it |
|---|---|---|
{table}

Purchase orders, for the pipeline `po_snapshots`: `data-pipeline process --pipeline po_snapshots --date {MONDAY}
--input-dir seeds/po_snapshots/{name_day(MONDAY)}`. Monday is text (`;`, decimal comma, `5/1/2026 08:30:00`, `0000-00-00
00:00:00` for no moment), Tuesday a workbook (`5/1/26 08.30`).

| where | what | what should come of it |
|---|---|---|
{po_table}
"""


def list_po_faults() -> list[tuple[str, str, str]]:
    """Place, fault and outcome, of the purchase orders."""
    monday = f"`po_snapshots/{name_day(MONDAY)}/{name_day(MONDAY)}.csv`"
    return [
        (f"{monday}, row {DECIMAL_ROW}, `Qty PO`", "the text `6.0`", "read as the integer 6"),
        (f"{monday}, row {IMPOSSIBLE_ROW}, `PO Released`", "31 February", "row rejected: `UNREADABLE_CELL`"),
        (f"{monday}, row {REPEATED_ROW}", "the order and SKU of row 2", "row rejected: `DUPLICATE_KEY`"),
        (
            f"`po_snapshots/corrected/{name_day(MONDAY)}.csv`",
            f"Monday again without the faults, and {LINES_THAT_LEFT} lines fewer",
            "replaces the day: what is not in it leaves the snapshot",
        ),
    ]


def list_faults(stores: tuple[Store, ...]) -> list[tuple[str, str, str]]:
    """Place, fault and outcome."""
    names = {store.number: f"{store.number}. {store.name}" for store in stores}
    monday, tuesday = name_day(MONDAY), name_day(TUESDAY)
    broken = f"`drive/{monday}/{names[BROKEN[0]]}.xlsx`"
    return [
        (f"{broken}, row {NAN_ROW}, `Daily Sales`", "`NAN` in a numeric cell", "row rejected: `NOT_A_NUMBER`"),
        (f"{broken}, row {TYPED_ROW}, `Stok`", "the text `12,5`", "row rejected: `UNREADABLE_CELL`"),
        (f"{broken}, row {NO_SKU_ROW}, `SKU`", "empty", "row rejected: `MISSING_VALUE`"),
        (f"{broken}, row {NEGATIVE_ROW}, `Stok`", "-3: unrecorded receipt", "row accepted, warning `OUT_OF_RANGE`"),
        (
            f"`drive/{monday}/{names[DOUBLED[0]]} (1).xlsx`",
            "same bytes as the file without `(1)`",
            "a no-op that says so; every row counts once",
        ),
        (
            f"`drive/{monday}/{names[AS_CSV[0]]}.csv`",
            "CSV among workbooks: `;`, decimal comma, 0 for NAN and INF",
            "read like the others",
        ),
        (
            f"`drive/{tuesday}/{names[CORRECTED[0]]} (revisi).xlsx`",
            f"exported 100 minutes after the first, {FOUND_PIECES} pieces more in {len(CORRECTED_ROWS)} rows",
            "supersedes the first; the first stays readable",
        ),
        (
            f"`late/{tuesday}/{names[LATE[0]]}.xlsx`",
            f"not on the drive: copy it to `drive/{tuesday}/` later",
            "the day is published as incomplete, then again as complete",
        ),
    ]
