"""Published snapshots in Postgres: a table a version, a view of the current ones.

Publishing copies into a new table, attaches it to the table of all versions and moves the pointer, in one transaction.
The view joins the pointers, so that whoever reads sees the rows and the pointer of one moment, and nobody waits: moving
back is a move of the pointer alone. Nothing is ever edited.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from psycopg import sql
from sqlalchemy import Connection

from data_pipeline.errors import RequestError, SpecError
from data_pipeline.model.rows import Rows
from data_pipeline.model.snapshots import Candidate, Completeness, Manifest, Published
from data_pipeline.persist.tracking import Row, rows_of, run

SCHEMA = "snapshots"
POSTGRES_TYPES = {
    pl.String: "text",
    pl.Int64: "bigint",
    pl.Float64: "double precision",
    pl.Date: "date",
    pl.Boolean: "boolean",
    pl.Datetime: "timestamp with time zone",  # always in UTC
}


@dataclass(frozen=True)
class SnapshotDay:
    """One pipeline and business date in the database."""

    pipeline: str
    pipeline_id: uuid.UUID
    business_date: dt.date

    @property
    def view(self) -> str:
        """What readers query: the current version of every business date."""
        return name_view(self.pipeline)

    def table_name(self, version: int) -> str:
        """The table of one version, below SCHEMA."""
        return f"{self.pipeline}_{self.business_date:%Y%m%d}_v{version}"

    @property
    def key(self) -> dict[str, object]:
        """Parameters of the queries about this day."""
        return {"pipeline_id": self.pipeline_id, "business_date": self.business_date}


def name_view(pipeline: str) -> str:
    """The view of a pipeline's current versions."""
    return f"{pipeline}_snapshot"


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
    rows: Rows,
    *,
    version: int,
    content_hash: str,
    parquet_path: Path,
    dagster_run_id: str | None,
    grain: tuple[str, ...],
) -> Published:
    """Writes a version, makes it the current one and records it, all in the caller's transaction.

    The pipeline's relations were defined before.
    Shape: `rows` are the candidate's with business_date, snapshot_id and snapshot_version.
    """
    table = day.table_name(version)
    create_table(connection, day, table, rows, snapshot_id=candidate.manifest.snapshot_id, grain=grain)
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
    run(connection, "clear_current", **day.key)
    run(connection, "set_current", **day.key, version=version)
    from_version = current.version if current else None
    run(connection, "record_move", **day.key, from_version=from_version, to_version=version, reason=reason, actor=actor)
    moved = find_snapshot(connection, day, "find_version", version=version)
    assert moved is not None
    return moved


def select(connection: Connection, statement: str) -> list[Row]:
    """Rows of a SELECT over published tables."""
    return [dict(row) for row in connection.exec_driver_sql(statement).mappings()]


def define_relations(connection: Connection, pipeline: str, schema: pl.Schema, marts: Mapping[str, str]) -> None:
    """Makes the table of all versions, the views of it and the marts (name -> SELECT) fit a declaration.

    Readers lock mart, view and table in this order, and so does this, but only when something was declared otherwise.
    Raises: SpecError when a column changed its type.
    """
    columns, table = declare_columns(pipeline, schema), sql.Identifier(SCHEMA, pipeline)
    views = {
        name_view(pipeline): sql.SQL(
            "select versions.* from {} as versions "
            "join snapshots on snapshots.id::text = versions.snapshot_id and snapshots.is_current"
        ).format(table),
        f"{name_view(pipeline)}_versions": sql.SQL("select * from {}").format(table),
    }
    declaration = [columns, *(as_text(connection, shown) for shown in views.values()), dict(marts)]
    declared = hashlib.sha256(json.dumps(declaration).encode()).hexdigest()
    if is_declared(connection, pipeline, declared):
        return
    run(connection, "lock_relations", pipeline=pipeline)
    if is_declared(connection, pipeline, declared):  # by whoever held the lock
        return
    for mart in marts:  # a view's columns cannot be changed in place
        execute(connection, sql.SQL("drop view if exists {}").format(sql.Identifier(mart)))
    for view in views:
        if rows_of(connection, "list_columns", table=view):
            execute(connection, sql.SQL("lock table {} in access exclusive mode").format(sql.Identifier(view)))
    add_columns(connection, pipeline, columns)
    for view, shown in views.items():
        execute(connection, sql.SQL("create or replace view {} as {}").format(sql.Identifier(view), shown))
    for mart, select_mart in marts.items():
        execute(connection, sql.SQL("create view {} as {}").format(sql.Identifier(mart), sql.SQL(select_mart)))
    note = sql.SQL("comment on view {} is {}").format(sql.Identifier(name_view(pipeline)), sql.Literal(declared))
    execute(connection, note)


