"""Checks on published snapshots: both databases agree; the Great Expectations suite holds.

Stays out: judging rows (validate, long before) and what blocks publishing (the snapshot asset itself).
https://docs.dagster.io/guides/test/asset-checks
"""

import datetime as dt

import dagster as dg
import polars as pl

from data_pipeline.flow.report import compare_databases
from data_pipeline.orchestrate.assets import BUSINESS_DATES
from data_pipeline.orchestrate.resources import WorkspaceResource
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.validate.expectations import validate_snapshot


def build_agreement_check(pipeline: Pipeline) -> dg.AssetChecksDefinition:
    """Postgres and DuckDB answer the same id, row count and sums."""

    @dg.asset_check(asset=[pipeline.name, "snapshot"], partitions_def=BUSINESS_DATES)
    def databases_agree(context: dg.AssetCheckExecutionContext, workspace: WorkspaceResource) -> dg.AssetCheckResult:
        answers = compare_databases(workspace.open(), pipeline, dt.date.fromisoformat(context.partition_key))
        postgres, duckdb = answers["postgres"], answers["duckdb"]
        differing = [name for name in {**postgres, **duckdb} if postgres.get(name) != duckdb.get(name)]
        return dg.AssetCheckResult(
            passed=not differing, metadata={"differing": ", ".join(differing) or "none", "answers": answers}
        )

    return databases_agree


def build_expectations_check(pipeline: Pipeline) -> dg.AssetChecksDefinition:
    """The suite that the pipeline's declaration implies, with Data Docs kept beside the data."""

    @dg.asset_check(asset=[pipeline.name, "snapshot"], partitions_def=BUSINESS_DATES)
    def expectations(
        context: dg.AssetCheckExecutionContext, workspace: WorkspaceResource, snapshot: pl.DataFrame
    ) -> dg.AssetCheckResult:
        folder = workspace.open().home / "data_docs"
        verdict = validate_snapshot(snapshot, pipeline.spec, folder=folder, batch_name=context.partition_key)
        return dg.AssetCheckResult(
            passed=verdict.success,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"failed": ", ".join(verdict.failed) or "none", "expectations": verdict.count,
                      "data_docs": dg.MetadataValue.path(str(verdict.docs))},
        )  # fmt: skip

    return expectations


def expectations_key(pipeline: Pipeline) -> dg.AssetCheckKey:
    """The key of the suite's check."""
    return dg.AssetCheckKey(dg.AssetKey([pipeline.name, "snapshot"]), "expectations")


def build_checks(pipeline: Pipeline) -> list[dg.AssetChecksDefinition]:
    """Every check that runs after publishing."""
    return [build_agreement_check(pipeline), build_expectations_check(pipeline)]
