"""What a business date looks like now: one table for the terminal, the demo and Dagster's metadata."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from data_pipeline.errors import SpecError
from data_pipeline.flow.marts import find_broken_marts
from data_pipeline.flow.publish import find_published, require_published, show_in_duckdb
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.snapshots import Published
from data_pipeline.persist import tracking
from data_pipeline.persist.snapshots import as_published, select
from data_pipeline.persist.tracking import Row
from data_pipeline.pipelines.catalog import Pipeline, find_faulty


@dataclass(frozen=True)
class DayReport:
    """A pipeline's business date: its snapshot, its deliveries, its rejected rows."""

    published: Published | None
    deliveries: list[Row]
    rejects: list[Row]


@dataclass(frozen=True)
class Overview:
    """All pipelines at a glance."""

    published: list[Published]
    waiting: list[Row]
    failed: list[Row]
    parked: list[Row]
    faulty: list[str]
    """What is wrong with the installation's own pipelines."""


def read_overview(workspace: Workspace) -> Overview:
    """What is published, waits, failed and is parked, and what is declared wrongly."""
    faulty = [*(one.message for one in find_faulty(workspace.settings.pipelines_dir)), *find_broken_marts(workspace)]
    with workspace.database.transaction() as connection:
        published = tracking.rows_of(connection, "list_current_snapshots")
        failed = [
            row
            for name in workspace.pipelines()
            for row in tracking.rows_of(connection, "list_failed", pipeline=name, business_date=None)
        ]
        return Overview(
            published=[as_published(row["pipeline"], row) for row in published],
            waiting=tracking.rows_of(connection, "list_waiting", with_judged=True),
            failed=failed,
            parked=tracking.rows_of(connection, "list_parked"),
            faulty=faulty,
        )


def report_day(
    workspace: Workspace, pipeline: Pipeline, business_date: dt.date, *, most_rejects: int = 20
) -> DayReport:
    """Reads everything that is known of a day."""
    day = {"pipeline": pipeline.name, "business_date": business_date}
    show_in_duckdb(workspace)
    published = find_published(workspace, pipeline, business_date)
    with workspace.database.transaction() as connection:
        deliveries = tracking.rows_of(connection, "list_file_jobs", **day)
        rejects = tracking.rows_of(connection, "list_batch_errors", **day, most=most_rejects)
    return DayReport(published, deliveries, rejects)


def list_pipelines_of(workspace: Workspace, business_date: dt.date) -> list[str]:
    """The pipelines to which anything was delivered for a date."""
    with workspace.database.transaction() as connection:
        return [
            name
            for name in workspace.pipelines()
            if tracking.rows_of(connection, "list_file_jobs", pipeline=name, business_date=business_date)
        ]


def compare_databases(workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> dict[str, Row]:
    """Snapshot id, row count and the sum of every number column of a day, asked of both databases.

    Sums are rounded to 6 significant decimals below the unit: the order of adding doubles differs.
    """
    published = require_published(workspace, pipeline, business_date)
    columns = workspace.lake.scan_version(published.parquet_path).collect_schema()
    numbers = [name for name, dtype in columns.items() if dtype.is_numeric()]
    sums = ", ".join(f'round(cast(sum("{name}") as numeric(38, 6)), 4) as "{name}"' for name in numbers)
    statement = (
        f"select snapshot_id, count(*) as row_count, {sums} from {pipeline.name}_snapshot "  # noqa: S608 - our own names
        f"where business_date = date '{business_date.isoformat()}' group by snapshot_id"
    )
    with workspace.database.transaction() as connection:
        in_postgres = select(connection, statement)
    in_duckdb = workspace.lake.query(statement).to_dicts()
    return {"postgres": as_numbers(in_postgres), "duckdb": as_numbers(in_duckdb)}


def read_mart(workspace: Workspace, mart: str, business_date: dt.date) -> pl.DataFrame:
    """A day of a mart, as DuckDB shows it."""
    return workspace.lake.query(f"from {mart} where business_date = date '{business_date.isoformat()}' order by all")


def as_numbers(rows: list[Row]) -> Row:
    """The one row of an answer in plain numbers; no row, no numbers."""
    if not rows:
        return {}
    return {name: value if isinstance(value, str) else float(value or 0) for name, value in rows[0].items()}


def summarise(rows: pl.DataFrame | pl.LazyFrame, pipeline: Pipeline) -> pl.DataFrame:
    """What the declaration wants seen first; of a lazy frame no more than the groups is in memory.

    Shape: one row per group of a snapshot, sorted: the columns of `summary.by`, then one per title.
    Raises: SpecError when an aggregate cannot be had of the snapshot.
    """
    summary = pipeline.spec.summary
    if summary is None:
        return pl.DataFrame()
    shown = [pl.sql_expr(aggregate).alias(title) for title, aggregate in summary.show.items()]
    try:
        return rows.lazy().group_by(summary.by).agg(shown).sort(summary.by).collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise SpecError(f"pipeline {pipeline.name!r}, summary: cannot be had of the snapshot: {error}") from error


def is_beside_files(pipeline: Pipeline) -> bool:
    """Whether the summary's lines are those of the stores that files are of."""
    spec = pipeline.spec
    return spec.summary is not None and spec.summary.by == ("store",) and spec.identity.store_column is not None
