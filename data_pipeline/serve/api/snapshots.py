"""What a pipeline published: its versions, and the rows of the current one as JSON, CSV or Arrow."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.errors import RequestRefused, SpecError
from data_pipeline.flow.lifecycle import require
from data_pipeline.parsing.expressions import parse_expression
from data_pipeline.persist import tracking
from data_pipeline.persist.files import scan_rows
from data_pipeline.persist.lake import Lake
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.serve.api.answers import keep_answer
from data_pipeline.serve.api.auth import SnapshotReader, Visit
from data_pipeline.serve.api.shapes import Day, SnapshotList, SnapshotOut, Text
from data_pipeline.serve.api.tables import TYPES, write_list, write_table

router = APIRouter(prefix="/pipelines/{pipeline_id}/snapshots", tags=["snapshots"])
MOST_VERSIONS = 1000


class SnapshotQuery(BaseModel):
    """Which published dates."""

    model_config = ConfigDict(extra="forbid")

    business_date: Day | None = None
    all_versions: bool = False


class RowsQuery(BaseModel):
    """Which rows of a published date, and in which form."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=1_000_000_000, description="Instead of the current one.")
    format: Literal["json", "csv", "arrow"] = "json"
    where: Text | None = Field(None, max_length=1000, description="Condition over columns, in SQL.")
    columns: Text | None = Field(None, max_length=2000, description="Names, separated by commas.")
    limit: int = Field(1000, ge=1, le=10_000, description="Of JSON; the others come whole.")
    offset: int = Field(0, ge=0, le=1_000_000_000)


def list_versions(
    visit: Visit, pipeline_id: uuid.UUID, day: dt.date | None, *, only_current: bool
) -> list[tracking.Row]:
    """Published versions. Raises: RequestRefused PIPELINE_NOT_FOUND."""
    asked = {**visit.own(pipeline_id), "business_date": day, "only_current": only_current, "most": MOST_VERSIONS}
    with acting_as(visit.database, visit.caller.owner_id) as connection:
        require(connection, visit.caller, pipeline_id)
        return tracking.rows_of(connection, "list_hosted_snapshots", **asked)


@router.get("", summary="List published dates")
def list_all(pipeline_id: uuid.UUID, query: Annotated[SnapshotQuery, Query()], visit: SnapshotReader) -> SnapshotList:
    """Newest date first; of each the current version, or all of them."""
    rows = list_versions(visit, pipeline_id, query.business_date, only_current=not query.all_versions)
    return SnapshotList(items=[SnapshotOut(**row) for row in rows])


@router.get(
    "/{business_date}",
    summary="Rows of a published date",
    response_model=list[dict[str, Any]],
    responses={200: {"content": {TYPES["csv"]: {}, TYPES["arrow"]: {}}}},
)
def read(
    pipeline_id: uuid.UUID, business_date: Day, query: Annotated[RowsQuery, Query()], visit: SnapshotReader
) -> Response:
    """In publishing order. `X-Row-Count` says how many rows fit the condition."""
    versions = list_versions(visit, pipeline_id, business_date, only_current=query.version is None)
    found = next((row for row in versions if query.version in (None, row["version"])), None)
    if found is None:
        raise RequestRefused("SNAPSHOT_NOT_FOUND", f"{business_date}: nothing is published, or not in that version.")
    rows = choose(visit.workspace.lake, Path(found["parquet_path"]), query.where, query.columns)
    if query.format == "json":
        asked = f"{pipeline_id} {found['id']} {query.model_dump_json()}"  # another version is another name
        answer = keep_answer(visit.request.app.state.cache, asked, lambda: write_page(rows, query))
    else:
        name = f"{business_date}.v{found['version']}"
        answer = write_table(rows, query.format, name=name, folder=visit.workspace.home)
    answer.headers["ETag"] = f'"{found["content_hash"]}"'
    return answer


def write_page(rows: pl.LazyFrame, query: RowsQuery) -> Response:
    """The rows that are asked for, and how many there are."""
    counted = rows.select(pl.len()).collect(engine="streaming").item()
    answer = write_list(rows.slice(query.offset, query.limit).collect(engine="streaming"))
    answer.headers["X-Row-Count"] = str(counted)
    return answer


def choose(lake: Lake, version: Path, where: str | None, columns: str | None) -> pl.LazyFrame:
    """The rows and columns that are wanted, of which memory never holds all.

    Raises: RequestRefused for a column that there is not.
    """
    rows = lake.scan_version(version)
    schema = rows.collect_schema()
    named = [name.strip() for name in columns.split(",")] if columns else list(schema)
    unknown = sorted({*named} - {*schema})
    if unknown or len({*named}) < len(named):
        words = f"columns: expected some of {', '.join(schema)}, each once; found {', '.join(named)[:200]!r}"
        raise RequestRefused("INVALID_REQUEST", words)
    if where is None:
        return rows.select(named)
    try:
        condition = parse_expression(where)
        fitting = lake.open_version(version).map(lambda chunk: chunk.filter(condition.is_true(chunk)), drops=True)
    except SpecError as error:
        raise RequestRefused("INVALID_REQUEST", f"where: {error}") from error
    return scan_rows(fitting).select(named)
