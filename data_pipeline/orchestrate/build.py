"""Everything that Dagster is told, assembled in one place.

Stays out: any definition itself.
https://docs.dagster.io/guides/build/projects-and-components
"""

import dagster as dg

from data_pipeline.orchestrate.assets import build_assets
from data_pipeline.orchestrate.checks import build_checks
from data_pipeline.orchestrate.io_managers import DuckDBSnapshotIOManager, PostgresSnapshotIOManager
from data_pipeline.orchestrate.jobs import build_jobs
from data_pipeline.orchestrate.resources import WorkspaceResource
from data_pipeline.orchestrate.sensors import build_drive_sensor
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.settings import Settings


def build_definitions(pipelines: list[Pipeline], settings: Settings) -> dg.Definitions:
    """Assets, checks, jobs and the sensor of all pipelines."""
    workspace = WorkspaceResource(reference_dir=str(settings.reference_dir))
    jobs = [job for pipeline in pipelines for job in build_jobs(pipeline)]
    return dg.Definitions(
        assets=[asset for pipeline in pipelines for asset in build_assets(pipeline)],
        asset_checks=[check for pipeline in pipelines for check in build_checks(pipeline)],
        jobs=jobs,
        sensors=[build_drive_sensor(pipelines, jobs, settings)],
        resources={
            "workspace": workspace,
            "postgres_snapshots": PostgresSnapshotIOManager(workspace=workspace),
            "duckdb_snapshots": DuckDBSnapshotIOManager(workspace=workspace),
        },
        # A process a step costs a second each; steps share the reader processes instead.
        executor=dg.in_process_executor,
    )
