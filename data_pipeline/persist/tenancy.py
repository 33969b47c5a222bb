"""Transactions in which one owner is all there is: the database itself shows no rows of others."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from data_pipeline.persist.database import Database
from data_pipeline.persist.tracking import rows_of


@contextmanager
def acting_as(database: Database, owner_id: str) -> Iterator[Connection]:
    """A transaction under the API's role: the policies of the tables show the owner's rows alone.

    Queries name the owner too. Either wall holds without the other.
    Raises: DatabaseError when the server is out of reach.
    """
    with database.transaction() as connection:
        rows_of(connection, "act_as", owner_id=owner_id)
        yield connection
