"""Pipelines of programs: made, read, replaced, started, stopped, deleted; what they did so far."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from pydantic import Field

from data_pipeline.errors import RequestRefused
from data_pipeline.flow import lifecycle
from data_pipeline.persist import tracking
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.serve.api.auth import MetricsReader, PipelineReader, PipelineWriter, Visit
from data_pipeline.serve.api.paging import FOLLOWING, AnyCursor, Page, read_name, read_time, write_name, write_time
from data_pipeline.serve.api.reload import ask_for_reload
from data_pipeline.serve.api.shapes import MetricsOut, NewPipeline, PipelineList, PipelineOut, PipelineStatus, Text

router = APIRouter(prefix="/pipelines", tags=["pipelines"])
IfMatch = Annotated[
    str, Header(pattern=r'^("[0-9]{1,9}")?$', description="The ETag that was read; another revision is refused.")
]


class PipelineQuery(Page):
    """Which pipelines."""

    status: PipelineStatus | None = None
    name: Text | None = Field(None, max_length=255, description="Part of the name.")
    sort: Literal["-created_at", "name"] = "-created_at"
    cursor: AnyCursor | None = Field(None, description=FOLLOWING)


@router.post("", status_code=201, summary="Make a pipeline")
def create(body: NewPipeline, visit: PipelineWriter) -> PipelineOut:
    """It is inactive: start it, and post batches to it."""
    row = lifecycle.create_pipeline(visit.workspace, visit.caller, body.name, body.config)
    visit.response.headers["Location"] = f"{visit.request.url.path}/{row['id']}"
    return show(row, visit, is_new=True)


@router.get("", summary="List pipelines")
def list_all(query: Annotated[PipelineQuery, Query()], visit: PipelineReader) -> PipelineList:
    """The caller's own, newest first or by name; a cursor goes on in the order of its page."""
    is_by_name = query.cursor.startswith("n") if query.cursor else query.sort == "name"
    place, named, write = (
        (read_name(query.cursor), "list_hosted_by_name", write_name)
        if is_by_name
        else (read_time(query.cursor), "list_hosted_by_time", write_time)
    )
    asked = {"owner_id": visit.caller.owner_id, "status": query.status, "name": query.name, **place}
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        rows = tracking.rows_of(connection, named, **asked, most=query.limit + 1)
    page = rows[: query.limit]
    following = write(page[-1]) if len(rows) > query.limit else None
    return PipelineList(items=[PipelineOut.of(row) for row in page], next=following)


@router.get("/{pipeline_id}", summary="Read a pipeline")
def read(pipeline_id: uuid.UUID, visit: PipelineReader) -> PipelineOut:
    """With its ETag."""
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        return show(lifecycle.require(connection, visit.caller, pipeline_id), visit)


@router.put("/{pipeline_id}", summary="Replace a pipeline")
def replace(pipeline_id: uuid.UUID, body: NewPipeline, visit: PipelineWriter, if_match: IfMatch = "") -> PipelineOut:
    """Batches that were processed are judged again when their date next runs."""
    expected = int(if_match.strip('"')) if if_match else None
    row = lifecycle.replace_pipeline(
        visit.workspace, visit.caller, pipeline_id, body.name, body.config, expected=expected
    )
    return show(row, visit, is_new=True)


@router.delete("/{pipeline_id}", status_code=204, summary="Delete a pipeline")
def delete(pipeline_id: uuid.UUID, visit: PipelineWriter) -> None:
    """With all that it published. Refused while batches wait or are processed."""
    lifecycle.delete_pipeline(visit.workspace, visit.caller, pipeline_id)
    visit.after.add_task(ask_for_reload, visit.workspace.settings)


@router.post("/{pipeline_id}/start", summary="Start a pipeline")
def start(pipeline_id: uuid.UUID, visit: PipelineWriter) -> PipelineOut:
    """Batches are taken and processed."""
    row = lifecycle.set_status(visit.workspace, visit.caller, pipeline_id, "active")
    return show(row, visit, is_new=True)


@router.post("/{pipeline_id}/stop", summary="Stop a pipeline")
def stop(pipeline_id: uuid.UUID, visit: PipelineWriter) -> PipelineOut:
    """New batches are refused, those that wait go on waiting."""
    return show(lifecycle.set_status(visit.workspace, visit.caller, pipeline_id, "inactive"), visit)


@router.get("/{pipeline_id}/metrics", summary="What a pipeline did")
def metrics(pipeline_id: uuid.UUID, visit: MetricsReader) -> MetricsOut:
    """Records processed and failed, latency, last run, error rate."""
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        rows = tracking.rows_of(connection, "measure_hosted", **visit.own(pipeline_id))
    if not rows:
        raise RequestRefused("PIPELINE_NOT_FOUND", f"pipeline {pipeline_id} does not exist.")
    return MetricsOut.of(rows[0])


def show(row: tracking.Row, visit: Visit, *, is_new: bool = False) -> PipelineOut:
    """With its ETag; what is new is told to Dagster when the answer is out."""
    visit.response.headers["ETag"] = f'"{row["revision"]}"'
    if is_new:
        visit.after.add_task(ask_for_reload, visit.workspace.settings)
    return PipelineOut.of(row)
