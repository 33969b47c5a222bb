"""Dagster's own storage on the product's Postgres; dagster.yaml names this class.

Stays out: the product's tables. They lie in schema `public`, Dagster's in schema `dagster` of the same database.
https://docs.dagster.io/deployment/oss/dagster-yaml
"""

from typing import Any

from dagster_postgres import DagsterPostgresStorage

from data_pipeline.persist.database import preparing_schema, resolve_url, with_driver
from data_pipeline.settings import Settings

SCHEMA = "dagster"


class ProductStorage(DagsterPostgresStorage):
    """Postgres storage that starts the embedded server when nobody has yet."""

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
        with preparing_schema(url, SCHEMA):  # it makes its tables as it opens, and warns of another that does
            return cls(postgres_url=postgres_url, inst_data=inst_data)
