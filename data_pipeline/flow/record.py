"""What one file comes to: a batch, a failed batch, the same again, or a question to a person. Recorded once."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data_pipeline.flow.route import find_candidates
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.identity import Identity, collect_witnesses, decide_identity
from data_pipeline.model.batches import DriveFile, FileFault, Prepared, Witness
from data_pipeline.model.spec import IdentitySpec
from data_pipeline.persist import tracking
from data_pipeline.persist.landing import Landed
from data_pipeline.persist.tracking import NewBatch, Row, Transaction
from data_pipeline.pipelines.catalog import Pipeline

Outcome = Literal["batch", "failed", "same_bytes", "same_cells", "parked", "unreadable"]


@dataclass(frozen=True)
class Statement:
    """What an operator says about files; what is not said is decided by evidence."""

    pipeline: str | None = None
    store: str | None = None
    business_date: dt.date | None = None


@dataclass(frozen=True)
class Receipt:
    """What came of one file."""

    file: DriveFile
    outcome: Outcome
    note: str
    pipeline: str | None = None
    business_date: dt.date | None = None
    store: str | None = None
    batch_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Delivery:
    """A landed file whose pipeline, store and business date are known."""

    file: DriveFile
    landed: Landed
    pipeline: str
    pipeline_id: uuid.UUID
    identity: Identity
    business_date: dt.date

    def as_batch(self, store_id: int | None, prepared: Prepared | None) -> NewBatch:
        """The batch that it becomes."""
        return NewBatch(
            pipeline_id=self.pipeline_id,
            business_date=self.business_date,
            store_id=store_id,
            file=self.file,
            content_sha256=self.landed.sha256,
            cells_sha256=prepared.cells_sha256 if prepared else None,
            exported_at=prepared.created_at if prepared else None,
            witnesses=self.identity.witnesses,
            findings=self.identity.findings,
        )

    def record(self, connection: Transaction, outcome: Outcome, note: str, batch_id: uuid.UUID) -> Receipt:
        """Remembers what came of the file."""
        tracking.record_arrival(
            connection,
            self.file,
            outcome="batch" if outcome == "failed" else outcome,
            content_sha256=self.landed.sha256,
            note=note,
            batch_id=batch_id,
            witnesses=self.identity.witnesses,
        )
        return Receipt(self.file, outcome, note, self.pipeline, self.business_date, self.identity.store, batch_id)


def record_repeat(workspace: Workspace, file: DriveFile, landed: Landed, earlier: Row) -> Receipt:
    """The same bytes again, under whatever name: nothing happens, and that is recorded."""
    outcome: Outcome = "same_bytes"
    note = f"same bytes as {earlier['file_name']!r}, version {earlier['version']} for {earlier['business_date']}"
    if earlier["is_superseded"]:
        note += ", which a later version supersedes; nothing changed. Use rollback to bring the older version back"
    with workspace.database.transaction() as connection:
        if earlier["status"] == "failed" and tracking.run(connection, "requeue_batch", id=earlier["id"]):
            outcome, note = "batch", note + "; it failed then and is tried again"
        if tracking.load_known_files(connection).get(str(file.path)) != file.fingerprint:
            tracking.record_arrival(
                connection,
                file,
                outcome=outcome,
                content_sha256=landed.sha256,
                note=note,
                batch_id=earlier["id"],
            )
    return Receipt(file, outcome, note, earlier["pipeline"], earlier["business_date"], earlier["store"], earlier["id"])


def record_fresh(
    workspace: Workspace, file: DriveFile, landed: Landed, prepared: Prepared | FileFault, statement: Statement
) -> Receipt:
    """New bytes: a new version of a delivery, the same cells re-saved, a failed file, or a parked one."""
    judged = prepared if isinstance(prepared, Prepared) else None
    possible = find_possible_pipelines(workspace, file, prepared, statement)
    pipeline = possible[0] if len(possible) == 1 else None
    declared = pipeline.spec.identity if pipeline else IdentitySpec()
    with workspace.database.transaction() as connection:
        names = tracking.load_store_names(connection, declared.chain_prefixes)
    witnesses = collect_witnesses(
        file.relative, judged, names, declared, stated_store=statement.store, stated_date=statement.business_date
    )
    # Whose file it is may stay unknown when it cannot be read: the date is enough to tell its sender.
    needs_store = judged is not None and declared.store_column is not None
    identity = decide_identity(witnesses, needs_store=needs_store)
    if pipeline is None or identity.doubts or identity.business_date is None:
        doubts = [*tell_unread(prepared, possible), *identity.doubts]
        return record_parked(workspace, file, landed, "; ".join(doubts), identity.witnesses, possible=possible)
    delivery = Delivery(file, landed, pipeline.name, workspace.pipeline_id(pipeline), identity, identity.business_date)
    with workspace.database.transaction() as connection:
        if isinstance(prepared, FileFault):
            return record_failure(connection, delivery, prepared)
        overtaken = find_overtaking(connection, delivery, prepared)
        if overtaken is None or statement.store is not None:
            return record_delivery(connection, delivery, prepared)
    return record_parked(workspace, file, landed, overtaken, identity.witnesses, possible=possible)


def find_possible_pipelines(
    workspace: Workspace, file: DriveFile, prepared: Prepared | FileFault, statement: Statement
) -> tuple[Pipeline, ...]:
    """The pipeline that the operator or the header names; without a header all that take such files."""
    if statement.pipeline is None and prepared.pipeline is not None:
        return (workspace.pipeline(prepared.pipeline),)
    return find_candidates(file, workspace.pipelines(), statement.pipeline)


def tell_unread(prepared: Prepared | FileFault, possible: Sequence[Pipeline]) -> list[str]:
    """Why a file cannot be read, and that it does not say either whose it is."""
    if not isinstance(prepared, FileFault):
        return []
    if len(possible) == 1 or prepared.code == "UNKNOWN_PIPELINE":  # which says so itself
        return [prepared.message]
    names = ", ".join(pipeline.name for pipeline in possible)
    return [prepared.message, f"nothing says which pipeline the file is for ({names})"]


def record_parked(
    workspace: Workspace,
    file: DriveFile,
    landed: Landed,
    doubt: str,
    witnesses: Sequence[Witness],
    *,
    possible: Sequence[Pipeline] = (),
) -> Receipt:
    """Keeps the file for a person, with what every witness says; `possible` pipelines say what is to be decided."""
    is_of_store = not possible or any(pipeline.spec.identity.store_column is not None for pipeline in possible)
    options = [("--pipeline ...", len(possible) > 1), ("--store ...", is_of_store), ("--date ...", True)]
    decision = " ".join(option for option, is_needed in options if is_needed)
    note = f"{doubt}. Decide with: data-pipeline assign {str(file.path)!r} {decision}"
    with workspace.database.transaction() as connection:
        tracking.record_arrival(
            connection, file, outcome="parked", content_sha256=landed.sha256, note=note, witnesses=witnesses
        )
    return Receipt(file, "parked", note)


def record_delivery(connection: Transaction, delivery: Delivery, prepared: Prepared) -> Receipt:
    """Makes the batch, unless the store's newest delivery for the date says the same in other bytes."""
    identity = delivery.identity
    store_id = tracking.ensure_store(connection, identity.store) if identity.store else None
    latest = tracking.rows_of(
        connection,
        "find_latest_delivery",
        pipeline_id=delivery.pipeline_id,
        business_date=delivery.business_date,
        store_id=store_id,
    )
    if latest and latest[0]["cells_sha256"] == prepared.cells_sha256:
        note = f"same cells as {latest[0]['file_name']!r}, version {latest[0]['version']}; only saved differently"
        return delivery.record(connection, "same_cells", note, latest[0]["id"])
    batch_id = tracking.create_batch(connection, delivery.as_batch(store_id, prepared))
    note = f"supersedes version {latest[0]['version']} ({latest[0]['file_name']!r})" if latest else "first delivery"
    return delivery.record(connection, "batch", note, batch_id)