def is_declared(connection: Connection, pipeline: str, declared: str) -> bool:
    """Whether the relations were last defined for this very declaration."""
    [row] = rows_of(connection, "describe_view", view=name_view(pipeline))
    return bool(row["comment"] == declared)


def add_columns(connection: Connection, pipeline: str, columns: Mapping[str, str]) -> None:
    """Creates the table of versions at first use, and adds what a newer declaration brought.

    Raises: SpecError when a column changed its type.
    """
    table = sql.Identifier(SCHEMA, pipeline)
    declared = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()
    )
    create = sql.SQL("create table if not exists {} ({}) partition by list (snapshot_id)")
    execute(connection, create.format(table, declared))
    existing = {row["name"]: row["type"] for row in rows_of(connection, "list_columns", table=f"{SCHEMA}.{pipeline}")}
    for name, kind in columns.items():
        if existing.get(name, kind) != kind:
            raise SpecError(
                f"pipeline {pipeline!r}, column {name!r}: published as {existing[name]} before, now {kind}. "
                "Published versions are never edited: give the column another name."
            )
        if name not in existing:
            add = sql.SQL("alter table {} add column {} {}").format(table, sql.Identifier(name), sql.SQL(kind))
            execute(connection, add)


def declare_columns(pipeline: str, schema: pl.Schema) -> dict[str, str]:
    """Column name -> its type in Postgres.

    Raises: SpecError for a type that is not published.
    """
    for name, dtype in schema.items():
        if dtype.base_type() not in POSTGRES_TYPES:
            known = ", ".join(str(known) for known in POSTGRES_TYPES)
            raise SpecError(f"pipeline {pipeline!r}, column {name!r}: type {dtype} cannot be published; known: {known}")
    return {name: POSTGRES_TYPES[dtype.base_type()] for name, dtype in schema.items()}


def create_table(
    connection: Connection,
    day: SnapshotDay,
    table: str,
    rows: Rows,
    *,
    snapshot_id: uuid.UUID,
    grain: tuple[str, ...],
) -> None:
    """A version's table, filled by COPY, keyed by the grain, attached to the table of all versions."""
    name, versions = sql.Identifier(SCHEMA, table), sql.Identifier(SCHEMA, day.pipeline)
    is_version = sql.SQL("snapshot_id is not null and snapshot_id = {}").format(sql.Literal(str(snapshot_id)))
    is_day = sql.SQL("business_date = {}").format(sql.Literal(day.business_date))
    # With the first check, attaching need not read the rows again; with the second, a query for a date skips others.
    create = sql.SQL("create table {} (like {}, check ({}), check ({}))").format(name, versions, is_version, is_day)
    execute(connection, create)
    copy_csv(connection, name, rows)
    key = sql.SQL(", ").join(map(sql.Identifier, grain))
    execute(connection, sql.SQL("alter table {} add primary key ({})").format(name, key))
    attach = sql.SQL("alter table {} attach partition {} for values in ({})")
    execute(connection, attach.format(versions, name, sql.Literal(str(snapshot_id))))


def copy_csv(connection: Connection, table: sql.Identifier, rows: Rows) -> None:
    """Rows by COPY, columns by name. In CSV an empty field is null and "" is the empty text, for both sides."""
    columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    statement = sql.SQL("copy {} ({}) from stdin (format csv)").format(table, columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in rows.iter_slices(50_000):
            copy.write(piece.write_csv(include_header=False))


def execute(connection: Connection, statement: sql.Composable) -> None:
    """Runs a statement whose identifiers are quoted."""
    connection.exec_driver_sql(as_text(connection, statement))


def as_text(connection: Connection, statement: sql.Composable) -> str:
    """The statement as SQL text; exec_driver_sql without parameters takes % literally."""
    driver = connection.connection.driver_connection
    return statement.as_string(driver)
