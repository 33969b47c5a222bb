"""Everything that Dagster is told, assembled in one place.

Stays out: any definition itself.
https://docs.dagster.io/guides/build/projects-and-components
"""

import logging

import dagster as dg

from data_pipeline.errors import StoreError
from data_pipeline.flow.hosted import load_hosted
from data_pipeline.orchestrate.assets import build_assets
from data_pipeline.orchestrate.checks import build_checks
from data_pipeline.orchestrate.delivery_sensor import build_delivery_sensor
from data_pipeline.orchestrate.io_managers import DuckDBSnapshotIOManager, PostgresSnapshotIOManager
from data_pipeline.orchestrate.jobs import build_deliver_jobs, build_jobs
from data_pipeline.orchestrate.resources import WorkspaceResource
from data_pipeline.orchestrate.sensors import build_drive_sensor, build_posted_sensor
from data_pipeline.persist.database import open_database
from data_pipeline.persist.embedded import server_status
from data_pipeline.pipelines.catalog import Pipeline, find_faulty, load_catalog
from data_pipeline.pipelines.hosted import HostedPipeline
from data_pipeline.settings import Settings

log = logging.getLogger(__name__)


def load_definitions(settings: Settings) -> dg.Definitions:
    """Definitions of every sound pipeline, those of programs too; faulty ones are left out and told."""
    for faulty in find_faulty(settings.pipelines_dir):
        log.warning("pipeline=%s status=left_out %s", faulty.path.parent.name, faulty.message)
    declared = [*load_catalog(settings.pipelines_dir).values(), *find_hosted(settings)]
    return build_definitions(declared, settings)


def find_hosted(settings: Settings) -> list[Pipeline]:
    """What programs declared, as far as a database runs: definitions are looked at before any does, as in CI."""
    if settings.database_url is None and not server_status(settings.home).is_running:
        return []
    try:
        return list(load_hosted(open_database(settings), settings.webhook_hosts).values())
    except StoreError as error:
        log.warning("pipelines of programs are left out: %s", error)
        return []


def build_definitions(pipelines: list[Pipeline], settings: Settings) -> dg.Definitions:
    """Assets, checks, jobs and the sensor of all pipelines."""
    workspace = WorkspaceResource(reference_dir=str(settings.reference_dir))
    jobs = [job for pipeline in pipelines for job in build_jobs(pipeline)]
    deliver_jobs = [job for pipeline in pipelines for job in build_deliver_jobs(pipeline)]
    hosted = [pipeline for pipeline in pipelines if isinstance(pipeline, HostedPipeline)]
    posted_sensors = [build_posted_sensor(hosted, jobs, settings)] if hosted else []
    delivery_sensors = [build_delivery_sensor(pipelines, deliver_jobs, settings)] if deliver_jobs else []
    return dg.Definitions(
        assets=[asset for pipeline in pipelines for asset in build_assets(pipeline)],
        asset_checks=[check for pipeline in pipelines for check in build_checks(pipeline)],
        jobs=[*jobs, *deliver_jobs],
        sensors=[build_drive_sensor(pipelines, jobs, settings), *posted_sensors, *delivery_sensors],
        resources={
            "workspace": workspace,
            "postgres_snapshots": PostgresSnapshotIOManager(workspace=workspace),
            "duckdb_snapshots": DuckDBSnapshotIOManager(workspace=workspace),
        },
        # A process a step costs a second each; steps share the reader processes instead.
        executor=dg.in_process_executor,
    )
