"""Rules of deliveries: every row arrives once or is told, whatever a destination does, and the snapshot stays."""

from collections.abc import Iterator

import psycopg
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import DestinationError
from data_pipeline.flow.deliveries import refuse_failed
from data_pipeline.flow.due import read_destinations
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.clocks import TestClock
from data_pipeline_tests.conftest import fresh_database
from data_pipeline_tests.flow.days import DAY, ask, make_snapshot
from data_pipeline_tests.flow.sending import (
    COLUMNS,
    EXPECTED,
    OTHER_STORE,
    STORE,
    WAREHOUSE,
    list_keys,
    publish_day,
    send,
    webhook,
    with_destinations,
)
from data_pipeline_tests.persist.destinations.receiver import Answer, Receiver, Request, receiving
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

# One row in 1,000, counted from 1, over both files.
BAD = {f"{STORE} 0999", f"{STORE} 1999", f"{OTHER_STORE} 0499"}
TAKEN = [key for key in EXPECTED if key not in BAD]
SHOW_ERRORS = """
    select file_name, row_number, batch_errors.error_code, destination, record_data ->> 'sku' as sku
    from batch_errors join batches on batches.id = batch_id
    where destination is not null order by file_name, row_number
"""


@pytest.fixture
def day(workspace: Workspace) -> Workspace:
    """3,000 published rows of two stores."""
    return publish_day(workspace)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web address that takes rows."""
    with receiving() as running:
        yield running


@pytest.fixture
def target(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Another database, whose table takes no SKU that is 999 after thousands, and none of a store's row 499."""
    with fresh_database(postgres_url) as url:
        monkeypatch.setenv("DESTINATION_WAREHOUSE", url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "create table stock (business_date date not null, store text, sku text, stock integer, "
                f"constraint sellable check (sku not like '%999' and not (store = '{OTHER_STORE}' and sku = '0499')))"
            )
        yield url


def refuse_bad(request: Request) -> Answer:
    """What a receiver says that checks every row."""
    bad = [key for key in list_keys(request.rows) if key in BAD]
    return Answer(422, f"unsellable: {bad[0]}") if bad else Answer()


def test_one_row_in_a_thousand_that_a_web_address_refuses_is_told_and_the_rest_lands(
    day: Workspace, receiver: Receiver
) -> None:
    receiver.script = refuse_bad

    made = send(day, with_destinations(webhook(receiver.url)))["erp"]

    assert (made.status, made.rows_delivered, made.rows_refused, made.rows_left_out) == ("delivered", 2997, 3, 0)
    assert list_keys(receiver.rows) == TAKEN
    assert_frame_equal(
        ask(day, SHOW_ERRORS),
        table("""
            file_name                       | row_number | error_code        | destination | sku
            1. Toko Kirana Anggrek.csv      | 1001       | DESTINATION_ERROR | erp         | 0999
            1. Toko Kirana Anggrek.csv      | 2001       | DESTINATION_ERROR | erp         | 1999
            2. Toko Kirana Bukit Raya.csv   | 501        | DESTINATION_ERROR | erp         | 0499
        """),
    )
    [(message,)] = ask(day, "select error_message from batch_errors where row_number = 501").rows()
    assert message == (
        "destination 'erp' refused the row: HTTP 422: unsellable: Toko Kirana Bukit Raya 0499. Correct it, or what "
        "the destination takes."
    )


def test_one_row_in_a_thousand_that_a_table_refuses_is_told_and_the_rest_lands(day: Workspace, target: str) -> None:
    made = send(day, with_destinations(WAREHOUSE))["warehouse"]

    assert (made.status, made.rows_delivered, made.rows_refused) == ("delivered", 2997, 3)
    with psycopg.connect(target) as connection:
        rows = connection.execute("select store || ' ' || sku from stock order by 1").fetchall()
        days = connection.execute("select distinct business_date from stock").fetchall()
    assert sorted(key for (key,) in rows) == TAKEN
    assert days == [(DAY,)]
    assert ask(day, SHOW_ERRORS)["row_number"].to_list() == ["1001", "2001", "501"]


def test_what_a_destination_refuses_changes_nothing_of_the_snapshot(day: Workspace, target: str) -> None:
    counted = "select record_count, processed_count, failed_count from batches order by file_name"
    before = ask(day, counted)

    send(day, with_destinations(WAREHOUSE))
    again = make_snapshot(day)

    assert_frame_equal(ask(day, counted), before)
    assert (again.version, again.is_new) == (1, False)
    assert ask(day, SHOW_ERRORS).height == 3


