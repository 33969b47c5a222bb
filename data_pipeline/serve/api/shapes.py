"""What goes in and out, as OpenAPI shows it."""

import datetime as dt
import re
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from data_pipeline.persist.tracking import Row

# Postgres holds no NUL, and no name or text of ours needs one.
Text = Annotated[str, Field(pattern=r"^[^\u0000]*$")]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\u0000]*$", examples=["orders"])]
Day = Annotated[dt.date, BeforeValidator(lambda given: require_day(given))]
WHOLE = BeforeValidator(lambda given: require_whole(given))
PipelineStatus = Literal["inactive", "active"]
BatchStatus = Literal["pending", "processing", "completed", "failed"]

CONFIG: dict[str, Any] = {
    "source": {},
    "columns": [
        {"name": "id", "header": "id", "type": "text"},
        {"name": "amount", "header": "amount", "type": "number"},
    ],
    "processors": [{"use": "trim", "columns": ["id"]}],
    "destination": {"kind": "snapshot"},
}


def require_whole(given: object) -> int:
    """A whole number as JSON Schema knows it, by which 7.0 is one, and neither true nor a text is."""
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given // 1:
        raise ValueError("expected a whole number")
    return int(given)


def require_day(given: object) -> object:
    """A day as RFC 3339 writes it; a number of seconds is none."""
    if isinstance(given, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given, re.ASCII):
        raise ValueError("expected YYYY-MM-DD")
    return given


class Part(BaseModel):
    """Unknown keys are refused: a misspelt one would be without effect."""

    model_config = ConfigDict(extra="forbid")


class NewPipeline(Part):
    """A pipeline to be."""

    name: Name
    config: dict[str, Any] = Field(
        examples=[CONFIG],
        description="source, columns and destination are required; processors, rules, grain, measures, identity, flush "
        "and retry are as in docs/pipelines.md. Every fault is listed at once.",
    )


class PipelineOut(BaseModel):
    """A pipeline."""

    id: uuid.UUID
    name: str
    status: PipelineStatus
    config: dict[str, Any]
    revision: int
    asset: str = Field(description="Its name in Dagster, in the databases and in folders.")
    created_at: dt.datetime
    updated_at: dt.datetime

    @classmethod
    def of(cls, row: Row) -> "PipelineOut":
        """A row of the ledger."""
        return cls(**{**row, "name": row["title"], "asset": row["name"]})


class PipelineList(BaseModel):
    """A page."""

    items: list[PipelineOut]
    next: str | None = Field(description="Cursor of the next page; null: there is none.")


class NewBatch(Part):
    """Records for one business date."""

    records: list[dict[str, Any]] = Field(
        min_length=1, description="One object a record, keys as in the columns' headers."
    )
    business_date: Day | None = Field(
        None,
        description="The day that the records describe. May be left out where all of them name it in the column of "
        "identity.date_column.",
    )


class BatchOut(BaseModel):
    """A batch. Counts are records."""

    id: uuid.UUID
    pipeline_id: uuid.UUID
    business_date: dt.date
    status: BatchStatus
    record_count: int | None
    processed_count: int | None = None
    failed_count: int | None = None
    attempts: int = 0
    progress: "Progress | None" = None
    error: "BatchFault | None" = None
    created_at: dt.datetime
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None

    @classmethod
    def of(cls, row: Row) -> "BatchOut":
        """A row of the ledger."""
        code = row.get("error_code")
        fault = BatchFault(code=code, message=row["error_message"] or "") if code else None
        return cls(**{**row, "error": fault, "progress": Progress.of(row)})


class Progress(BaseModel):
    """How far a batch is."""

    percent: float = Field(ge=0, le=100)
    rows_processed: int | None = None
    seconds_left: float | None = None

    @classmethod
    def of(cls, row: Row) -> "Progress":
        """What is known of it."""
        told = row.get("progress") or {}
        if row["status"] in ("completed", "failed"):
            return cls(percent=100, rows_processed=row.get("record_count"), seconds_left=0)
        return cls(
            percent=min(99.0, told.get("percent") or 0), rows_processed=told.get("rows"), seconds_left=told.get("eta")
        )


class BatchFault(BaseModel):
    """Why a batch failed as a whole; codes are those of docs/findings.md."""

    code: str
    message: str


class BatchList(BaseModel):
    """A page."""

    items: list[BatchOut]
    next: str | None = Field(description="Cursor of the next page; null: there is none.")


class RejectedRecord(BaseModel):
    """One reason why one record did not pass."""

    record_index: int = Field(description="From 0; below 0: a step over the whole date rejected it, see row_number.")
    row_number: int | None = Field(description="Line of the posted bytes.")
    sheet: str | None
    column: str | None
    value: str | None = Field(description="As it was delivered.")
    code: str
    message: str
    record: Any = Field(description="The whole record, as it was delivered.")
    destination: str | None = Field(description="That refused it; null: it was never published.")

    @classmethod
    def of(cls, row: Row) -> "RejectedRecord":
        """A row of the ledger."""
        renamed = {"column": row["column_name"], "value": row["raw_text"], "code": row["error_code"],
                   "message": row["error_message"], "record": row["record_data"]}  # fmt: skip
        return cls(**{**row, **renamed})


class RejectedList(BaseModel):
    """A page."""

    items: list[RejectedRecord]
    next: str | None = Field(description="Cursor of the next page; null: there is none.")


class MetricsOut(BaseModel):
    """What a pipeline did so far, out of the ledger."""

    batches: int
    pending: int
    processing: int
    completed: int
    failed: int
    records_processed: int
    records_failed: int
    latency_seconds: float | None = Field(description="Mean time from posted to completed.")
    latency_p95_seconds: float | None
    error_rate: float | None = Field(description="Failed records of all; null before the first.")
    last_run_at: dt.datetime | None

    @classmethod
    def of(cls, row: Row) -> "MetricsOut":
        """A row of the ledger."""
        seen = row["records_processed"] + row["records_failed"]
        return cls(**{**row, "error_rate": row["records_failed"] / seen if seen else None})


class SnapshotOut(BaseModel):
    """A published version of a business date."""

    id: uuid.UUID
    business_date: dt.date
    version: int
    row_count: int
    content_hash: str
    is_current: bool
    published_at: dt.datetime


class SnapshotList(BaseModel):
    """Newest dates first."""

    items: list[SnapshotOut]


class FaultOut(BaseModel):
    """One fault of a request."""

    path: str = Field(examples=["$.config.processors[0].use"])
    message: str


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(examples=["PIPELINE_NOT_FOUND"])
    message: str
    request_id: str
    details: list[FaultOut] | None = None


class ErrorOut(BaseModel):
    """Every answer that is no success."""

    error: ErrorBody


BatchOut.model_rebuild()
