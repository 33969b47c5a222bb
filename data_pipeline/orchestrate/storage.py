"""Dagster's own storage on the product's Postgres; dagster.yaml names this class.

Stays out: the product's tables. They lie in schema `public`, Dagster's in schema `dagster` of the same database.
https://docs.dagster.io/deployment/oss/dagster-yaml
"""

import functools
import os
from typing import Any

from dagster_postgres import DagsterPostgresStorage

from data_pipeline.persist.database import open_pool, preparing_schema, resolve_url, with_driver
from data_pipeline.settings import Settings

SCHEMA = "dagster"


class ProductStorage(DagsterPostgresStorage):
    """Postgres storage that starts the embedded server when nobody has yet, with connections that a process keeps.

    By itself Dagster opens an instance for every look of a sensor, and a connection for every query of an instance.
    """

    @classmethod
    def config_type(cls) -> Any:
        """Nothing to configure: the environment says where the database is."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "ProductStorage":
        """Opens the storage. Raises: DatabaseError."""
        url = resolve_url(Settings.from_env())
        separator = "&" if "?" in url else "?"
        # dagster-postgres speaks psycopg2 only; with SQLAlchemy 2.1 the plain scheme means psycopg 3
        postgres_url = with_driver(f"{url}{separator}options=-csearch_path%3D{SCHEMA}", "psycopg2")
        pool = open_prepared(url, postgres_url, os.getpid())
        storage = cls(postgres_url=postgres_url, should_autocreate_tables=False, inst_data=inst_data)
        parts: list[Any] = [storage.run_storage, storage.event_log_storage, storage.schedule_storage]
        for part in parts:
            part._engine = pool  # nothing public takes one
        return storage


@functools.cache
def open_prepared(url: str, postgres_url: str, process_id: int) -> Any:
    """The pool of one process on a database that has Dagster's tables."""
    with preparing_schema(url, SCHEMA):  # it makes its tables as it opens, and warns of another that does
        ProductStorage(postgres_url=postgres_url)
    return open_pool(postgres_url, isolation_level="AUTOCOMMIT")
