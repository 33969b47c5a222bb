"""The assets of one pipeline, partitioned by business date: rows and rejects, snapshot, marts, order files, deliveries.

Stays out: everything they do. Each body opens the workspace, calls one function of the flow and tells Dagster about it.
https://docs.dagster.io/guides/build/assets
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl

from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.deliver import deliver
from data_pipeline.flow.deliveries import deliver_all, refuse_failed
from data_pipeline.flow.report import read_mart
from data_pipeline.flow.sensitive import hide_columns
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.workspace import Workspace
from data_pipeline.orchestrate import metadata
from data_pipeline.orchestrate.resources import WorkspaceResource, step_of_run
from data_pipeline.pipelines.catalog import Pipeline

# The first day that can be materialised; the last one is today, since stores export in the morning.
BUSINESS_DATES = dg.DailyPartitionsDefinition(start_date="2025-01-01", timezone="Asia/Jakarta", end_offset=1)


class DeliveryConfig(dg.Config):
    """Where one run writes its order files; by default below the installation's output folder, by date."""

    output_dir: str | None = None


def partition_date(context: dg.AssetExecutionContext) -> dt.date:
    """The business date of the run."""
    return dt.date.fromisoformat(context.partition_key)


def find_folder(workspace: Workspace, config: DeliveryConfig, business_date: dt.date) -> Path:
    """Where the files of a date go."""
    return Path(config.output_dir or workspace.settings.output_dir / f"{business_date:%Y%m%d}")


