"""The jobs of a pipeline: staging, snapshot, marts, order files and checks of a business date, in one process.

Stays out: when it runs (sensors, backfills, the command line).
https://docs.dagster.io/guides/build/jobs
"""

from typing import Any, TypeAlias

import dagster as dg

from data_pipeline.orchestrate.checks import expectations_key
from data_pipeline.pipelines.catalog import Pipeline


def job_name(pipeline: str) -> str:
    """Name of a pipeline's job."""
    return f"{pipeline}_day"


def publish_job_name(pipeline: str) -> str:
    """Name of the job without the checks that take seconds."""
    return f"{pipeline}_publish"


# Dagster exports no name for the type of an asset job.
AssetJob: TypeAlias = Any


def deliver_job_name(pipeline: str) -> str:
    """Name of the job that only delivers what is published."""
    return f"{pipeline}_deliver"


def build_deliver_jobs(pipeline: Pipeline) -> list[AssetJob]:
    """What is published once more to whoever does not have it, where the pipeline has destinations."""
    if not pipeline.spec.destinations:
        return []
    selection = dg.AssetSelection.assets([pipeline.name, "deliveries"])
    description = f"{pipeline.spec.title}: what destinations lack of a published date."
    return [dg.define_asset_job(deliver_job_name(pipeline.name), selection=selection, description=description)]


def build_jobs(pipeline: Pipeline) -> list[AssetJob]:
    """The whole day, and the day without its Great Expectations suite for a person who waits at a terminal."""
    everything = dg.AssetSelection.groups(pipeline.name)
    suite = dg.AssetSelection.checks(expectations_key(pipeline))
    title = pipeline.spec.title
    whole, publish = f"{title}: files that wait, snapshot, order files, every check.", f"{title} without its suite."
    return [
        dg.define_asset_job(name, selection=selection, description=description)
        for name, selection, description in (
            (job_name(pipeline.name), everything, whole),
            (publish_job_name(pipeline.name), everything - suite, publish),
        )
    ]
