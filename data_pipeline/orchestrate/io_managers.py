"""Snapshots in and out: a candidate becomes a published version, a downstream asset gets the published rows.

Stays out: how a version is written (persist) and whether it may be (flow). Dagster's own DuckDB IO manager inserts by
position, deletes without a transaction and wipes a day on an empty frame, so it is not used (docs/decisions/0003).
https://docs.dagster.io/guides/build/io-managers
"""

import datetime as dt
from abc import abstractmethod

import dagster as dg
import polars as pl

from data_pipeline.flow.publish import load_published, publish, snapshot_day
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.snapshots import Candidate
from data_pipeline.orchestrate.resources import WorkspaceResource, step_of_run
from data_pipeline.persist.version_rows import load_rows
from data_pipeline.pipelines.catalog import Pipeline


class SnapshotIOManager(dg.ConfigurableIOManager):
    """Publishes to Postgres and DuckDB under one snapshot id; subclasses say from which of them rows are read."""

    workspace: WorkspaceResource

    def handle_output(self, context: dg.OutputContext, obj: Candidate) -> None:
        """Publishes the candidate; the same manifest again is a no-op."""
        workspace, step = self.workspace.open(), context.step_context
        pipeline, day = workspace.pipeline(obj.manifest.pipeline), obj.manifest.business_date
        with step_of_run(workspace, pipeline, day, run=step.dagster_run, attempt=step.previous_attempt_count):
            published = publish(workspace, pipeline, obj, dagster_run_id=context.run_id)
        context.add_output_metadata(
            {
                "snapshot_id": str(published.id),
                "version": published.version,
                "newly_published": published.is_new,
                "is_current": published.is_current,
                "content_hash": published.content_hash,
                "parquet": dg.MetadataValue.path(str(workspace.home / published.parquet_path)),
                "dagster/table_name": f"{obj.manifest.pipeline}_snapshot",
            }
        )

    def load_input(self, context: dg.InputContext) -> pl.DataFrame:
        """The published rows of the partition."""
        workspace = self.workspace.open()
        pipeline = workspace.pipeline(context.asset_key.path[0])
        return self.load_rows(workspace, pipeline, dt.date.fromisoformat(context.asset_partition_key))

    @abstractmethod
    def load_rows(self, workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> pl.DataFrame:
        """Reads a published day."""


class PostgresSnapshotIOManager(SnapshotIOManager):
    """Reads published days from Postgres."""

    def load_rows(self, workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> pl.DataFrame:
        """Current rows of the pipeline's view."""
        with workspace.database.transaction() as connection:
            return load_rows(connection, snapshot_day(workspace, pipeline, business_date))


class DuckDBSnapshotIOManager(SnapshotIOManager):
    """Reads published days from the Parquet files behind DuckDB's views."""

    def load_rows(self, workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> pl.DataFrame:
        """Current rows of the pipeline's lake."""
        return load_published(workspace, pipeline, business_date)
