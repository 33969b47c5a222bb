"""Marts, SQL that the author of a pipeline wrote: tried on no rows in both databases before anything is published.

Annotations with DuckDB's types are quoted: it reports them as leaked when a module still names them at exit.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import polars as pl
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from data_pipeline.persist.database_errors import find_remedy, first_line
from data_pipeline.persist.snapshots import SCHEMA, as_text, declare_columns, execute, name_view
from data_pipeline.persist.tracking import rows_of


def list_shown_columns(connection: Connection, pipeline: str, schema: pl.Schema) -> dict[str, str]:
    """Column -> type of what marts look at: those of a snapshot and of all that were published before."""
    before = rows_of(connection, "list_columns", table=f"{SCHEMA}.{pipeline}")
    return {row["name"]: row["type"] for row in before} | declare_columns(pipeline, schema)


def try_in_postgres(
    connection: Connection, pipeline: str, columns: Mapping[str, str], marts: Mapping[str, str]
) -> tuple[str, str] | None:
    """The first mart (name -> SELECT) that Postgres does not take, and why; nothing of it stays."""
    trial = connection.begin_nested()
    try:
        for view in (name_view(pipeline), f"{name_view(pipeline)}_versions"):
            execute(connection, sql.SQL("create temp table {} ({})").format(sql.Identifier(view), declare(columns)))
        for mart, select in marts.items():
            reason = find_taken(connection, mart)
            if reason is None:
                reason = try_view(connection, mart, select)
            if reason is not None:
                return mart, reason
    finally:
        trial.rollback()
    return None


def find_taken(connection: Connection, mart: str) -> str | None:
    """Why no view can be called so, if that is so."""
    [row] = rows_of(connection, "find_relation", name=mart)
    return None if row["kind"] in (None, "v") else "a table is called so already"


def try_view(connection: Connection, mart: str, select: str) -> str | None:
    """Why Postgres does not take a view, if it does not."""
    statement = sql.SQL("create temp view {} as {}").format(sql.Identifier(mart), sql.SQL(select))
    try:
        execute(connection, statement)
    except DBAPIError as error:
        if find_remedy(error.orig) is not None:  # the server's fault, not the author's
            raise
        return first_line(error.orig)
    return None


def try_in_duckdb(
    connection: Connection, pipeline: str, columns: Mapping[str, str], marts: Mapping[str, str], catalog: Path
) -> tuple[str, str] | None:
    """The first mart that DuckDB does not take, and why; the views of other pipelines are those of its catalog."""
    with closing(duckdb.connect()) as trial:
        if catalog.exists():
            trial.execute(f"attach '{str(catalog).replace(chr(39), chr(39) * 2)}' as shown (read_only)")
            trial.execute("set search_path = 'memory.main,shown.main'")
        for view in (name_view(pipeline), f"{name_view(pipeline)}_versions"):
            table = sql.SQL("create table {} ({})").format(sql.Identifier(view), declare(columns))
            trial.execute(as_text(connection, table))
        for mart, select in marts.items():
            reason = declare_mart(trial, f'create view "{mart}" as {select}')
            if reason is not None:
                return mart, reason
    return None


def define_views(connection: "duckdb.DuckDBPyConnection", statements: Iterable[str], marts: Iterable[str]) -> None:
    """Makes the views of a catalog, those of marts last and in whatever order they need each other.

    The marts that DuckDB does not take are left out: they must not keep the others from being shown.
    """
    own = tuple(f'create view "{mart}" as ' for mart in marts)
    waiting: list[str] = []
    for statement in statements:
        if statement.startswith(own):
            waiting.append(statement)
        else:
            connection.execute(statement)
    count = None
    while len(waiting) != count:
        count = len(waiting)
        waiting = [statement for statement in waiting if declare_mart(connection, statement) is not None]


def find_fault(catalog: Path, select: str) -> str | None:
    """Why a mart cannot be had of a catalog, if it cannot; of one that is not there anything may be had."""
    if not catalog.exists():
        return None
    with closing(duckdb.connect(catalog, read_only=True)) as connection:
        return declare_mart(connection, f"explain {select}")


def declare_mart(connection: "duckdb.DuckDBPyConnection", statement: str) -> str | None:
    """Makes a mart's view, or says why DuckDB does not take it."""
    try:
        connection.execute(statement)
    except duckdb.Error as error:
        return first_line(error)
    return None


def declare(columns: Mapping[str, str]) -> sql.Composed:
    """Columns of a table."""
    return sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()
    )
