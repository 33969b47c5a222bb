"""Pipelines of programs: made, read, replaced, started, stopped, deleted; what they did so far."""

import datetime as dt
import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query

from data_pipeline.errors import RequestRefused
from data_pipeline.flow import lifecycle
from data_pipeline.persist import tracking
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.serve.api.auth import MetricsReader, PipelineReader, PipelineWriter, Visit
from data_pipeline.serve.api.paging import Page, cut_page, read_cursor
from data_pipeline.serve.api.reload import ask_for_reload
from data_pipeline.serve.api.shapes import MetricsOut, NewPipeline, PipelineList, PipelineOut, PipelineStatus, Text

router = APIRouter(prefix="/pipelines", tags=["pipelines"])
IfMatch = Annotated[
    str | None, Header(pattern=r'^"[0-9]{1,9}"$', description="The ETag that was read; another revision is refused.")
]


class PipelineQuery(Page):
    """Which pipelines."""

    status: PipelineStatus | None = None
    name: Annotated[Text | None, Query(max_length=255, description="Part of the name.")] = None
    sort: Literal["-created_at", "name"] = "-created_at"


@router.post("", status_code=201, summary="Make a pipeline")
def create(body: NewPipeline, visit: PipelineWriter) -> PipelineOut:
    """It is inactive: start it, and post batches to it."""
    row = lifecycle.create_pipeline(visit.workspace, visit.caller, body.name, body.config)
    visit.response.headers["Location"] = f"{visit.request.url.path}/{row['id']}"
    return show(row, visit, is_new=True)


@router.get("", summary="List pipelines")
def list_all(query: Annotated[PipelineQuery, Query()], visit: PipelineReader) -> PipelineList:
    """The caller's own, newest first or by name."""
    asked: dict[str, object] = {"owner_id": visit.caller.owner_id, "status": query.status, "name": query.name}
    if query.sort == "name":
        keys, named = ("title", "id"), "list_hosted_by_name"
        asked["after_name"], asked["after_id"] = read_cursor("name", (str, uuid.UUID), query.cursor)
    else:
        keys, named = ("created_at", "id"), "list_hosted_by_time"
        asked["after_time"], asked["after_id"] = read_cursor(
            "time", (dt.datetime.fromisoformat, uuid.UUID), query.cursor
        )
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        rows = tracking.rows_of(connection, named, **asked, most=query.limit + 1)
    page, following = cut_page(rows, query.limit, "name" if query.sort == "name" else "time", *keys)
    return PipelineList(items=[PipelineOut.of(row) for row in page], next=following)


@router.get("/{pipeline_id}", summary="Read a pipeline")
def read(pipeline_id: uuid.UUID, visit: PipelineReader) -> PipelineOut:
    """With its ETag."""
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        return show(lifecycle.require(connection, visit.caller, pipeline_id), visit)


@router.put("/{pipeline_id}", summary="Replace a pipeline")
def replace(pipeline_id: uuid.UUID, body: NewPipeline, visit: PipelineWriter, if_match: IfMatch = None) -> PipelineOut:
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
