"""Two sensors that ask for a run when a date is due: of files in the drive folder, and of what programs posted.

Stays out: what a file is and when a date is due (flow). The ledger is the memory; the cursor only holds files that are
still settling. A run key names the waiting batches with their attempts: a used one is never launched again.
https://docs.dagster.io/guides/automate/sensors
"""

import hashlib
import json
from collections.abc import Sequence

import dagster as dg

from data_pipeline.flow.watch import DueDate, find_due_dates, look_at_drive
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.orchestrate.jobs import AssetJob, job_name, publish_job_name
from data_pipeline.orchestrate.resources import WorkspaceResource
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.pipelines.hosted import HostedPipeline
from data_pipeline.settings import Settings

BEFORE_IT_BEGINS = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]


def build_drive_sensor(pipelines: list[Pipeline], jobs: Sequence[AssetJob], settings: Settings) -> dg.SensorDefinition:
    """One sensor a drive; it receives what has come to rest and routes it to the pipelines' jobs."""

    @dg.sensor(
        name="drive",
        jobs=jobs,
        minimum_interval_seconds=settings.poll_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Watches the drive folder; a file counts as arrived when it looks the same on two looks.",
    )
    def drive(context: dg.SensorEvaluationContext, workspace: WorkspaceResource) -> dg.SensorResult:
        opened = workspace.open()
        before = {path: tuple(seen) for path, seen in json.loads(context.cursor or "{}").items()}
        folder = LocalDrive(opened.settings.drive_folder, patterns=find_patterns(pipelines))
        look = look_at_drive(opened, folder, before)
        for receipt in look.receipts:
            context.log.info(f"file={receipt.file.relative!r} outcome={receipt.outcome} note={receipt.note!r}")
        requests = request_runs(find_due_dates(opened), pipelines, context.instance)
        return dg.SensorResult(run_requests=requests, cursor=json.dumps(look.unsettled))

    return drive


def build_posted_sensor(
    hosted: Sequence[Pipeline], jobs: Sequence[AssetJob], settings: Settings
) -> dg.SensorDefinition:
    """One sensor for the pipelines of all programs, which wait for their batches.

    What a killed run left behind is for the drive's sensor: to find it takes longer.
    """

    @dg.sensor(
        name="posted",
        jobs=jobs,
        minimum_interval_seconds=settings.posted_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks for batches that programs posted.",
    )
    def posted(context: dg.SensorEvaluationContext, workspace: WorkspaceResource) -> dg.SensorResult:
        due = find_due_dates(workspace.open(), with_judged=False)
        return dg.SensorResult(run_requests=request_runs(due, hosted, context.instance))

    return posted


def request_runs(
    due: Sequence[DueDate], pipelines: Sequence[Pipeline], instance: dg.DagsterInstance
) -> list[dg.RunRequest]:
    """A run for each date that is due, unless one has yet to begin: it will take what waits by then.

    A pipeline that a program declared a moment ago is not loaded yet: its batches wait for the next look.
    """
    loaded = {pipeline.name: pipeline for pipeline in pipelines}
    to_begin = instance.get_runs(dg.RunsFilter(statuses=BEFORE_IT_BEGINS)) if due else []
    asked = {(run.job_name, run.tags.get("dagster/partition")) for run in to_begin}
    requests = [request_run(one, loaded[one.pipeline]) for one in due if one.pipeline in loaded]
    return [request for request in requests if (request.job_name, request.partition_key) not in asked]


def find_patterns(pipelines: list[Pipeline]) -> tuple[str, ...]:
    """File name patterns of all pipelines."""
    return tuple(sorted({pattern for pipeline in pipelines for pattern in pipeline.spec.source.patterns}))


def request_run(due: DueDate, pipeline: Pipeline) -> dg.RunRequest:
    """The run that turns a date's waiting batches into a snapshot.

    A program waits for its batch: the suite, which takes seconds, is for what people deliver.
    """
    digest = hashlib.sha256("\n".join(due.fingerprints).encode()).hexdigest()[:16]
    name_job = publish_job_name if isinstance(pipeline, HostedPipeline) else job_name
    return dg.RunRequest(
        run_key=f"{due.pipeline}/{due.business_date}/{digest}",
        job_name=name_job(due.pipeline),
        partition_key=due.business_date.isoformat(),
        tags={"pipeline": due.pipeline, "reason": due.reason},
    )
