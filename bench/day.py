"""The stages that need the database, and the whole command as a user runs it."""

import datetime as dt
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from sqlalchemy import text

from bench.clock import Line
from bench.command import start_process
from data_pipeline.flow.publish import load_published
from data_pipeline.flow.workspace import open_workspace
from data_pipeline.model.rows import Rows
from data_pipeline.persist.database import Database, open_database
from data_pipeline.persist.snapshots import copy_csv
from data_pipeline.settings import Settings

DAY = dt.date(2026, 1, 5)


def time_whole_day(files: Path, reference: Path, home: Path, read: Callable[[], object], *, rounds: int) -> list[Line]:
    """`process` on a new date each round, against reading the same workbooks; then publishing against a plain COPY."""
    settings = Settings.from_env({}, home=home, reference_dir=reference)
    database = open_database(settings)
    commands, reads = [], []
    for number in range(rounds):
        started = time.perf_counter()
        read()
        reads.append(time.perf_counter() - started)
        commands.append(run_command(settings, files, DAY + dt.timedelta(days=number)))
    workspace = open_workspace(settings)
    rows = load_published(workspace, workspace.pipeline("stock_health"), DAY)
    published, copied = statistics.median(time_publishing(database)), time_copy(database, rows, rounds=rounds)
    database.engine.dispose()
    whole, least = statistics.median(commands), statistics.median(reads)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        ("publish", f"{published:.3f}", f"{copied:.3f}", f"{published / copied:.1f}", "COPY, no index"),
        ("process, cold", f"{whole:.2f}", f"{least:.2f}", f"+{whole - least:.2f} s", "read the same workbooks"),
        ("peak memory", f"{memory:.0f} MB", "", "", "largest process of the command"),
    ]


def run_command(settings: Settings, files: Path, day: dt.date) -> float:
    """Wall seconds of one command, database up."""
    started = time.perf_counter()
    if start_process(settings, files, day).wait() != 0:
        raise RuntimeError(f"the command failed for {day}")
    return time.perf_counter() - started


def time_publishing(database: Database) -> list[float]:
    """Seconds that each run's snapshot step took to write, from Dagster's own events."""
    query = """
        select extract(epoch from handled.timestamp - yielded.timestamp)
        from dagster.event_logs handled
        join dagster.event_logs yielded using (run_id, step_key)
        where handled.dagster_event_type = 'HANDLED_OUTPUT' and handled.step_key = 'stock_health__snapshot'
          and yielded.dagster_event_type = 'STEP_OUTPUT' and yielded.id = (
              select max(id) from dagster.event_logs last
              where last.run_id = handled.run_id and last.step_key = handled.step_key
                and last.dagster_event_type = 'STEP_OUTPUT')
    """
    with database.transaction() as connection:
        return [float(row[0]) for row in connection.execute(text(query))]


def time_copy(database: Database, rows: pl.DataFrame, *, rounds: int) -> float:
    """Median seconds of a COPY of the same rows into a new table without an index."""
    from psycopg import sql

    columns = ", ".join(f'"{name}" {"text" if dtype == pl.String else "float8"}' for name, dtype in rows.schema.items())
    plain = rows.with_columns(pl.col(pl.Date).cast(pl.String))
    columns = columns.replace('"business_date" float8', '"business_date" text')
    taken = []
    for _ in range(rounds):
        with database.transaction() as connection:
            connection.execute(text(f"create temporary table floor ({columns}) on commit drop"))
            started = time.perf_counter()
            copy_csv(connection, sql.Identifier("floor"), Rows.of(plain))
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)