def find_overtaking(connection: Transaction, delivery: Delivery, prepared: Prepared) -> str | None:
    """The doubt about a file that was exported before the one it would supersede: yesterday's correction, sent late?"""
    known = tracking.rows_of(connection, "find_store", name=delivery.identity.store)
    latest = known and tracking.rows_of(
        connection,
        "find_latest_delivery",
        pipeline_id=delivery.pipeline_id,
        business_date=delivery.business_date,
        store_id=known[0]["store_id"],
    )
    if not latest or prepared.created_at is None or latest[0]["exported_at"] is None:
        return None
    if latest[0]["cells_sha256"] == prepared.cells_sha256 or prepared.created_at >= latest[0]["exported_at"]:
        return None
    newer = (
        f"version {latest[0]['version']} ({latest[0]['file_name']!r}, exported {latest[0]['exported_at']:%H:%M:%S %Z})"
    )
    return f"was exported at {prepared.created_at.isoformat()}, before the {newer} that it would supersede"


def record_failure(connection: Transaction, delivery: Delivery, fault: FileFault) -> Receipt:
    """Makes a batch that failed before its first row, so that it is listed, explained and retried alone."""
    store = delivery.identity.store
    store_id = tracking.ensure_store(connection, store) if store else None
    batch_id = tracking.create_batch(connection, delivery.as_batch(store_id, None))
    tracking.run(connection, "start_batch", id=batch_id)
    tracking.fail_batch(connection, batch_id, 1, fault)
    return delivery.record(connection, "failed", fault.message, batch_id)
