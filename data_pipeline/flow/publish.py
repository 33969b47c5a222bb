"""Candidate -> one version in both databases; and the way back to an older one."""

import datetime as dt
import hashlib
from pathlib import Path

import polars as pl

from data_pipeline.errors import ConservationError, RequestError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.marts import check_marts
from data_pipeline.flow.stage import date_lock
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.rows import SLICE_ROWS, Rows
from data_pipeline.model.snapshots import Candidate, Published
from data_pipeline.persist import snapshots, tracking
from data_pipeline.persist.lake import Shelf
from data_pipeline.persist.snapshots import SnapshotDay
from data_pipeline.persist.version_rows import open_version
from data_pipeline.pipelines.catalog import Pipeline


def snapshot_day(workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> SnapshotDay:
    """The day's key in the database."""
    return SnapshotDay(pipeline.name, workspace.pipeline_id(pipeline), business_date)


def publish(
    workspace: Workspace, pipeline: Pipeline, candidate: Candidate, *, dagster_run_id: str | None = None
) -> Published:
    """Publishes a candidate under the next version, or finds that this very manifest was published before.

    A candidate that a later delivery overtook is computed anew, or its publication would take that delivery back.
    Postgres commits rows and pointer together and is the truth; DuckDB's catalog follows in one rename. A process that
    dies between the two leaves DuckDB a version behind until anybody publishes or reads a day's status again.
    """
    day = snapshot_day(workspace, pipeline, candidate.manifest.business_date)
    with workspace.database.hold_lock(date_lock(pipeline.name, day.business_date)):
        if not is_fresh(workspace, day, candidate):
            candidate = compute_candidate(workspace, pipeline, day.business_date)
        if candidate.losses:
            raise ConservationError(
                f"{day.pipeline} {day.business_date}: not published: " + "; ".join(candidate.losses)
            )
        with workspace.database.transaction() as connection:
            known = snapshots.find_snapshot(connection, day, "find_by_manifest", manifest_hash=candidate.manifest.hash)
            version = snapshots.next_version(connection, day)
            if known is not None and candidate.rejects is not None:
                tracking.replace_step_rejects(connection, candidate.batch_ids, candidate.rejects)
        if known is None:
            known = publish_version(workspace, pipeline, day, candidate, version=version, dagster_run_id=dagster_run_id)
        show_in_duckdb(workspace)
    return known


def is_fresh(workspace: Workspace, day: SnapshotDay, candidate: Candidate) -> bool:
    """Whether the candidate is made of the batches that count now."""
    with workspace.database.transaction() as connection:
        current = tracking.rows_of(connection, "list_current_batches", **day.key)
    return {batch["id"] for batch in current} == set(candidate.batch_ids)


def publish_version(
    workspace: Workspace,
    pipeline: Pipeline,
    day: SnapshotDay,
    candidate: Candidate,
    *,
    version: int,
    dagster_run_id: str | None,
) -> Published:
    """Writes the Parquet file, which nobody sees yet, then table and pointer in one transaction."""
    key: dict[str, pl.Expr] = {
        "business_date": pl.lit(day.business_date),
        "snapshot_id": pl.lit(str(candidate.manifest.snapshot_id)),
        "snapshot_version": pl.lit(version, pl.Int64),
    }
    rows = candidate.rows.map(lambda chunk: chunk.with_columns(**key)).number("position")
    check_marts(workspace, pipeline, rows.schema)
    parquet_path = workspace.lake.write_version(pipeline.name, day.business_date, version, rows)
    with workspace.database.transaction() as connection:
        snapshots.define_relations(connection, pipeline.name, rows.schema, find_marts(pipeline))
    with workspace.database.transaction() as connection:
        if candidate.rejects is not None:
            tracking.replace_step_rejects(connection, candidate.batch_ids, candidate.rejects)
        return snapshots.publish_rows(
            connection,
            day,
            candidate,
            rows,
            version=version,
            content_hash=hash_rows(candidate.rows),
            parquet_path=parquet_path,
            dagster_run_id=dagster_run_id,
            grain=pipeline.spec.grain,
        )


def hash_rows(rows: Rows) -> str:
    """Hash of a snapshot's content, the same for the same rows in the same order on every machine."""
    digest = hashlib.sha256()
    for piece in rows.iter_slices(SLICE_ROWS):
        digest.update(piece.write_csv().encode())
    return digest.hexdigest()


def show_in_duckdb(workspace: Workspace) -> None:
    """Makes DuckDB show what Postgres says is published; a version whose file is lost is written again from there."""
    marts = {name: find_marts(pipeline) for name, pipeline in workspace.pipelines().items()}
    shelves: dict[str, Shelf] = {}
    with workspace.lake.changing(), workspace.database.transaction() as connection:
        for row in tracking.rows_of(connection, "list_published"):
            path, name = Path(row["parquet_path"]), row["pipeline"]
            if not workspace.lake.holds(path):
                rows = open_version(connection, row["table_name"])
                workspace.lake.write_version(name, row["business_date"], row["version"], rows)
            shelf = shelves.setdefault(name, Shelf(marts.get(name, {})))
            shelf.versions.append(path)
            if row["is_current"]:
                shelf.current.append(path)
        if shelves:
            workspace.lake.show(shelves)


def find_marts(pipeline: Pipeline) -> dict[str, str]:
    """Name -> SELECT of every mart that is declared."""
    return {mart: pipeline.read_mart(mart) for mart in pipeline.spec.marts}


def find_published(workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> Published | None:
    """The current version of a day, or None when nothing was published."""
    with workspace.database.transaction() as connection:
        return snapshots.find_snapshot(
            connection, snapshot_day(workspace, pipeline, business_date), "find_current_snapshot"
        )


def load_published(workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> pl.DataFrame:
    """The current rows of a day from the lake, in publishing order.

    Raises: RequestError when the day was never published.
    """
    return workspace.lake.load_version(require_published(workspace, pipeline, business_date).parquet_path)


def require_published(workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> Published:
    """The current version of a day.

    Raises: RequestError when the day was never published.
    """
    published = find_published(workspace, pipeline, business_date)
    if published is None:
        raise RequestError(f"{pipeline.name} {business_date}: nothing is published. Run: data-pipeline process ...")
    return published


def roll_back(
    workspace: Workspace, pipeline: Pipeline, business_date: dt.date, version: int, *, reason: str, actor: str
) -> Published:
    """Makes an earlier (or later) version of a day the current one, in both databases.

    Raises: RequestError when that version was never published.
    """
    day = snapshot_day(workspace, pipeline, business_date)
    with workspace.database.hold_lock(date_lock(pipeline.name, business_date)):
        with workspace.database.transaction() as connection:
            moved = snapshots.move_pointer(connection, day, version, reason=reason, actor=actor)
        show_in_duckdb(workspace)
    return moved
