"""Rules of the open database: which URL, which errors, whose lock."""

import multiprocessing
import signal
import subprocess
import sys

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from data_pipeline.errors import DatabaseError
from data_pipeline.persist.database import Database, normalise_url, open_database, resolve_url, with_driver
from data_pipeline.settings import Settings

HOLD_LOCK = """
import sys, time
from data_pipeline.persist.database import connect_database
with connect_database(sys.argv[1], 0).hold_lock("morning"):
    print("held", flush=True)
    time.sleep(60)
"""
COUNT_STORES = text("select count(*) from stores")
ADD_STORE = text("insert into stores (name) values ('Padang')")


def point_to(url: str) -> Settings:
    """Settings with another database."""
    return Settings(database_url=SecretStr(url))


def try_lock(database: Database, name: str) -> bool:
    """Whether nobody holds the lock; takes it for a moment."""
    statement = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    with database.transaction() as connection:
        return bool(connection.execute(statement, {"name": name}).scalar())


def count_stores(database: Database) -> int:
    """Committed rows of the table that these tests write to."""
    with database.transaction() as connection:
        return int(connection.execute(COUNT_STORES).scalar_one())


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_usual_scheme_is_accepted(scheme: str) -> None:
    url = resolve_url(point_to(f" {scheme}://me:p%40ss@db.example:5433/shop?sslmode=require\n"))

    assert url == "postgresql://me:p%40ss@db.example:5433/shop?sslmode=require"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql://me:hunter2@db/shop", "found scheme 'mysql'"),
        ("sqlite:///shop.db", "found scheme 'sqlite'"),
        ("me:hunter2@db/shop", "found scheme none"),
        ("me:hunter2@db://shop", "found scheme none"),
        ("host=db password=hunter2", "found scheme none"),
    ],
)
def test_another_scheme_is_refused_with_the_accepted_ones(url: str, found: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        normalise_url(url)

    assert str(caught.value) == (
        "DATA_PIPELINE_DATABASE_URL: expected a URL that starts with one of postgresql://, postgres://, "
        f"postgresql+psycopg://, postgresql+psycopg2://; {found}."
    )


@pytest.mark.parametrize(
    "rest",
    ["me:hunter2@x@db/shop", "me:hunter2/x@db:5432/shop", "me:hunter2@db:port/shop", "me:hunter2@db/shop?sslmod=x"],
    ids=["at in password", "slash in password", "port in words", "unknown option"],
)
def test_a_malformed_url_is_refused_without_its_password(rest: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        normalise_url(f"postgresql://{rest}")

    assert "expected postgresql://user:password@host:port/database" in str(caught.value)
    assert "as %40" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_driver_goes_into_the_scheme() -> None:
    assert with_driver("postgresql://me@db/shop", "psycopg2") == "postgresql+psycopg2://me@db/shop"


@pytest.mark.postgres
class TestDatabase:
    """On a migrated database."""

    def test_it_is_opened_once_a_process(self, settings: Settings, database: Database) -> None:
        assert open_database(settings) is database

    def test_a_forked_child_opens_its_own(self, settings: Settings, database: Database) -> None:
        context = multiprocessing.get_context("fork")
        outcomes: multiprocessing.SimpleQueue[bool] = context.SimpleQueue()
        child = context.Process(target=lambda: outcomes.put(open_database(settings) is database))

        child.start()
        child.join()

        assert outcomes.get() is False

    def test_its_repr_hides_the_password(self, database: Database) -> None:
        shown = Database("postgresql://me:hunter2@db/shop", database.engine)

        assert "hunter2" not in repr(shown)

    def test_a_transaction_is_committed_at_its_end(self, database: Database) -> None:
        with database.transaction() as connection:
            connection.execute(ADD_STORE)

        assert count_stores(database) == 1

    def test_an_error_undoes_the_transaction_and_passes(self, database: Database) -> None:
        twice = text("insert into stores (name) values ('Medan'), ('Padang'), ('Padang')")

        with pytest.raises(IntegrityError), database.transaction() as connection:
            connection.execute(twice)

        assert count_stores(database) == 0

    def test_raw_copies_in_one_transaction(self, database: Database) -> None:
        with database.raw() as connection, connection.cursor() as cursor:
            with cursor.copy("copy stores (name) from stdin") as copy:
                copy.write("Padang\nMedan\n")
            inside = count_stores(database)

        assert (inside, count_stores(database)) == (0, 2)

    def test_raw_cannot_be_committed_half_way(self, database: Database) -> None:
        with pytest.raises(psycopg.ProgrammingError, match="commit"), database.raw() as connection:
            connection.commit()

    def test_a_lost_connection_is_one_error_and_the_next_one_works(self, database: Database) -> None:
        with pytest.raises(DatabaseError) as caught, database.transaction() as connection:
            connection.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")

        assert "run the command again" in str(caught.value)
        assert count_stores(database) == 0

    def test_idle_connections_that_were_cut_are_not_noticed(self, database: Database) -> None:
        with database.transaction() as one, database.transaction() as other:
            pids = [connection.exec_driver_sql("select pg_backend_pid()").scalar() for connection in (one, other)]
        with database.hold_lock("admin"), database.connect_alone() as admin:
            admin.execute("select pg_terminate_backend(pid, 5000) from unnest(%s::int[]) as pid", [pids])

        assert count_stores(database) == 0

    def test_a_read_only_database_is_said_to_be_one(self, database: Database) -> None:
        statements = "set transaction read only; insert into stores (name) values ('Padang')"

        with pytest.raises(DatabaseError, match=r"\. The database is read-only"), database.raw() as connection:
            connection.execute(statements)

    def test_a_lock_is_held_until_its_block_ends(self, database: Database) -> None:
        with database.hold_lock("morning"):
            inside = (try_lock(database, "morning"), try_lock(database, "evening"))

        assert inside == (False, True)
        assert try_lock(database, "morning")

    def test_a_lock_is_freed_by_an_error_in_its_block(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError), database.hold_lock("morning"):
            _ = 1 // 0

        with database.hold_lock("morning"):
            pass

    def test_a_lock_is_freed_when_its_holder_is_killed(self, database: Database) -> None:
        command = [sys.executable, "-c", HOLD_LOCK, database.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            while_alive = try_lock(database, "morning")
            holder.send_signal(signal.SIGKILL)

        with database.hold_lock("morning"):
            pass
        assert not while_alive

    def test_a_lock_that_was_lost_on_the_way_is_reported(self, database: Database) -> None:
        cut = (
            "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory' and database ="
            " (select oid from pg_database where datname = current_database())"
        )

        with pytest.raises(DatabaseError, match="again"), database.hold_lock("morning"), database.raw() as connection:
            connection.execute(cut)