def test_delivering_a_version_twice_changes_nothing(day: Workspace, receiver: Receiver, target: str) -> None:
    receiver.script = refuse_bad
    files = {"kind": "jsonl", "name": "stock", "columns": COLUMNS, "stamp": "at"}
    pipeline = with_destinations(webhook(receiver.url), WAREHOUSE, files)
    send(day, pipeline)
    path = day.settings.output_dir / "20260105" / "stock.jsonl"
    before, requests, errors = path.read_bytes(), len(receiver.requests), ask(day, SHOW_ERRORS)

    made = send(day, pipeline)

    assert {name: one.status for name, one in made.items()} == {
        "erp": "unchanged", "warehouse": "unchanged", "stock": "delivered"}  # fmt: skip
    assert (path.read_bytes(), len(receiver.requests)) == (before, requests)
    assert_frame_equal(ask(day, SHOW_ERRORS), errors)


def test_a_destination_that_is_away_for_30_seconds_gets_every_row_once(day: Workspace, receiver: Receiver) -> None:
    clock = TestClock()
    # It takes the first two chunks, is away from second 10 to 40, and then takes the rest.
    receiver.script = lambda _: Answer(503 if 10 <= clock.seconds < 40 else 200)
    receiver_rate = {"rate_per_second": 0.2, "attempts": 3, "backoff_seconds": 1, "open_after_failures": 3}
    pipeline = with_destinations(webhook(receiver.url, policy={**receiver_rate, "reset_seconds": 20}))

    states, statuses = [], []
    while not statuses or statuses[-1] == "failed":
        statuses.append(send(day, pipeline, clock)["erp"].status)
        [dependency] = read_destinations(day).dependencies
        states.append(dependency["state"])
        clock.advance(20)

    assert list_keys(receiver.rows) == EXPECTED
    assert len(receiver.taken) == 8  # 3,000 rows by 400
    assert len({request.headers["idempotency-key"] for request in receiver.requests}) == 8
    assert statuses == ["failed", "delivered"]
    assert states == ["open", "closed"]


def test_a_destination_that_is_away_for_ever_loses_nothing_and_is_left_alone(
    day: Workspace, receiver: Receiver
) -> None:
    clock = TestClock()
    receiver.script = lambda _: Answer(500, "out of order")
    policy = {"attempts": 2, "open_after_failures": 3, "reset_seconds": 60}
    pipeline = with_destinations(webhook(receiver.url, policy=policy))

    first, second = send(day, pipeline, clock)["erp"], send(day, pipeline, clock)["erp"]
    asked = len(receiver.requests)
    third = send(day, pipeline, clock)["erp"]

    assert [getattr(one.error, "code", "") for one in (first, second, third)] == [
        "DESTINATION_DOWN", "DESTINATION_LEFT_ALONE", "DESTINATION_LEFT_ALONE"]  # fmt: skip
    assert len(receiver.requests) == asked == 3
    assert receiver.rows == []
    assert str(first.error) == (
        "destination 'erp' does not answer after 2 attempts: HTTP 500: out of order. What it lacks is delivered when "
        "it is back."
    )
    [dependency] = read_destinations(day).dependencies
    assert (dependency["state"], dependency["last_error"]) == ("open", "HTTP 500: out of order")
    assert dependency["changed_at"] == dependency["opened_at"]


def test_one_destination_that_is_away_keeps_nothing_from_the_others(
    day: Workspace, receiver: Receiver, target: str
) -> None:
    receiver.script = lambda _: Answer(503)
    pipeline = with_destinations(webhook(receiver.url), WAREHOUSE)

    made = send(day, pipeline)

    assert {name: one.status for name, one in made.items()} == {"erp": "failed", "warehouse": "delivered"}
    with pytest.raises(
        DestinationError, match="is published, but 1 of 2 destinations do not have it: destination 'erp'"
    ):
        refuse_failed(list(made.values()), f"stock_health {DAY}")
    assert ask(day, "select version from snapshots where is_current").rows() == [("1",)]

    receiver.script = lambda _: Answer()
    clock = TestClock()
    clock.advance(3600)
    made = send(day, pipeline, clock)

    assert {name: one.status for name, one in made.items()} == {"erp": "delivered", "warehouse": "unchanged"}
