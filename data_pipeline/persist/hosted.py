"""Pipelines and batches of programs: what the named queries cannot say."""

from collections.abc import Mapping

from psycopg import sql
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from data_pipeline.persist.database import Database
from data_pipeline.persist.snapshots import SCHEMA, execute
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.persist.tracking import Row, rows_of


def insert_posted(database: Database, owner_id: str, posted: Mapping[str, object]) -> list[Row] | None:
    """The batch as it was kept; none when the owner has no such active pipeline; None when its key was used before.

    Raises: DatabaseError when the server is out of reach.
    """
    try:
        with acting_as(database, owner_id) as connection:
            return rows_of(connection, "insert_posted", **posted)
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation) or error.orig.diag.table_name != "idempotency_keys":
            raise
        return None


def drop_relations(connection: Connection, pipeline: str) -> None:
    """Removes what a pipeline published from the database: every version's table, and the views of them."""
    statement = sql.SQL("drop table if exists {} cascade").format(sql.Identifier(SCHEMA, pipeline))
    execute(connection, statement)
