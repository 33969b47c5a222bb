"""Rules of publishing while others publish and read: nobody waits for ever, nobody sees zero or half the rows."""

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import polars as pl
import pytest
from sqlalchemy import text

from data_pipeline.errors import SpecError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.publish import load_published, publish, roll_back
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import (
    DAY,
    NEXT_DAY,
    PIPELINE,
    ask,
    ask_lake,
    drop,
    make_snapshot,
    receive,
    stage,
)

pytestmark = pytest.mark.postgres

THIRD_DAY = NEXT_DAY + dt.timedelta(days=1)


def list_rows(count: int, stock: int) -> str:
    """So many SKUs with the same stock."""
    return "\n".join(["SKU | Stok", *(f"{number:05d} | {stock}" for number in range(count))])


def deliver(workspace: Workspace, day: dt.date, drawing: str) -> None:
    """A store's list for a date, judged."""
    receive(workspace, drop(workspace, f"{day:%Y%m%d}/1. Toko Kirana Anggrek.csv", drawing, day=day))
    stage(workspace, day)


@contextmanager
def looping(look: Callable[[], object]) -> Iterator[set[object]]:
    """A reader that looks again and again beside what is done; gives what it saw, an error included."""
    seen: set[object] = set()
    stopping = threading.Event()

    def read() -> None:
        while not stopping.is_set():
            try:
                seen.add(look())
            except Exception as error:  # noqa: BLE001 - whatever a reader meets is what the test is about
                seen.add(repr(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        stopping.set()
        reader.join()


def publish_again_and_again(workspace: Workspace) -> None:
    """Other rows each time, then back."""
    for stock in (2, 3):
        deliver(workspace, DAY, list_rows(300 * stock, stock))
        make_snapshot(workspace)
    for version in (1, 2):
        roll_back(workspace, PIPELINE, DAY, version, reason="", actor="rina")


# Rows and pieces of each version: 300 SKUs of stock 1, 600 of stock 2, 900 of stock 3.
WHOLE = {("300", "300"), ("600", "1200"), ("900", "2700")}
COUNT = (
    "select count(*) as skus, sum(stock) as pieces from stock_health_snapshot where business_date = date '2026-01-05'"
)
COUNT_IN_MART = "select sum(sku_count) as skus, sum(pieces) as pieces from stock_health_conditions"


def test_readers_see_one_whole_version_at_any_moment(workspace: Workspace) -> None:
    deliver(workspace, DAY, list_rows(300, 1))
    make_snapshot(workspace)

    with (
        looping(lambda: ask(workspace, COUNT).row(0)) as in_postgres,
        looping(lambda: ask(workspace, COUNT_IN_MART).row(0)) as in_mart,
        looping(lambda: ask_lake(workspace, COUNT).row(0)) as in_duckdb,
        looping(lambda: count_rows(workspace)) as in_parquet,
    ):
        publish_again_and_again(workspace)

    assert in_postgres | in_mart | in_duckdb | in_parquet <= WHOLE
    assert min(len(in_postgres), len(in_mart), len(in_duckdb), len(in_parquet)) > 1


def count_rows(workspace: Workspace) -> tuple[str, str]:
    """Rows and pieces of the day, as the steps that come after publishing read it."""
    rows = load_published(workspace, PIPELINE, DAY)
    return str(rows.height), str(rows["stock"].sum())


def test_dates_that_are_published_at_once_do_not_block_each_other(workspace: Workspace) -> None:
    days = [DAY, NEXT_DAY, THIRD_DAY]
    for day in days:
        deliver(workspace, day, list_rows(3, 1))
        make_snapshot(workspace, day)
        deliver(workspace, day, list_rows(4, 1))
    candidates = [compute_candidate(workspace, PIPELINE, day) for day in days]

    with ThreadPoolExecutor(3) as threads:
        made = list(threads.map(lambda candidate: publish(workspace, PIPELINE, candidate), candidates))

    assert [(one.business_date, one.version, one.row_count) for one in made] == [(day, 2, 4) for day in days]
    counts = "select business_date, snapshot_version, count(*) as n from stock_health_snapshot group by 1, 2 order by 1"
    shown = [(str(day), "2", "4") for day in days]
    assert ask(workspace, counts).rows() == ask_lake(workspace, counts).rows() == shown


def test_the_first_dates_of_a_pipeline_can_be_published_at_once(workspace: Workspace) -> None:
    days = [DAY, NEXT_DAY, THIRD_DAY]
    for day in days:
        deliver(workspace, day, list_rows(3, 1))
    candidates = [compute_candidate(workspace, PIPELINE, day) for day in days]

    with ThreadPoolExecutor(3) as threads:
        made = list(threads.map(lambda candidate: publish(workspace, PIPELINE, candidate), candidates))

    assert [(one.version, one.row_count) for one in made] == [(1, 3)] * 3


def test_a_transaction_goes_on_seeing_the_version_it_began_with(workspace: Workspace) -> None:
    deliver(workspace, DAY, list_rows(3, 1))
    make_snapshot(workspace)
    deliver(workspace, DAY, list_rows(4, 1))
    count = text("select count(*) from stock_health_snapshot")
    engine = workspace.database.engine.execution_options(isolation_level="REPEATABLE READ")

    with engine.connect() as reader:
        before = reader.execute(count).scalar_one()
        make_snapshot(workspace)
        after = reader.execute(count).scalar_one()

    assert (before, after) == (3, 3)
    assert ask(workspace, str(count)).rows() == [("4",)]


def test_a_query_for_a_date_reads_no_other_dates_rows(workspace: Workspace) -> None:
    for day in (DAY, NEXT_DAY):
        deliver(workspace, day, list_rows(3, 1))
        make_snapshot(workspace, day)

    plan = "\n".join(ask(workspace, f"explain {COUNT}")["QUERY PLAN"])

    assert "stock_health_20260105_v1" in plan
    assert "stock_health_20260106_v1" not in plan


def test_a_column_that_changed_its_type_is_refused_by_name(workspace: Workspace) -> None:
    deliver(workspace, DAY, list_rows(1, 1))
    make_snapshot(workspace)
    later = compute_candidate(workspace, PIPELINE, DAY)
    manifest = later.manifest.model_copy(update={"code_version": "with fractions"})
    rows = later.rows.map(lambda chunk: chunk.with_columns(pl.col("stock").cast(pl.Float64)))
    with_fractions = dataclasses.replace(later, manifest=manifest, rows=rows)

    with pytest.raises(SpecError) as refusal:
        publish(workspace, PIPELINE, with_fractions)

    assert str(refusal.value) == (
        "pipeline 'stock_health', column 'stock': published as bigint before, now double precision. "
        "Published versions are never edited: give the column another name."
    )
    assert ask(workspace, "select version, is_current from snapshots").rows() == [("1", "True")]


def test_one_date_that_is_published_twice_at_once_gets_one_version(workspace: Workspace) -> None:
    deliver(workspace, DAY, list_rows(3, 1))
    candidate = compute_candidate(workspace, PIPELINE, DAY)

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(lambda _: publish(workspace, PIPELINE, candidate), range(2)))

    assert sorted((one.version, one.is_new) for one in made) == [(1, False), (1, True)]
    assert ask(workspace, "select version from snapshots").rows() == [("1",)]


def test_a_version_without_a_later_column_can_be_shown_again(workspace: Workspace) -> None:
    deliver(workspace, DAY, list_rows(1, 1))
    first = make_snapshot(workspace)
    later = compute_candidate(workspace, PIPELINE, DAY)
    manifest = later.manifest.model_copy(update={"code_version": "with margin"})
    rows = later.rows.map(lambda chunk: chunk.with_columns(margin=pl.lit(0.25)))
    publish(workspace, PIPELINE, dataclasses.replace(later, manifest=manifest, rows=rows))

    roll_back(workspace, PIPELINE, DAY, first.version, reason="", actor="rina")

    shown = "select sku, snapshot_version, margin from stock_health_snapshot"
    assert ask(workspace, shown).rows() == [("00000", "1", None)]
    roll_back(workspace, PIPELINE, DAY, 2, reason="", actor="rina")
    assert ask(workspace, shown).rows() == ask_lake(workspace, shown).rows() == [("00000", "2", "0.25")]


def test_a_version_that_lacks_an_older_column_shows_it_empty(workspace: Workspace) -> None:
    deliver(workspace, DAY, list_rows(1, 1))
    make_snapshot(workspace)
    later = compute_candidate(workspace, PIPELINE, DAY)
    manifest = later.manifest.model_copy(update={"code_version": "without category"})

    rows = later.rows.map(lambda chunk: chunk.drop("brand_category"))
    publish(workspace, PIPELINE, dataclasses.replace(later, manifest=manifest, rows=rows))

    shown = "select sku, snapshot_version, brand_category from stock_health_snapshot"
    assert ask(workspace, shown).rows() == [("00000", "2", None)]
