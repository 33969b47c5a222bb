"""Published snapshots in Postgres: one table a version, the pipeline's own table attaches the current one.

Publishing copies into a new table and attaches it in the transaction that moves the pointer: readers wait for
milliseconds and never see half a date. Undoing a day attaches an older table again. Nothing is ever edited.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from psycopg import sql
from sqlalchemy import Connection

from data_pipeline.errors import RequestError, SpecError
from data_pipeline.model.snapshots import Candidate, Completeness, Manifest, Published
from data_pipeline.persist.tracking import Row, rows_of, run

SCHEMA = "snapshots"
POSTGRES_TYPES = {
    pl.String: "text",
    pl.Int64: "bigint",
    pl.Float64: "double precision",
    pl.Date: "date",
    pl.Boolean: "boolean",
}


@dataclass(frozen=True)
class SnapshotDay:
    """One pipeline and business date in the database."""

    pipeline: str
    pipeline_id: uuid.UUID
    business_date: dt.date

    @property
    def parent(self) -> str:
        """The table that readers query; partitioned by business date."""
        return f"{self.pipeline}_snapshot"

    def table_name(self, version: int) -> str:
        """The table of one version, below SCHEMA."""
        return f"{self.pipeline}_{self.business_date:%Y%m%d}_v{version}"

    @property
    def key(self) -> dict[str, object]:
        """Parameters of the queries about this day."""
        return {"pipeline_id": self.pipeline_id, "business_date": self.business_date}


def find_snapshot(connection: Connection, day: SnapshotDay, name: str, **parameters: object) -> Published | None:
    """The snapshot that a query finds, or None."""
    found = rows_of(connection, name, **day.key, **parameters)
    return as_published(day.pipeline, found[0]) if found else None


def as_published(pipeline: str, row: Row, *, is_new: bool = False) -> Published:
    """A row of `snapshots` as the noun."""
    return Published(
        id=row["id"],
        pipeline=pipeline,
        business_date=row["business_date"],
        version=row["version"],
        is_current=row["is_current"],
        is_new=is_new,
        row_count=row["row_count"],
        content_hash=row["content_hash"],
        manifest=Manifest.model_validate(row["manifest"]),
        completeness=Completeness.model_validate(row["completeness"]),
        table_name=row["table_name"],
        parquet_path=Path(row["parquet_path"]),
    )


def next_version(connection: Connection, day: SnapshotDay) -> int:
    """The number that the next publication of a day gets; the caller holds the date's lock."""
    [row] = rows_of(connection, "next_version", **day.key)
    return int(row["version"])


def publish_rows(  # noqa: PLR0913 - everything one publication consists of
    connection: Connection,
    day: SnapshotDay,
    candidate: Candidate,
    rows: pl.DataFrame,
    *,
    version: int,
    content_hash: str,
    parquet_path: Path,
    dagster_run_id: str | None,
    grain: tuple[str, ...],
) -> Published:
    """Writes a version, makes it the current one and records it, all in the caller's transaction.

    Shape: `rows` are the candidate's with business_date, snapshot_id and snapshot_version.
    """
    table = day.table_name(version)
    ensure_parent(connection, day, rows.schema)
    create_table(connection, day, table, rows, grain=grain)
    attach(connection, day, table)
    run(connection, "clear_current", **day.key)
    [row] = rows_of(
        connection,
        "insert_snapshot",
        **day.key,
        id=candidate.manifest.snapshot_id,
        dagster_run_id=dagster_run_id,
        version=version,
        manifest=candidate.manifest.model_dump_json(),
        manifest_hash=candidate.manifest.hash,
        content_hash=content_hash,
        row_count=rows.height,
        completeness=candidate.completeness.model_dump_json(),
        is_final=candidate.completeness.is_final,
        table_name=f"{SCHEMA}.{table}",
        parquet_path=str(parquet_path),
    )
    return as_published(day.pipeline, row, is_new=True)


def move_pointer(connection: Connection, day: SnapshotDay, version: int, *, reason: str, actor: str) -> Published:
    """Makes another version the current one.

    Raises: RequestError when that version does not exist.
    """
    target = find_snapshot(connection, day, "find_version", version=version)
    if target is None:
        known = ", ".join(str(row["version"]) for row in rows_of(connection, "list_versions", **day.key)) or "none"
        raise RequestError(
            f"{day.pipeline} {day.business_date}: version {version} was never published; published versions: {known}"
        )
    current = find_snapshot(connection, day, "find_current_snapshot")
    if current is not None and current.version == version:
        return target
    attach(connection, day, target.table_name.removeprefix(f"{SCHEMA}."))
    run(connection, "clear_current", **day.key)
    run(connection, "set_current", **day.key, version=version)
    from_version = current.version if current else None
    run(connection, "record_move", **day.key, from_version=from_version, to_version=version, reason=reason, actor=actor)
    moved = find_snapshot(connection, day, "find_version", version=version)
    assert moved is not None
    return moved


def load_rows(connection: Connection, day: SnapshotDay) -> pl.DataFrame:
    """The current rows of a day, in publishing order."""
    statement = sql.SQL("select * from {} where business_date = {} order by position").format(
        sql.Identifier(day.parent), sql.Literal(day.business_date)
    )
    return pl.read_database(as_text(connection, statement), connection)


