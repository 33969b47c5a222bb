"""What assets, checks and sensors are given: the workspace of this process.

Stays out: opening databases (persist) and deciding anything (flow).
https://docs.dagster.io/guides/build/external-resources
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from data_pipeline.errors import StoreError
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace, open_workspace
from data_pipeline.model.spec import RetrySpec
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.settings import Settings


class WorkspaceResource(dg.ConfigurableResource["WorkspaceResource"]):
    """Opens the installation that the environment names; reader processes are shared by all steps of a process."""

    reference_dir: str

    def open(self) -> Workspace:
        """The workspace, with a database that runs: an embedded server that died is started again."""
        return open_workspace(Settings.from_env(reference_dir=self.reference_dir)).reconnect()


@contextmanager
def step_of_run(
    workspace: Workspace, pipeline: Pipeline, business_date: dt.date, *, run: dg.DagsterRun, attempt: int
) -> Iterator[uuid.UUID]:
    """A step of a date's run, in the ledger under Dagster's run; gives the ledger's id. `attempt` counts from 0."""
    tracked = {"dagster_run_id": run.run_id, "trigger": name_trigger(run)}
    with (
        retry_transient(pipeline.spec.retry, attempt=attempt),
        track_run(workspace, pipeline, business_date, **tracked) as run_id,
    ):
        yield run_id


def name_trigger(run: dg.DagsterRun) -> str:
    """Who asked for a run."""
    for tag, trigger in (("dagster/sensor_name", "sensor"), ("dagster/backfill", "backfill")):
        if tag in run.tags:
            return trigger
    return run.tags.get("trigger", "dagster")


@contextmanager
def retry_transient(policy: RetrySpec, *, attempt: int) -> Iterator[None]:
    """Asks Dagster to try the step again, each time after twice the wait, when something that holds data is away.

    Faults of files and declarations pass: they would only fail again. `attempt` counts from 0.
    """
    try:
        yield
    except StoreError as error:
        wait = policy.backoff_seconds * 2**attempt
        raise dg.RetryRequested(max_retries=policy.attempts - 1, seconds_to_wait=wait) from error
