"""Batches of programs: posted, listed, read, their rejected records, retried, cancelled."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from data_pipeline.errors import RequestRefused
from data_pipeline.flow import submit
from data_pipeline.flow.lifecycle import require
from data_pipeline.persist import tracking
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.serve.api import bodies
from data_pipeline.serve.api.auth import BatchReader, BatchWriter, Visit
from data_pipeline.serve.api.paging import FOLLOWING, NumberCursor, Page, TimeCursor, read_time, write_time
from data_pipeline.serve.api.shapes import (
    BatchList,
    BatchOut,
    BatchStatus,
    Day,
    NewBatch,
    RejectedList,
    RejectedRecord,
    Text,
)
from data_pipeline.serve.api.tables import TYPES, write_rejected

router = APIRouter(prefix="/pipelines/{pipeline_id}/batches", tags=["batches"])
IdempotencyKey = Annotated[
    str,
    Header(
        max_length=255,
        pattern=r"^[\x21-\x7e]*$",
        description="Posting again under it makes no second batch.",
    ),
]
BusinessDate = Annotated[Day | None, Query(description="For lines and files; in JSON it may stand in the body.")]
FILES: dict[str, Any] = {"content": {TYPES["csv"]: {}, TYPES["xlsx"]: {}}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            bodies.JSON: {"schema": NewBatch.model_json_schema(ref_template="#/components/schemas/{model}")},
            bodies.LINES[0]: {"schema": {"type": "string", "description": "A JSON object a line."}},
            bodies.MULTIPART: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"},
                        "business_date": {"type": "string", "format": "date"},
                    },
                    "additionalProperties": False,
                }
            },
        },
    }
}


class BatchQuery(Page):
    """Which batches."""

    status: BatchStatus | None = None
    business_date: Day | None = None
    cursor: TimeCursor | None = Field(None, description=FOLLOWING)


class RejectedQuery(Page):
    """Which rejected records, and in which form."""

    code: Text | None = Field(None, max_length=100)
    format: Literal["json", "csv", "xlsx"] = "json"
    cursor: NumberCursor | None = Field(None, description=FOLLOWING)


@router.post("", status_code=202, summary="Post a batch", response_model=BatchOut, openapi_extra=BODY)
async def post(
    pipeline_id: uuid.UUID,
    visit: BatchWriter,
    business_date: BusinessDate = None,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """Answered when the records are on disk and in the ledger; processed by a run that follows."""
    told = submit.Told(idempotency_key or None, visit.request.headers.get("traceparent"))
    row = await take(visit, pipeline_id, business_date, told)
    headers = {"Location": f"{visit.request.url.path}/{row['id']}"}
    if row["is_repeated"]:
        headers["Idempotency-Replayed"] = "true"
    # Made by us: the framework would check it once more.
    return Response(BatchOut.of(row).model_dump_json(), 202, headers, media_type=bodies.JSON)


async def take(visit: Visit, pipeline_id: uuid.UUID, said: dt.date | None, told: submit.Told) -> tracking.Row:
    """The kept batch, whatever form its body has. Raises: RequestRefused."""
    workspace, caller, request = visit.workspace, visit.caller, visit.request
    kind = request.headers.get("content-type", bodies.JSON).partition(";")[0].strip().lower()
    if kind == bodies.JSON:
        records, day = bodies.read_records(await request.body(), workspace.settings.api_records)
        posting = (pipeline_id, records, day or said, told)
        return await run_in_threadpool(submit.post_records, workspace, caller, *posting)
    await run_in_threadpool(require_open, visit, pipeline_id)
    if kind in bodies.LINES:
        streamed = await bodies.stream_lines(request, workspace.landing)
    elif kind == bodies.MULTIPART:
        streamed = await bodies.stream_form(request, workspace.landing)
    else:
        known = ", ".join((bodies.JSON, *bodies.LINES, bodies.MULTIPART))
        raise RequestRefused("UNSUPPORTED_MEDIA_TYPE", f"expected {known}; found {kind[:100]!r}")
    arrived = replace(streamed, business_date=streamed.business_date or said)
    return await run_in_threadpool(submit.post_landed, workspace, caller, pipeline_id, arrived, told)


def require_open(visit: Visit, pipeline_id: uuid.UUID) -> None:
    """Before gigabytes are taken. Raises: RequestRefused."""
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        found = require(connection, visit.caller, pipeline_id)
    if found["status"] != "active":
        submit.refuse_inactive(visit.workspace, visit.caller, pipeline_id)


@router.get("", summary="List batches")
def list_all(pipeline_id: uuid.UUID, query: Annotated[BatchQuery, Query()], visit: BatchReader) -> BatchList:
    """Newest first."""
    place = {**read_time(query.cursor), "most": query.limit + 1}
    wanted = {"status": query.status, "business_date": query.business_date}
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        require(connection, visit.caller, pipeline_id)
        rows = tracking.rows_of(connection, "list_posted", **visit.own(pipeline_id), **wanted, **place)
    page = rows[: query.limit]
    following = write_time(page[-1]) if len(rows) > query.limit else None
    return BatchList(items=[BatchOut.of(row) for row in page], next=following)


@router.get("/{batch_id}", summary="Read a batch")
def read(pipeline_id: uuid.UUID, batch_id: uuid.UUID, visit: BatchReader) -> BatchOut:
    """Status, counts, progress."""
    return BatchOut.of(submit.find_batch(visit.workspace, visit.caller, pipeline_id, batch_id))


@router.get("/{batch_id}/errors", summary="Rejected records", response_model=RejectedList, responses={200: FILES})
def errors(
    pipeline_id: uuid.UUID, batch_id: uuid.UUID, query: Annotated[RejectedQuery, Query()], visit: BatchReader
) -> RejectedList | Response:
    """Every reason of every record that did not pass: page by page as JSON, whole as CSV or workbook."""
    submit.find_batch(visit.workspace, visit.caller, pipeline_id, batch_id)
    after = int(query.cursor[1:]) if query.cursor else 0
    asked = {**visit.own(pipeline_id), "batch_id": batch_id, "code": query.code, "after": after}
    most = query.limit + 1 if query.format == "json" else None
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        rows = tracking.rows_of(connection, "list_posted_errors", **asked, most=most)
    if query.format != "json":
        return write_rejected(rows, query.format, name=f"rejected-{batch_id}")
    page = rows[: query.limit]
    following = f"e{page[-1]['id']}" if len(rows) > query.limit else None
    return RejectedList(items=[RejectedRecord.of(row) for row in page], next=following)


@router.post("/{batch_id}/retry", status_code=202, summary="Retry a failed batch")
def retry(pipeline_id: uuid.UUID, batch_id: uuid.UUID, visit: BatchWriter) -> BatchOut:
    """Its bytes are kept: they are judged again, alone."""
    return BatchOut.of(submit.change_batch(visit.workspace, visit.caller, pipeline_id, batch_id, "retry"))


@router.post("/{batch_id}/cancel", summary="Cancel a waiting batch")
def cancel(pipeline_id: uuid.UUID, batch_id: uuid.UUID, visit: BatchWriter) -> BatchOut:
    """One that no run has taken yet ends as failed, CANCELLED."""
    return BatchOut.of(submit.change_batch(visit.workspace, visit.caller, pipeline_id, batch_id, "cancel"))
