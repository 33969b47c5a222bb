"""Rules of destinations that are tables of another database: one transaction, the day replaced or rows updated."""

from collections.abc import Iterator
from typing import Any

import polars as pl
import psycopg
import pytest

from data_pipeline.errors import DestinationError
from data_pipeline.persist.protection import PermanentFault, TransientFault
from data_pipeline_tests.conftest import fresh_database
from data_pipeline_tests.persist.destinations.shipping import declare, ship
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

ROWS = table("""
    sku | stock:integer
    01  | 3
    02  |
    03  | 9
""")
REPLACING = {"kind": "postgres", "url_from": "DESTINATION_SHOP", "table": "shop.stock", "day_column": "day"}
UPDATING = {**REPLACING, "table": "shop.latest", "key": ["sku"]}


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    """Another database with a table that is replaced by the day and one that is updated by a key."""
    with fresh_database(postgres_url) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create schema shop")
            connection.execute("create table shop.stock (day date, feed text, sku text, stock int check (stock < 100))")
            connection.execute(
                "create table shop.latest (sku text primary key, stock int, day date, seen int default 1)"
            )
            connection.execute(
                "insert into shop.stock values ('2026-01-04', 'shelf', '01', 1), ('2026-01-05', 'x', '0', 0)"
            )
            connection.execute("insert into shop.latest values ('01', 1, '2026-01-04', 7), ('99', 5, '2026-01-04', 7)")
        yield url


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The other database's answer."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def test_what_the_table_holds_of_the_date_is_replaced_and_no_other(url: str) -> None:
    for rows in (ROWS, ROWS.head(2)):
        assert ship(declare(**REPLACING), rows, secret=url) == []

    assert ask(url, "select day::text, sku, stock from shop.stock order by day, sku") == [
        ("2026-01-04", "01", 1), ("2026-01-05", "01", 3), ("2026-01-05", "02", None)]  # fmt: skip


def test_pipelines_that_share_a_table_replace_their_own_rows_only(url: str) -> None:
    ship(declare(**REPLACING, pipeline_column="feed"), ROWS.head(1), secret=url)

    assert ask(url, "select feed, sku from shop.stock where day = '2026-01-05' order by feed") == [
        ("shelf", "01"), ("x", "0")]  # fmt: skip


def test_rows_of_a_key_are_updated_others_inserted_and_nothing_is_deleted(url: str) -> None:
    for _ in range(2):
        assert ship(declare(**UPDATING), ROWS, secret=url) == []

    assert ask(url, "select sku, stock, seen from shop.latest order by sku") == [
        ("01", 3, 7), ("02", None, 1), ("03", 9, 1), ("99", 5, 7)]  # fmt: skip


def test_rows_of_one_key_are_told_and_the_first_one_lands(url: str) -> None:
    rows = pl.concat([ROWS.head(1), ROWS.head(1), ROWS.tail(1)])

    refusals = ship(declare(**UPDATING), rows.with_columns(pl.Series("stock", [1, 2, 3])), secret=url)

    assert [(one.position, one.reason) for one in refusals] == [(1, "a row before it has the same key (sku)")]
    assert ask(url, "select sku, stock from shop.latest where sku < '9' order by sku") == [("01", 1), ("03", 3)]


def test_rows_that_break_a_constraint_are_refused_and_the_rest_lands(url: str) -> None:
    rows = pl.DataFrame({"sku": [f"{number}" for number in range(50)], "stock": [number * 3 for number in range(50)]})

    refusals = ship(declare(**REPLACING), rows, secret=url)

    assert [refusal.position for refusal in refusals] == list(range(34, 50))  # 34 * 3 = 102
    assert refusals[0].reason == 'new row for relation "stock" violates check constraint "stock_stock_check"'
    assert ask(url, "select count(*) from shop.stock where day = '2026-01-05'") == [(34,)]


def test_a_text_with_a_character_that_no_postgres_holds_is_refused(url: str) -> None:
    rows = pl.DataFrame({"sku": ["01", "0\x002"], "stock": [1, 2]})

    assert [refusal.position for refusal in ship(declare(**REPLACING), rows, secret=url)] == [1]


def test_too_many_refused_rows_leave_the_table_as_it_was(url: str) -> None:
    rows = ROWS.with_columns(pl.lit("many").alias("stock"))

    with pytest.raises(
        DestinationError, match="refused more than 2 rows, the last with: invalid input syntax for type"
    ):
        ship(declare(**REPLACING, most_refused_rows=2), rows, secret=url)

    assert ask(url, "select count(*) from shop.stock") == [(2,)]


def test_no_rows_empty_the_day(url: str) -> None:
    assert ship(declare(**REPLACING), ROWS.clear(), secret=url) == []

    assert ask(url, "select day::text from shop.stock") == [("2026-01-04",)]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"table": "shop.shelf"}, 'relation "shop.shelf" does not exist'),
        ({"columns": {"price": "sku"}, "day_column": "date"}, 'column "date" does not exist'),
    ],
    ids=["no such table", "no such column"],
)
def test_what_fails_again_however_often_is_permanent(url: str, declared: dict[str, Any], reason: str) -> None:
    with pytest.raises(PermanentFault, match=reason):
        ship(declare(**{**REPLACING, **declared}), ROWS, secret=url)


def test_a_server_that_is_away_is_transient() -> None:
    with pytest.raises(TransientFault, match="refused"):
        ship(declare(**REPLACING), ROWS, secret="postgresql://nobody@127.0.0.1:1/none")


def test_a_table_that_somebody_locks_is_transient(url: str) -> None:
    with psycopg.connect(url) as other:
        other.execute("lock table shop.stock in access exclusive mode")

        with pytest.raises(TransientFault, match="canceling statement due to"):
            ship(declare(**REPLACING, policy={"timeout_seconds": 0.2}), ROWS, secret=url)


def test_a_connection_that_is_cut_leaves_the_table_as_it_was_and_is_transient(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "create function cut() returns trigger language plpgsql as "
            "$$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$"
        )
        connection.execute("create trigger cut before insert on shop.stock for each row execute function cut()")

    with pytest.raises(TransientFault, match="terminating connection"):
        ship(declare(**REPLACING), ROWS, secret=url)

    assert ask(url, "select count(*) from shop.stock") == [(2,)]