def select(connection: Connection, statement: str) -> list[Row]:
    """Rows of a SELECT over published tables."""
    return [dict(row) for row in connection.exec_driver_sql(statement).mappings()]


def load_version(connection: Connection, published: Published) -> pl.DataFrame:
    """The rows of one version, current or not, in publishing order."""
    schema, _, table = published.table_name.partition(".")
    statement = sql.SQL("select * from {} order by position").format(sql.Identifier(schema, table))
    return pl.read_database(as_text(connection, statement), connection)


def ensure_parent(connection: Connection, day: SnapshotDay, schema: pl.Schema) -> None:
    """Creates the partitioned table at first use; adds columns that a newer declaration brought."""
    columns = declare_columns(day.pipeline, schema)
    existing = {row["name"] for row in rows_of(connection, "list_columns", table=day.parent)}
    if not existing:
        declared = sql.SQL(", ").join(columns.values())
        execute(
            connection,
            sql.SQL("create table if not exists {} ({}) partition by list (business_date)").format(
                sql.Identifier(day.parent), declared
            ),
        )
    add_columns(
        connection, sql.Identifier(day.parent), {n: c for n, c in columns.items() if existing and n not in existing}
    )


def declare_columns(pipeline: str, schema: pl.Schema) -> dict[str, sql.Composable]:
    """Column name -> its declaration.

    Raises: SpecError for a type that is not published.
    """
    declared: dict[str, sql.Composable] = {}
    for name, dtype in schema.items():
        if dtype.base_type() not in POSTGRES_TYPES:
            known = ", ".join(str(known) for known in POSTGRES_TYPES)
            raise SpecError(f"pipeline {pipeline!r}, column {name!r}: type {dtype} cannot be published; known: {known}")
        declared[name] = sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(POSTGRES_TYPES[dtype.base_type()]))
    return declared


def create_table(
    connection: Connection, day: SnapshotDay, table: str, rows: pl.DataFrame, *, grain: tuple[str, ...]
) -> None:
    """A version's table, filled by COPY and keyed by the grain."""
    name = sql.Identifier(SCHEMA, table)
    columns = declare_columns(day.pipeline, rows.schema)
    # With this constraint, attaching need not read the rows again.
    is_day = sql.SQL("check (business_date is not null and business_date = {})").format(sql.Literal(day.business_date))
    execute(connection, sql.SQL("create table {} ({}, {})").format(name, sql.SQL(", ").join(columns.values()), is_day))
    copy_csv(connection, name, rows)
    key = sql.SQL(", ").join(map(sql.Identifier, grain))
    execute(connection, sql.SQL("alter table {} add primary key ({})").format(name, key))


def copy_csv(connection: Connection, table: sql.Identifier, rows: pl.DataFrame) -> None:
    """Rows by COPY, columns by name. In CSV an empty field is null and "" is the empty text, for both sides."""
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(table, columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in rows.iter_slices(50_000):
            copy.write(piece.write_csv(include_header=False))


def attach(connection: Connection, day: SnapshotDay, table: str) -> None:
    """Lets the pipeline's table show another version of a day."""
    parent = sql.Identifier(day.parent)
    current = find_snapshot(connection, day, "find_current_snapshot")
    if current is not None:
        shown = sql.Identifier(SCHEMA, current.table_name.removeprefix(f"{SCHEMA}."))
        execute(connection, sql.SQL("alter table {} detach partition {}").format(parent, shown))
    align_columns(connection, day, table)
    value = sql.Literal(day.business_date)
    execute(
        connection,
        sql.SQL("alter table {} attach partition {} for values in ({})").format(
            parent, sql.Identifier(SCHEMA, table), value
        ),
    )


def align_columns(connection: Connection, day: SnapshotDay, table: str) -> None:
    """An older version's table may lack columns that came later, and a later parent those that went."""
    parent = {row["name"]: row["type"] for row in rows_of(connection, "list_columns", table=day.parent)}
    child = {row["name"]: row["type"] for row in rows_of(connection, "list_columns", table=f"{SCHEMA}.{table}")}
    add_columns(connection, sql.Identifier(SCHEMA, table), declare_missing(parent, child))
    add_columns(connection, sql.Identifier(day.parent), declare_missing(child, parent))


def declare_missing(wanted: dict[str, str], present: dict[str, str]) -> dict[str, sql.Composable]:
    """Declarations of the columns that are not there yet."""
    return {
        name: sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in wanted.items()
        if name not in present
    }


def add_columns(connection: Connection, table: sql.Identifier, columns: dict[str, sql.Composable]) -> None:
    """Adds nullable columns to a table."""
    for declared in columns.values():
        execute(connection, sql.SQL("alter table {} add column {}").format(table, declared))


def replace_view(connection: Connection, name: str, select: str) -> None:
    """Defines a mart anew; a view's columns cannot be changed in place."""
    execute(connection, sql.SQL("drop view if exists {}").format(sql.Identifier(name)))
    execute(connection, sql.SQL("create view {} as {}").format(sql.Identifier(name), sql.SQL(select)))


def execute(connection: Connection, statement: sql.Composable) -> None:
    """Runs a statement whose identifiers are quoted."""
    connection.exec_driver_sql(as_text(connection, statement))


def as_text(connection: Connection, statement: sql.Composable) -> str:
    """The statement as SQL text; exec_driver_sql without parameters takes % literally."""
    driver = connection.connection.driver_connection
    return statement.as_string(driver)
