"""The delivery sensor: asks for another run where a destination was away.

Stays out: which deliveries are due (flow). A run key names the attempts so far: a used one is never launched again.
https://docs.dagster.io/guides/automate/sensors
"""

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from data_pipeline.flow.due import find_due
from data_pipeline.orchestrate.jobs import AssetJob, deliver_job_name
from data_pipeline.orchestrate.resources import WorkspaceResource
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.settings import Settings


def build_delivery_sensor(
    pipelines: list[Pipeline], jobs: Sequence[AssetJob], settings: Settings
) -> dg.SensorDefinition:
    """One sensor for the destinations of all pipelines."""

    @dg.sensor(
        name="deliveries",
        jobs=jobs,
        minimum_interval_seconds=settings.poll_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Delivers again what a destination lacks because it was away.",
    )
    def deliveries(workspace: WorkspaceResource) -> dg.SensorResult:
        due = find_due(workspace.open(), pipelines, dt.datetime.now(dt.UTC))
        requests = [
            dg.RunRequest(
                run_key=f"deliver/{one.pipeline}/{one.business_date}/{one.fingerprint}",
                job_name=deliver_job_name(one.pipeline),
                partition_key=one.business_date.isoformat(),
                tags={"pipeline": one.pipeline, "reason": one.reason},
            )
            for one in due
        ]
        return dg.SensorResult(run_requests=requests)

    return deliveries
