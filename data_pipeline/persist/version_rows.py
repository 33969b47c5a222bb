"""Published rows, read back from Postgres in publishing order."""

from collections.abc import Iterator

import polars as pl
from psycopg import sql
from sqlalchemy import Connection

from data_pipeline.model.rows import SLICE_ROWS, Rows
from data_pipeline.persist.snapshots import POSTGRES_TYPES, SnapshotDay, as_text
from data_pipeline.persist.tracking import rows_of

MOMENT = pl.Datetime("us", "UTC")
POLARS_TYPES = {kind: MOMENT if dtype is pl.Datetime else dtype() for dtype, kind in POSTGRES_TYPES.items()}


def load_rows(connection: Connection, day: SnapshotDay) -> pl.DataFrame:
    """The current rows of a day."""
    statement = sql.SQL("select * from {} where business_date = {} order by position").format(
        sql.Identifier(day.view), sql.Literal(day.business_date)
    )
    return pl.read_database(as_text(connection, statement), connection)


def open_version(connection: Connection, table_name: str) -> Rows:
    """The rows of one version, current or not; each pass asks the connection, which must live as long."""
    schema, _, table = table_name.partition(".")
    columns = {row["name"]: POLARS_TYPES[row["type"]] for row in rows_of(connection, "list_columns", table=table_name)}
    statement = sql.SQL("select * from {} order by position").format(sql.Identifier(schema, table))
    text = as_text(connection, statement)

    def read() -> Iterator[pl.DataFrame]:
        return pl.read_database(
            text,
            connection,
            iter_batches=True,
            batch_size=SLICE_ROWS,
            schema_overrides=columns,
            execute_options={"execution_options": {"stream_results": True, "max_row_buffer": SLICE_ROWS}},
        )

    return Rows(read, pl.Schema(columns))
