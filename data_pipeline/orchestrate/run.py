"""Runs a business date in this process, recorded by Dagster like any other run.

Stays out: queueing (the daemon's job) and what a run does (assets).
https://docs.dagster.io/api/dagster/execution#executing-jobs
"""

import atexit
import datetime as dt
import functools
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import psutil

from data_pipeline.errors import PipelineError
from data_pipeline.flow.workspace import open_workspace
from data_pipeline.orchestrate.build import load_definitions
from data_pipeline.orchestrate.jobs import publish_job_name
from data_pipeline.orchestrate.storage import ProductStorage
from data_pipeline.settings import Settings

# dagster.yaml names it; importing it here lets the command line load it beside other work.
STORAGE = ProductStorage
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_day(settings: Settings, pipeline: str, business_date: dt.date, *, output_dir: Path | None = None) -> str:
    """Stages what waits for a date, publishes its snapshot and writes its order files; returns Dagster's run id.

    Raises: PipelineError as the failing step raised it.
    """
    definitions = load_definitions(settings)
    job = definitions.resolve_job_def(publish_job_name(pipeline))
    spec = open_workspace(settings).pipeline(pipeline).spec
    writing = {"orders": spec.outputs, "deliveries": spec.destinations} if output_dir else {}
    folder = {"config": {"output_dir": str(output_dir)}}
    config = {**QUIET, "ops": {f"{pipeline}__{asset}": folder for asset, declared in writing.items() if declared}}
    instance = open_instance(settings)
    fail_abandoned(instance)
    try:
        result = job.execute_in_process(
            instance=instance, partition_key=business_date.isoformat(), run_config=config, tags=tag_process()
        )
    except Exception as error:
        cause = next((one for one in chain(error) if isinstance(one, PipelineError)), None)
        if cause is None:
            raise
        raise cause from error
    return result.run_id


@functools.cache
def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Dagster's instance of this process."""
    instance = dg.DagsterInstance.from_config(str(settings.dagster_home))
    atexit.register(instance.dispose)
    return instance


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came from; frameworks chain errors in circles."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__


def tag_process() -> dict[str, str]:
    """Who runs this, so that a later process can tell whether it still does."""
    return {"trigger": "cli", "host": socket.gethostname(), "process": name_process(os.getpid())}


def name_process(pid: int) -> str:
    """A process so that a reused pid is another one; '' when there is none."""
    try:
        return f"{pid}@{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return ""


def find_process(tags: Mapping[str, str]) -> int | None:
    """The process of this machine that runs what is tagged so; None when it is gone."""
    name = tags.get("process", "")
    pid = int(name.partition("@")[0] or 0)
    return pid if name and tags.get("host") == socket.gethostname() and name == name_process(pid) else None


def fail_abandoned(instance: dg.DagsterInstance) -> None:
    """Tells Dagster about runs of this machine's command line whose process was killed."""
    unfinished = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING],
        tags={"trigger": "cli", "host": socket.gethostname()},
    )
    for run in instance.get_runs(unfinished):
        if find_process(run.tags) is None:
            instance.report_run_failed(run, "the process that ran it is gone")
