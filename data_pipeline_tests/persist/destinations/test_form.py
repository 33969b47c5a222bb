"""Rules of what a destination gets of a row: columns, constants, a stamp, a condition."""

import datetime as dt
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import DestinationError
from data_pipeline.model.rows import Rows
from data_pipeline.persist.destinations.form import Formed, form_rows
from data_pipeline.persist.destinations.json_text import write_lines
from data_pipeline_tests.persist.destinations.shipping import declare
from data_pipeline_tests.specs import shelf_spec
from data_pipeline_tests.tables import table

PUBLISHED = dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))
ROWS = table("""
    store  | sku | stock:integer | position:integer | snapshot_id
    Padang | 01  | 3             | 0                | x
    Medan  | 02  |               | 1                | x
    Medan  | 03  | 9             | 2                | x
""")


def form(rows: pl.DataFrame = ROWS, **declared: Any) -> pl.DataFrame:
    """What a destination of rows gets."""
    return form_all(rows, **declared).rows.collect()


def form_all(rows: pl.DataFrame = ROWS, **declared: Any) -> Formed:
    """The same with the rows that it was made of."""
    return form_rows(Rows.of(rows), declare(kind="jsonl", **declared), shelf_spec(), published_at=PUBLISHED)


def test_without_columns_a_destination_gets_those_of_the_pipeline() -> None:
    assert_frame_equal(form(), ROWS.select("store", "sku", "stock"))


def test_columns_are_named_and_ordered_as_declared() -> None:
    assert_frame_equal(
        form(columns={"Stok": "stock", "SKU": "sku", "snapshot": "snapshot_id"}),
        ROWS.select(pl.col("stock").alias("Stok"), pl.col("sku").alias("SKU"), pl.col("snapshot_id").alias("snapshot")),
    )


def test_constants_and_the_stamp_take_the_place_of_a_column_or_come_last() -> None:
    formed = form(columns={"sku": "sku", "stock": "stock"}, constants={"stock": "raw", "size": 5}, stamp="at")

    assert formed.row(0, named=True) == {
        "sku": "01", "stock": "raw", "size": 5, "at": "2026-01-05T02:30:00Z"}  # fmt: skip
    assert formed.height == 3


def test_constants_alone_make_a_row_for_each_row() -> None:
    rows = ROWS.select("position")

    assert form(rows, constants={"seen": True})["seen"].to_list() == [True] * 3
    assert form(rows.clear(), constants={"seen": True}).height == 0


def test_a_condition_leaves_out_rows_for_which_it_is_not_true() -> None:
    formed = form_all(where="stock > 2 AND store <> 'Padang'")

    assert formed.rows.collect()["sku"].to_list() == ["03"]
    assert formed.sources.collect()["position"].to_list() == [2]


def test_a_column_that_the_rows_do_not_have_is_named() -> None:
    with pytest.raises(DestinationError) as caught:
        form(columns={"a": "shelf", "b": "sku"})

    assert str(caught.value) == (
        "destination 'shop' names columns that the rows do not have: shelf; known: store, sku, stock, position, "
        "snapshot_id."
    )


def test_a_delivered_number_is_a_number_again_in_json_and_anything_else_stays_text() -> None:
    rows = pl.DataFrame({"v": ["-1.0", "1e3", "007", "12,5", "NaN", "", None, 'a"b']})

    lines = write_lines(rows, frozenset({"v"})).decode().splitlines()

    assert lines == ['{"v":-1.0}', '{"v":1e3}', '{"v":"007"}', '{"v":"12,5"}', '{"v":"NaN"}', '{"v":""}', '{"v":null}',
                     '{"v":"a\\"b"}']  # fmt: skip
