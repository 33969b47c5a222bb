"""Waiting batches of a business date -> accepted rows and rejected rows, each batch durable on its own."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from data_pipeline.flow import tracing
from data_pipeline.flow.prepare import prepare_all, prepared_folder
from data_pipeline.flow.progress import ProgressNotes
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.batches import FileFault, Prepared
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.persist import tracking
from data_pipeline.persist.parts import read_chunks
from data_pipeline.persist.tracking import ClaimedBatch
from data_pipeline.pipelines.catalog import Pipeline


@dataclass(frozen=True)
class StagedBatch:
    """What came of one batch."""

    file_name: str
    store: str | None
    version: int
    prepared: Prepared | None
    fault: FileFault | None


def date_lock(pipeline: str, business_date: dt.date) -> str:
    """Name of the lock under which a date's batches are staged and its snapshot is published."""
    return f"{pipeline}/{business_date.isoformat()}"


def stage_batches(
    workspace: Workspace,
    pipeline: Pipeline,
    business_date: dt.date,
    run_id: uuid.UUID,
    *,
    on_batch: Callable[[StagedBatch], None] = lambda _: None,
) -> list[StagedBatch]:
    """Judges every waiting batch of a date. A file that fails does not stop the others.

    Batches that were judged by other rules than today's are judged again from their landed bytes.
    Those that a dead process left `processing` are taken up again: whoever holds the date's lock is alone.
    """
    staged, spec = [], workspace.judging_spec(pipeline)
    with workspace.database.hold_lock(date_lock(pipeline.name, business_date)):
        with workspace.database.transaction() as connection:
            pipeline_id, spec_version = workspace.register(connection, pipeline)
            tracking.run(
                connection,
                "fail_abandoned_runs",
                pipeline_id=pipeline_id,
                business_date=business_date,
                id=run_id,
            )
            judged_by = prepared_folder(workspace.home, spec).name
            claimed = tracking.claim_batches(
                connection, pipeline_id, business_date, run_id, spec_hash=judged_by, spec_version=spec_version
            )
        for batch in settle_each(workspace, spec, claimed):
            staged.append(batch)
            on_batch(batch)
    return staged


def settle_each(workspace: Workspace, spec: PipelineSpec, claimed: Sequence[ClaimedBatch]) -> Iterator[StagedBatch]:
    """Judges claimed batches in parallel and records each in a transaction of its own."""
    claimed_at = tracing.read_clock()
    land_payloads(workspace, claimed)
    landed = [(workspace.landing.get(batch.content_sha256, batch.file_name), batch.file_name) for batch in claimed]
    notes = ProgressNotes(workspace.database, claimed)
    results = prepare_all(workspace.sandbox, landed, (spec,), settings=workspace.settings, on_progress=notes.note)
    for batch, result in zip(claimed, results, strict=True):
        with tracing.processing(batch, claimed_at):
            settle(workspace, spec, batch, result)
        if isinstance(result, FileFault):
            yield StagedBatch(batch.file_name, batch.store, batch.version, prepared=None, fault=result)
        else:
            yield StagedBatch(batch.file_name, batch.store, batch.version, prepared=result, fault=None)


def land_payloads(workspace: Workspace, claimed: Sequence[ClaimedBatch]) -> None:
    """Bytes that were posted lie in the database at first; from here on they lie with all others.

    Raises: StoreError when our disk is full.
    """
    with workspace.database.transaction() as connection:
        for row in tracking.rows_of(connection, "list_payloads", batch_ids=[batch.id for batch in claimed]):
            with workspace.landing.receiving(row["file_name"]) as arriving:
                arriving.write(row["content"])
                arriving.finish()
            tracking.run(connection, "drop_payload", batch_id=row["batch_id"])


def settle(workspace: Workspace, spec: PipelineSpec, batch: ClaimedBatch, result: Prepared | FileFault) -> None:
    """Records what came of a batch, all or nothing."""
    folder = prepared_folder(workspace.home, spec)
    with workspace.database.transaction() as connection:
        if isinstance(result, FileFault):
            tracking.fail_batch(connection, batch.id, batch.attempt, result)
            return
        tracking.complete_batch(
            connection,
            batch,
            result,
            part=str((folder / result.part).relative_to(workspace.home)),
            spec_hash=folder.name,
            rejects=read_chunks(folder / result.rejects) if result.rows_rejected else (),
        )
