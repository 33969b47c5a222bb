"""Settings -> a migrated Postgres with pooled connections, transactions and locks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

import psycopg
import sqlalchemy
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from data_pipeline.errors import DatabaseError
from data_pipeline.persist.database_errors import SETTING, database_errors, describe_url
from data_pipeline.persist.embedded import ensure_server
from data_pipeline.persist.migrate import upgrade

ACCEPTED_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2")
OLDEST_SERVER = 14
RECYCLE_SECONDS = 1800  # shorter than the idle time after which firewalls forget a connection
CONNECT_OPTIONS = {
    "connect_timeout": 10,
    "keepalives_idle": 30,  # a server that vanished is noticed, and notices us, within a minute, not in two hours
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "data_pipeline",
}


class DatabaseSettings(Protocol):
    """The part of Settings that says where the database is; settings lie above this layer."""

    @property
    def home(self) -> Path: ...

    @property
    def database_url(self) -> SecretStr | None: ...


@dataclass(frozen=True)
class Database:
    """One Postgres database whose schema fits this release."""

    url: str = field(repr=False)  # holds the password
    engine: Engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, undone on an error.

        Raises: DatabaseError when the server is out of reach or out of space.
        """
        with database_errors(self.url), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def raw(self) -> Iterator[psycopg.Connection]:
        """The same as the driver's own connection, for COPY; it refuses a commit of its own in between.

        Raises: DatabaseError when the server is out of reach or out of space.
        """
        with self.transaction() as connection:
            driver_connection = cast(psycopg.Connection, connection.connection.driver_connection)
            with driver_connection.transaction():
                yield driver_connection

    @contextmanager
    def lend(self) -> Iterator[psycopg.Connection]:
        """A connection of the pool on which each statement is a transaction by itself.

        Raises: DatabaseError when the server is out of reach or out of space.
        """
        with database_errors(self.url):
            lent = self.engine.raw_connection()
            connection = cast(psycopg.Connection, lent.driver_connection)
            try:
                connection.autocommit = True
                yield connection
            except psycopg.OperationalError:
                lent.invalidate()
                raise
            finally:
                if not connection.closed:
                    connection.autocommit = False
                lent.close()

    @contextmanager
    def hold_lock(self, name: str) -> Iterator[None]:
        """Wait for the lock of this name among all processes on the database, and hold it; it is not reentrant.

        The lock belongs to a connection of its own, so that the server frees it when this process dies.

        Raises: DatabaseError when the server is out of reach, or at the end if the lock was lost on the way.
        """
        with database_errors(self.url), self.connect_alone() as connection:
            connection.execute("set idle_session_timeout = 0")
            connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [name])
            yield
            connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [name])

    def connect_alone(self) -> psycopg.Connection:
        """A connection outside the pool and outside any transaction."""
        _, options = self.engine.dialect.create_connect_args(self.engine.url)
        return psycopg.connect(**{**CONNECT_OPTIONS, **options}, autocommit=True)


def open_database(settings: DatabaseSettings) -> Database:
    """The settings' database, with pending migrations applied; one pool per URL and process.

    Raises: DatabaseError when it is out of reach, MigrationError when schema and release do not fit together.
    """
    return connect_database(resolve_url(settings), os.getpid())


@cache
def connect_database(url: str, process_id: int) -> Database:
    """Make the pool of one process; a forked child must not talk on its parent's connections."""
    target = make_url(with_driver(url, "psycopg"))
    given = {name: value for name, value in CONNECT_OPTIONS.items() if name not in target.query}
    engine = open_pool(target, connect_args=given)
    try:
        require_version(engine)
        upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return Database(url, engine)


def open_pool(url: str | sqlalchemy.URL, **options: Any) -> sqlalchemy.Engine:
    """Connections that are kept, and tried before they are given out: the server may have died meanwhile."""
    return sqlalchemy.create_engine(
        url, pool_size=5, max_overflow=5, pool_pre_ping=True, pool_recycle=RECYCLE_SECONDS, **options
    )


def require_version(engine: Engine) -> None:
    """Refuse a server that is older than what our SQL needs."""
    with database_errors(engine.url), engine.connect() as connection:
        found = cast(Any, connection.connection.driver_connection).info.server_version // 10000
    if found < OLDEST_SERVER:
        raise DatabaseError(
            f"{describe_url(engine.url)}: expected PostgreSQL {OLDEST_SERVER} or newer, found {found}. "
            f"Upgrade it, or set {SETTING} to another."
        )


def resolve_url(settings: DatabaseSettings) -> str:
    """libpq URL of the configured database, or of the embedded one, which is started when it does not run."""
    if settings.database_url is None:
        return ensure_server(settings.home)
    return normalise_url(settings.database_url.get_secret_value().strip())


@contextmanager
def preparing_schema(url: str, name: str) -> Iterator[None]:
    """A schema, made unless it is there, that no second process fills with tables at the same moment.

    Raises: DatabaseError when the server is out of reach.
    """
    with database_errors(url), psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [f"schema {name}"])
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(name)))
        yield  # the lock goes with the connection


def with_driver(url: str, driver: str) -> str:
    """The URL as SQLAlchemy wants it for a driver; its plain 'postgresql://' means psycopg 3."""
    return f"postgresql+{driver}://{url.partition('://')[2]}"


def normalise_url(url: str) -> str:
    """'postgresql://…' for every accepted spelling.

    Raises: DatabaseError that names the accepted forms and shows nothing of the URL but its scheme.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ACCEPTED_SCHEMES:
        found = repr(scheme) if separator and "@" not in scheme else "none"
        schemes = ", ".join(f"{accepted}://" for accepted in ACCEPTED_SCHEMES)
        raise DatabaseError(f"{SETTING}: expected a URL that starts with one of {schemes}; found scheme {found}.")
    normalised = f"postgresql://{rest}"
    try:
        parts, read_by_libpq = make_url(normalised), conninfo_to_dict(normalised)
        same_password = read_by_libpq.get("password") == (parts.password or parts.query.get("password"))
        is_usable = same_password and "@" not in (parts.host or "")
    except (psycopg.ProgrammingError, ArgumentError, ValueError):  # not chained: their texts quote the password
        is_usable = False
    if not is_usable:
        raise DatabaseError(
            f"{SETTING}: expected postgresql://user:password@host:port/database, found something else after the "
            "scheme. Write special characters in user and password as %XX, for example '@' as %40 and '/' as %2F."
        )
    return normalised
