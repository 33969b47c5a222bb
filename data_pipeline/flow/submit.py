"""Batches that programs post: durable before they are answered, processed like any other batch."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import NoReturn

import orjson

from data_pipeline.errors import RequestRefused
from data_pipeline.flow.caller import Caller
from data_pipeline.flow.lifecycle import require
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import audit, tracking
from data_pipeline.persist.hosted import insert_posted
from data_pipeline.persist.landing import Landed
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.persist.tracking import Row

LONGEST_STEM = 100
RECORDS = "records.jsonl"


@dataclass(frozen=True)
class Told:
    """What a program says of a posting beside its records."""

    idempotency_key: str | None = None
    trace_parent: str | None = None


@dataclass(frozen=True)
class Arrived:
    """Bytes that are landed: an uploaded file, or records that were streamed."""

    landed: Landed
    file_name: str
    records: int | None
    """None: a file whose records nobody counted yet."""
    business_date: dt.date | None = None


@dataclass(frozen=True)
class Posting:
    """What is known of a batch when it is posted; without `content` the bytes are landed."""

    pipeline_id: uuid.UUID
    business_date: dt.date
    file_name: str
    content_sha256: str
    size_bytes: int
    records: int | None
    content: bytes | None
    told: Told

    @property
    def request_sha256(self) -> str:
        """What is asked for: an idempotency key is good for nothing else."""
        return hashlib.sha256(f"{self.pipeline_id} {self.business_date} {self.content_sha256}".encode()).hexdigest()


def post_records(
    workspace: Workspace,
    caller: Caller,
    pipeline_id: uuid.UUID,
    records: Sequence[bytes],
    business_date: dt.date | None,
    told: Told,
) -> Row:
    """Keeps records, each a JSON object on one line, as a waiting batch; gives it as it was kept.

    Under an idempotency key that was used before, it is the batch of then. Raises: RequestRefused.
    """
    day = business_date or find_date(workspace, caller, pipeline_id, records)
    content = b"\n".join(records) + b"\n"
    digest = hashlib.sha256(content).hexdigest()
    return post(
        workspace,
        caller,
        Posting(pipeline_id, day, RECORDS, digest, len(content), len(records), content, told),
    )


def post_landed(workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID, arrived: Arrived, told: Told) -> Row:
    """The same for bytes that are landed already. Raises: RequestRefused."""
    if arrived.business_date is None:
        words = "expected a business date. Say `?business_date=YYYY-MM-DD`: the day that the records describe."
        raise RequestRefused("BUSINESS_DATE_UNKNOWN", words)
    landed = arrived.landed
    return post(
        workspace,
        caller,
        Posting(pipeline_id, arrived.business_date, arrived.file_name, landed.sha256, landed.size_bytes,
                arrived.records, None, told),
    )  # fmt: skip


def post(workspace: Workspace, caller: Caller, posting: Posting) -> Row:
    """Batch, bytes, idempotency key and audit entry in one transaction. Raises: RequestRefused."""
    refuse_over_quota(workspace, caller)
    batch_id = uuid.uuid4()
    asked = {
        **{key: value for key, value in vars(posting).items() if key != "told"},
        **vars(posting.told),
        "request_sha256": posting.request_sha256,
        "id": batch_id,
        "owner_id": caller.owner_id,
        "key_id": caller.key_id,
        "actor": caller.actor,
        "request_id": caller.request_id,
        # Of two postings each is a delivery of its own; no later one takes its place.
        "file_path": f"api:{batch_id}",
        "file_name": name_file(posting.file_name, batch_id),
    }
    made = insert_posted(workspace.database, asked)
    if made is None:
        return repeat(workspace, caller, posting)
    if not made:
        refuse_inactive(workspace, caller, posting.pipeline_id)
    return {**made[0], "pipeline_id": posting.pipeline_id, "business_date": posting.business_date,
            "record_count": posting.records, "is_repeated": False}  # fmt: skip


def name_file(name: str, batch_id: uuid.UUID) -> str:
    """What rows say they come from; no two batches of a date say the same.

    >>> name_file("sales.csv", uuid.UUID(int=7))
    'sales-00000000-0000-0000-0000-000000000007.csv'
    """
    path = PurePath(name)
    return f"{path.stem[:LONGEST_STEM]}-{batch_id}{path.suffix[:17]}"


def refuse_inactive(workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID) -> NoReturn:
    """Raises: RequestRefused PIPELINE_NOT_FOUND or PIPELINE_NOT_ACTIVE."""
    with acting_as(workspace.database, caller.owner_id) as connection:
        require(connection, caller, pipeline_id)
    raise RequestRefused(
        "PIPELINE_NOT_ACTIVE",
        f"pipeline {pipeline_id} is not active: start it with POST /pipelines/{pipeline_id}/start.",
    )


def repeat(workspace: Workspace, caller: Caller, posting: Posting) -> Row:
    """The batch that was posted under this idempotency key before.

    Raises: RequestRefused IDEMPOTENCY_CONFLICT when it was for something else.
    """
    key = {"owner_id": caller.owner_id, "key": posting.told.idempotency_key}
    with acting_as(workspace.database, caller.owner_id) as connection:
        known = tracking.rows_of(connection, "find_idempotent", **key)
        if known and known[0]["request_sha256"] != posting.request_sha256:
            audit.note(connection, caller.entry("batch.post", posting.pipeline_id, outcome="IDEMPOTENCY_CONFLICT"))
        if not known:
            tracking.run(connection, "forget_idempotent", **key)
    if not known:  # the key is older than a day: it is free again
        return post(workspace, caller, posting)
    if known[0]["request_sha256"] != posting.request_sha256:
        raise RequestRefused(
            "IDEMPOTENCY_CONFLICT",
            f"Idempotency-Key {posting.told.idempotency_key!r} was used for another batch; each batch has its own.",
        )
    return {**find_batch(workspace, caller, posting.pipeline_id, known[0]["batch_id"]), "is_repeated": True}


def find_batch(workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID, batch_id: uuid.UUID) -> Row:
    """One batch. Raises: RequestRefused PIPELINE_NOT_FOUND, BATCH_NOT_FOUND."""
    asked = {"owner_id": caller.owner_id, "pipeline_id": pipeline_id, "batch_id": batch_id}
    with acting_as(workspace.database, caller.owner_id) as connection:
        found = tracking.rows_of(connection, "find_posted", **asked)
        if not found:
            require(connection, caller, pipeline_id)
    if not found:
        raise RequestRefused("BATCH_NOT_FOUND", f"batch {batch_id} does not exist in pipeline {pipeline_id}.")
    return found[0]


def find_date(workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID, records: Sequence[bytes]) -> dt.date:
    """The business date that all records name in the column that the pipeline declares for it; nobody guesses one.

    Raises: RequestRefused BUSINESS_DATE_UNKNOWN.
    """
    with acting_as(workspace.database, caller.owner_id) as connection:
        config = require(connection, caller, pipeline_id)["config"]
    column = (config.get("identity") or {}).get("date_column")
    headers = [one["header"] for one in config["columns"] if one["name"] == column]
    named = {str(orjson.loads(record).get(headers[0]))[:10] for record in records} if headers else set()
    if len(named) == 1:
        try:
            return dt.date.fromisoformat(named.pop())
        except ValueError:
            pass  # said below
    found = f"the records name {', '.join(sorted(named)[:3]) or 'none'} in {headers[0]!r}" if headers else "found none"
    raise RequestRefused(
        "BUSINESS_DATE_UNKNOWN",
        f"expected one business date, {found}. Say `business_date`: the day that the records describe.",
    )


def change_batch(workspace: Workspace, caller: Caller, pipeline_id: uuid.UUID, batch_id: uuid.UUID, change: str) -> Row:
    """Retries a failed batch, or cancels a waiting one. Raises: RequestRefused."""
    query, needed = {"retry": ("requeue_posted", "failed"), "cancel": ("cancel_posted", "pending")}[change]
    asked = {"owner_id": caller.owner_id, "pipeline_id": pipeline_id, "batch_id": batch_id}
    with acting_as(workspace.database, caller.owner_id) as connection:
        changed = tracking.rows_of(connection, query, **asked)
        if changed:
            audit.note(connection, caller.entry(f"batch.{change}", batch_id))
    found = find_batch(workspace, caller, pipeline_id, batch_id)
    if not changed:
        words = f"batch {batch_id} is {found['status']}: to {change} takes one that is {needed}."
        raise RequestRefused(f"BATCH_NOT_{needed.upper()}", words)
    return found


def refuse_over_quota(workspace: Workspace, caller: Caller) -> None:
    """Raises: RequestRefused QUOTA_EXCEEDED when the key has as much waiting, or posted today, as it may."""
    limits = caller.limits
    if limits.waiting_batches is None and limits.records_per_day is None:
        return
    with workspace.database.transaction() as connection:
        [used] = tracking.rows_of(connection, "count_key_use", key_id=caller.key_id)
    for what, count, most in (
        ("waiting batches", used["waiting"], limits.waiting_batches),
        ("records today", used["records"], limits.records_per_day),
    ):
        if most is not None and count >= most:
            raise RequestRefused("QUOTA_EXCEEDED", f"this key may have {most} {what}, and has {count}. Wait.")
