"""Pipelines and batches of programs: what the named queries cannot say."""

import functools
from collections.abc import Mapping

from psycopg import sql
from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from data_pipeline.persist.database import Database
from data_pipeline.persist.snapshots import SCHEMA, execute
from data_pipeline.persist.sql import query
from data_pipeline.persist.tracking import Row


def insert_posted(database: Database, posted: Mapping[str, object]) -> list[Row] | None:
    """The batch as it was kept; none when the owner has no such active pipeline; None when its key was used before.

    The whole transaction is one call: whoever posts waits for one flush to disk and for little else.
    Raises: DatabaseError when the server is out of reach.
    """
    try:
        with database.lend() as connection:
            return connection.cursor(row_factory=dict_row).execute(as_sent("insert_posted"), posted).fetchall()
    except UniqueViolation as error:
        if error.diag.table_name != "idempotency_keys":
            raise
        return None


@functools.cache
def as_sent(name: str) -> bytes:
    """A named query with its parameters as the driver wants them."""
    return str(query(name).compile(dialect=PGDialect_psycopg())).encode()  # type: ignore[no-untyped-call]


def drop_relations(connection: Connection, pipeline: str) -> None:
    """Removes what a pipeline published from the database: every version's table, and the views of them."""
    statement = sql.SQL("drop table if exists {} cascade").format(sql.Identifier(SCHEMA, pipeline))
    execute(connection, statement)
