"""Rules of conservation: no row is lost, doubled, changed in weight or moved between the files and the snapshot."""

from collections.abc import Callable

import polars as pl
import pytest

from data_pipeline.aggregate.conservation import BatchCount, find_losses
from data_pipeline.model.rows import Rows
from data_pipeline_tests.tables import table

MEASURES = {"stock": ["stock"], "stock_value": ["unit_cost", "stock"]}
SNAPSHOT = """
    store  | sku | stock:integer | unit_cost:number
    Padang | 1   | 3             | 100
    Padang | 2   | 5             | 10
    Aceh   | 1   | 7             | 1
"""
PADANG = BatchCount("1. Padang.xlsx (version 1)", "Padang", 3, 2, 1, {"stock": 8.0, "stock_value": 350.0})
ACEH = BatchCount("28. Aceh.xlsx (version 2)", "Aceh", 1, 1, 0, {"stock": 7.0, "stock_value": 7.0})


def losses(rows: pl.DataFrame, *batches: BatchCount) -> list[str]:
    return find_losses(batches or (PADANG, ACEH), Rows.of(rows), grain=["store", "sku"], measures=MEASURES)


def test_what_came_in_and_is_there_is_no_loss() -> None:
    assert losses(table(SNAPSHOT)) == []


def move_row(rows: pl.DataFrame) -> pl.DataFrame:
    """Gives Padang's SKU 2 to Aceh."""
    return rows.with_columns(store=pl.when(pl.col("sku") == "2").then(pl.lit("Aceh")).otherwise("store"))


CHANGES: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], list[str]]] = {
    "row dropped": (
        lambda rows: rows.slice(1),
        [
            "Padang: 2 rows accepted, 1 rows in the snapshot",
            "sum of stock: 15.0 in the files, 12.0 in the snapshot",
            "sum of stock_value: 357.0 in the files, 57.0 in the snapshot",
        ],
    ),
    "weightless row dropped": (
        lambda rows: pl.concat([rows.slice(0, 2), rows.slice(2).with_columns(store=pl.lit("Solok"))]),
        ["Aceh: 1 rows accepted, 0 rows in the snapshot", "Solok: 0 rows accepted, 1 rows in the snapshot"],
    ),
    "row doubled": (
        lambda rows: pl.concat([rows, rows.slice(2)]),
        [
            "Aceh: 1 rows accepted, 2 rows in the snapshot",
            "sum of stock: 15.0 in the files, 22.0 in the snapshot",
            "sum of stock_value: 357.0 in the files, 364.0 in the snapshot",
            "2 rows share their store + sku with another",
        ],
    ),
    "one row put in another's place": (
        lambda rows: rows.with_columns(sku=pl.lit("1")),
        ["2 rows share their store + sku with another"],
    ),
    "weight changed": (
        lambda rows: rows.with_columns(stock=pl.col("stock") + 1),
        [
            "sum of stock: 15.0 in the files, 18.0 in the snapshot",
            "sum of stock_value: 357.0 in the files, 468.0 in the snapshot",
        ],
    ),
    "one factor changed": (
        lambda rows: rows.with_columns(pl.col("unit_cost") + 0.0625),
        ["sum of stock_value: 357.0 in the files, 357.9375 in the snapshot"],
    ),
    "weight lost": (
        lambda rows: rows.with_columns(stock=pl.when(pl.col("sku") == "1").then("stock")),
        [
            "sum of stock: 15.0 in the files, 10.0 in the snapshot",
            "sum of stock_value: 357.0 in the files, 307.0 in the snapshot",
        ],
    ),
    "row moved between stores": (
        move_row,
        ["Aceh: 1 rows accepted, 2 rows in the snapshot", "Padang: 2 rows accepted, 1 rows in the snapshot"],
    ),
    "store that nobody delivered": (
        lambda rows: pl.concat(
            [rows, table(SNAPSHOT).slice(0, 1).with_columns(store=pl.lit("Solok"), stock=pl.lit(0, pl.Int64))]
        ),
        ["Solok: 0 rows accepted, 1 rows in the snapshot"],
    ),
    "everything dropped": (
        lambda rows: rows.clear(),
        [
            "Aceh: 1 rows accepted, 0 rows in the snapshot",
            "Padang: 2 rows accepted, 0 rows in the snapshot",
            "sum of stock: 15.0 in the files, 0.0 in the snapshot",
            "sum of stock_value: 357.0 in the files, 0.0 in the snapshot",
        ],
    ),
}


@pytest.mark.parametrize(("change", "found"), CHANGES.values(), ids=CHANGES)
def test_every_kind_of_loss_is_found(change: Callable[[pl.DataFrame], pl.DataFrame], found: list[str]) -> None:
    assert losses(change(table(SNAPSHOT))) == found


def test_a_row_that_lost_its_store_is_found() -> None:
    rows = table(SNAPSHOT).with_columns(store=pl.when(pl.col("sku") == "1").then("store"))

    assert "Padang: 2 rows accepted, 1 rows in the snapshot" in losses(rows)


@pytest.mark.parametrize(("accepted", "rejected"), [(2, 0), (2, 2), (3, 1)], ids=["lost", "doubled", "both"])
def test_rows_that_judging_neither_accepted_nor_rejected_once_are_found(accepted: int, rejected: int) -> None:
    batch = BatchCount("1. Padang.xlsx (version 1)", "Padang", 3, accepted, rejected, PADANG.measures)

    assert losses(table(SNAPSHOT), batch, ACEH)[0] == (
        f"1. Padang.xlsx (version 1): 3 rows read, {accepted} accepted + {rejected} rejected"
    )


def test_batches_of_one_store_are_added_up() -> None:
    halves = [BatchCount(f"part {n}", "Padang", 1, 1, 0, weights) for n, weights in enumerate(
        ({"stock": 3.0, "stock_value": 300.0}, {"stock": 5.0, "stock_value": 50.0})
    )]  # fmt: skip

    assert losses(table(SNAPSHOT), *halves, ACEH) == []


def test_the_order_of_adding_doubles_is_no_loss() -> None:
    """0.1 ten times is 0.9999999999999999 or 1.0."""
    rows = table(
        "\n".join(["store | sku | stock:integer | unit_cost:number", *(f"A | {n} | 1 | 0.1" for n in range(10))])
    )
    batch = BatchCount("a.xlsx", "A", 10, 10, 0, {"stock": 10.0, "stock_value": 0.9999999999999999})

    assert losses(rows, batch) == []


def test_nothing_in_and_nothing_out_is_no_loss() -> None:
    assert find_losses([], Rows.of(table(SNAPSHOT).clear()), grain=["store", "sku"], measures=MEASURES) == []
