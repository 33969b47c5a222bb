"""Shipment -> a table of another Postgres, in one transaction: by COPY, the date replaced or rows updated by a key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from data_pipeline.model.destinations import PostgresDestination
from data_pipeline.model.repeats import find_repeats
from data_pipeline.model.rows import Rows
from data_pipeline.persist.database import CONNECT_OPTIONS
from data_pipeline.persist.database_errors import first_line
from data_pipeline.persist.destinations.bisection import Bisection
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.protection import PermanentFault, RowsRefused, TransientFault

PIECE_ROWS = 20_000  # copied and, when refused, halved together
# By SQLSTATE, or its first two characters. https://www.postgresql.org/docs/current/errcodes-appendix.html
OF_THE_ROWS = (  # the last: two rows of one key
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.CardinalityViolation,
)
TRANSIENT = ("08", "25006", "40", "53", "55P03", "57", "58")  # a standby, lost, full, locked, shutting down
# A connection that was never made carries no SQLSTATE; with these words of libpq the next attempt fails too.
PERMANENT_WORDS = ("password", "pg_hba.conf", "does not exist", "not permitted to log in", "invalid")
STAGED = "delivered_rows"


def name_postgres(destination: PostgresDestination) -> str:
    """The server behind a secret URL, by the secret's name."""
    return f"postgres {destination.url_from}"


def deliver_to_postgres(destination: PostgresDestination, shipment: Shipment, means: Means) -> list[Refusal]:
    """Writes all rows that the table takes, or nothing.

    Raises: DestinationError when the server or the table does not take them.
    """
    url = means.read_secret(destination.url_from)
    fixed = {destination.day_column: pl.lit(shipment.business_date)}
    if destination.pipeline_column is not None:
        fixed[destination.pipeline_column] = pl.lit(shipment.pipeline)
    rows, key = shipment.rows.map(lambda chunk: chunk.with_columns(**fixed)), destination.key
    # They would overwrite a row of the same delivery; the first row of a key stands.
    repeats = find_repeats(rows, key) if key else []
    refusals = means.guard.call(lambda: write_table(url, destination, shipment, rows, repeats))
    told = [Refusal(position, f"a row before it has the same key ({', '.join(key)})") for position in repeats]
    return sorted([*told, *refusals], key=lambda refusal: refusal.position)


def write_table(
    url: str, destination: PostgresDestination, shipment: Shipment, rows: Rows, repeats: list[int]
) -> list[Refusal]:
    """Writes all but the repeats, in one transaction; returns what the table refuses.

    Raises: TransientFault, PermanentFault, DestinationError; the table is then as before.
    """
    left_out = pl.Series(repeats, dtype=pl.Int64).implode()
    with connecting(url, timeout_seconds=destination.policy.timeout_seconds) as connection:
        connection.execute("set constraints all immediate")
        if not destination.key:
            delete_day(connection, destination, shipment)

        def write(first: int, piece: pl.DataFrame) -> None:
            position = pl.int_range(first, first + pl.len(), dtype=pl.Int64)
            copy_rows(connection, destination, piece.filter(~position.is_in(left_out)))

        bisection = Bisection(write, name=destination.name, most_refused=destination.most_refused_rows)
        for place, piece in enumerate(rows.iter_slices(PIECE_ROWS)):
            bisection.run(place * PIECE_ROWS, piece)
        return bisection.refusals


@contextmanager
def connecting(url: str, *, timeout_seconds: float) -> Iterator[psycopg.Connection]:
    """A transaction: committed at the end, undone on an error."""
    try:
        given = conninfo_to_dict(url)
        patience = f"-c statement_timeout={int(timeout_seconds * 1000)} -c lock_timeout={int(timeout_seconds * 1000)}"
        options: dict[str, Any] = {
            **CONNECT_OPTIONS,
            "connect_timeout": max(2, int(timeout_seconds)),
            "options": patience,
            **given,
        }
        with psycopg.connect(**options) as connection:
            yield connection
    except psycopg.Error as error:
        raise as_fault(error) from error


def as_fault(error: psycopg.Error) -> Exception:
    """Whether it is worth another attempt."""
    state, words = error.sqlstate or "", first_line(error)
    is_lost = not state and isinstance(error, psycopg.OperationalError)
    if state.startswith(TRANSIENT) or (is_lost and not any(word in str(error) for word in PERMANENT_WORDS)):
        return TransientFault(words)
    return PermanentFault(words)


def delete_day(connection: psycopg.Connection, destination: PostgresDestination, shipment: Shipment) -> None:
    """Takes away what the table holds of the pipeline and date."""
    conditions = [
        sql.SQL("{} = {}").format(sql.Identifier(destination.day_column), sql.Literal(shipment.business_date))
    ]
    if destination.pipeline_column is not None:
        of_pipeline = sql.SQL("{} = {}")
        names = sql.Identifier(destination.pipeline_column), sql.Literal(shipment.pipeline)
        conditions.append(of_pipeline.format(*names))
    statement = sql.SQL("delete from {} where {}")
    connection.execute(statement.format(name_table(destination), sql.SQL(" and ").join(conditions)))


def copy_rows(connection: psycopg.Connection, destination: PostgresDestination, rows: pl.DataFrame) -> None:
    """Some rows, all or none; columns by name.

    Raises: RowsRefused when the table does not take one of them.
    """
    table, columns = name_table(destination), sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    try:
        with connection.transaction(), connection.cursor() as cursor:
            if not destination.key:
                copy_csv(cursor, table, columns, rows)
                return
            staged = sql.Identifier(STAGED)
            like = sql.SQL("create temp table {} on commit drop as select {} from {} with no data")
            cursor.execute(like.format(staged, columns, table))
            copy_csv(cursor, staged, columns, rows)
            cursor.execute(write_upsert(destination, rows.columns))
            cursor.execute(sql.SQL("drop table {}").format(staged))
    except OF_THE_ROWS as error:
        raise RowsRefused(first_line(error)) from error


def copy_csv(cursor: psycopg.Cursor, table: sql.Composable, columns: sql.Composable, rows: pl.DataFrame) -> None:
    """Rows by COPY; in CSV an empty field is null and "" is the empty text, for both sides."""
    with cursor.copy(sql.SQL("copy {} ({}) from stdin (format csv)").format(table, columns)) as copy:
        copy.write(rows.write_csv(include_header=False))


def write_upsert(destination: PostgresDestination, columns: list[str]) -> sql.Composed:
    """Inserts the staged rows; those whose key is there take the place of what is there."""
    others = [sql.Identifier(column) for column in columns if column not in destination.key]
    updates = sql.SQL(", ").join(sql.SQL("{} = excluded.{}").format(column, column) for column in others)
    action = sql.SQL("update set {}").format(updates) if others else sql.SQL("nothing")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    key = sql.SQL(", ").join(map(sql.Identifier, destination.key))
    statement = sql.SQL("insert into {} ({}) select {} from {} on conflict ({}) do {}")
    return statement.format(name_table(destination), names, names, sql.Identifier(STAGED), key, action)


def name_table(destination: PostgresDestination) -> sql.Identifier:
    """The table, with its schema if one is declared."""
    return sql.Identifier(*destination.table.split("."))
