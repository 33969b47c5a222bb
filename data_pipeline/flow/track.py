"""One execution for a pipeline and a business date, in the ledger."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from data_pipeline.errors import DatabaseError
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import tracking
from data_pipeline.pipelines.catalog import Pipeline


@contextmanager
def track_run(
    workspace: Workspace, pipeline: Pipeline, business_date: dt.date, *, dagster_run_id: str, trigger: str
) -> Iterator[uuid.UUID]:
    """Marks a run processing, then completed or failed. Several steps of one run share its row.

    A process that is killed leaves the run `processing`; the next run of the date marks it failed.
    """
    pipeline_id = workspace.pipeline_id(pipeline)
    run = {
        "pipeline_id": pipeline_id,
        "business_date": business_date,
        "trigger": trigger,
        "dagster_run_id": dagster_run_id,
    }
    with workspace.database.transaction() as connection:
        run_id: uuid.UUID = tracking.rows_of(connection, "start_run", **run)[0]["id"]
    try:
        yield run_id
    except Exception as error:
        finish(workspace, run_id, status="failed", error_message=str(error))
        raise
    finish(workspace, run_id, status="completed", error_message=None)


def finish(workspace: Workspace, run_id: uuid.UUID, *, status: str, error_message: str | None) -> None:
    """Records how a run ended; while the database is away it stays `processing`, like that of a dead process."""
    try:
        with workspace.database.transaction() as connection:
            tracking.run(connection, "finish_run", id=run_id, status=status, error_message=error_message)
    except DatabaseError:
        if status != "failed":
            raise