def build_rows(pipeline: Pipeline) -> dg.AssetsDefinition:
    """`<pipeline>/rows` and `<pipeline>/rejects`: every waiting batch judged, each durable on its own."""
    rows, rejects, check = (
        dg.AssetKey([pipeline.name, "rows"]),
        dg.AssetKey([pipeline.name, "rejects"]),
        "rows_conserved",
    )

    @dg.multi_asset(
        name=f"{pipeline.name}__rows",
        specs=[
            dg.AssetSpec(rows, description="Rows of the day's files that passed every rule.", kinds={"parquet"}),
            dg.AssetSpec(rejects, description="Rows that did not pass, with every reason.", kinds={"postgres"}),
        ],
        check_specs=[dg.AssetCheckSpec(check, asset=rows, blocking=True, partitions_def=BUSINESS_DATES)],
        partitions_def=BUSINESS_DATES,
        group_name=pipeline.name,
        pool=pipeline.name,
    )
    def stage(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[metadata.RowsResult]:
        opened, day = workspace.open(), partition_date(context)
        with step_of_run(opened, pipeline, day, run=context.run, attempt=context.retry_number) as run_id:
            staged = stage_batches(opened, pipeline, day, run_id)
        yield metadata.check_staging(staged, rows, check)
        yield dg.MaterializeResult(rows, metadata=metadata.describe_staging(staged))
        yield dg.MaterializeResult(rejects, metadata=metadata.describe_rejects(staged))

    return stage


def build_snapshot(pipeline: Pipeline) -> dg.AssetsDefinition:
    """`<pipeline>/snapshot`: computed and checked first; its IO manager publishes only what the checks let through."""
    key = dg.AssetKey([pipeline.name, "snapshot"])

    @dg.asset(
        key=key,
        deps=[[pipeline.name, "rows"]],
        description=pipeline.spec.description,
        io_manager_key="postgres_snapshots",
        check_specs=[
            dg.AssetCheckSpec("conserved", asset=key, blocking=True, partitions_def=BUSINESS_DATES),
            dg.AssetCheckSpec("complete", asset=key, partitions_def=BUSINESS_DATES),
        ],
        partitions_def=BUSINESS_DATES,
        group_name=pipeline.name,
        pool=pipeline.name,
        kinds={"postgres", "duckdb"},
        code_version=pipeline.code_hash[:12],
    )
    def snapshot(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> Iterator[metadata.SnapshotResult]:
        opened, day = workspace.open(), partition_date(context)
        with step_of_run(opened, pipeline, day, run=context.run, attempt=context.retry_number):
            candidate = compute_candidate(opened, pipeline, day)
            yield metadata.check_conservation(candidate)
            yield metadata.check_completeness(candidate)
            if candidate.losses:
                raise dg.Failure("; ".join(candidate.losses), allow_retries=False)
        yield dg.Output(candidate, metadata=metadata.describe_candidate(candidate, pipeline.spec.measures))

    return snapshot


def build_mart(pipeline: Pipeline, mart: str) -> dg.AssetsDefinition:
    """`<pipeline>/<mart>`: a view in both databases; materialising it reads it."""

    @dg.asset(
        key=[pipeline.name, mart],
        deps=[[pipeline.name, "snapshot"]],
        description=f"View {mart} over the published snapshots, the same in Postgres and in DuckDB.",
        partitions_def=BUSINESS_DATES,
        group_name=pipeline.name,
        kinds={"postgres", "duckdb"},
    )
    def view(context: dg.AssetExecutionContext, workspace: WorkspaceResource) -> dg.MaterializeResult[None]:
        table = read_mart(workspace.open(), mart, partition_date(context))
        return dg.MaterializeResult(metadata=metadata.describe_table(hide_columns(table, pipeline.spec)))

    return view


def build_orders(pipeline: Pipeline) -> dg.AssetsDefinition:
    """`<pipeline>/orders`: the files that the planner sends on, where any are declared."""

    @dg.asset(
        key=[pipeline.name, "orders"],
        ins={"snapshot": dg.AssetIn([pipeline.name, "snapshot"], input_manager_key="duckdb_snapshots")},
        description=f"Files of the published day: {', '.join(output.name for output in pipeline.spec.outputs)}.",
        partitions_def=BUSINESS_DATES,
        group_name=pipeline.name,
        kinds={"csv", "excel"},
    )
    def orders(
        context: dg.AssetExecutionContext, config: DeliveryConfig, workspace: WorkspaceResource, snapshot: pl.DataFrame
    ) -> dg.MaterializeResult[None]:
        opened, day = workspace.open(), partition_date(context)
        folder = find_folder(opened, config, day)
        files = deliver(opened, pipeline, day, snapshot, folder)
        return dg.MaterializeResult(metadata=metadata.describe_files(folder, files, snapshot))

    return orders


def build_deliveries(pipeline: Pipeline) -> dg.AssetsDefinition:
    """`<pipeline>/deliveries`: the published day at every destination; one that is down fails this asset alone."""

    @dg.asset(
        key=[pipeline.name, "deliveries"],
        deps=[[pipeline.name, "snapshot"]],
        description=f"Sent on to: {', '.join(destination.name for destination in pipeline.spec.destinations)}.",
        partitions_def=BUSINESS_DATES,
        group_name=pipeline.name,
        pool=pipeline.name,
        kinds={destination.kind for destination in pipeline.spec.destinations},
        # Last: in one process a step that fails ends the run.
        op_tags={"dagster/priority": "-1"},
    )
    def deliveries(
        context: dg.AssetExecutionContext, config: DeliveryConfig, workspace: WorkspaceResource
    ) -> dg.MaterializeResult[None]:
        opened, day = workspace.open(), partition_date(context)
        with step_of_run(opened, pipeline, day, run=context.run, attempt=context.retry_number):
            found = deliver_all(opened, pipeline, day, find_folder(opened, config, day))
            for one in found:
                context.log.info(f"destination={one.destination} status={one.status} rows={one.rows_delivered}")
            refuse_failed(found, f"{pipeline.name} {day}")
        return dg.MaterializeResult(metadata=metadata.describe_deliveries(found))

    return deliveries


def build_assets(pipeline: Pipeline) -> list[dg.AssetsDefinition]:
    """Everything that one pipeline materialises."""
    marts = [build_mart(pipeline, mart) for mart in pipeline.spec.marts]
    orders = [build_orders(pipeline)] if pipeline.spec.outputs else []
    deliveries = [build_deliveries(pipeline)] if pipeline.spec.destinations else []
    return [build_rows(pipeline), build_snapshot(pipeline), *marts, *orders, *deliveries]
