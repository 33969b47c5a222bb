"""Published snapshot -> every destination of the pipeline, each on its own: one that is down stops no other."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from data_pipeline.errors import ConservationError, DatabaseError, DestinationError, PipelineError, RequestError
from data_pipeline.flow.publish import snapshot_day
from data_pipeline.flow.sensitive import hide_record
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.destinations import Destination, FileDestination
from data_pipeline.model.rows import Rows
from data_pipeline.model.snapshots import Published
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.persist import deliveries, snapshots, tracking
from data_pipeline.persist.deliveries import ChunkJournal, RefusedRow
from data_pipeline.persist.dependencies import SharedState
from data_pipeline.persist.destinations.form import Formed, form_rows
from data_pipeline.persist.destinations.registry import KINDS, find_dependency
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.protection import SYSTEM_CLOCK, Clock, Discreet, Guard, PolicyGuard, Unguarded
from data_pipeline.pipelines.catalog import Pipeline

REFUSED = "DESTINATION_ERROR"


@dataclass(frozen=True)
class Delivery:
    """What came of one destination. Units: counts are rows."""

    destination: str
    status: str
    """delivered, unchanged (it was delivered before), or failed."""
    rows_delivered: int = 0
    rows_refused: int = 0
    rows_left_out: int = 0
    error: PipelineError | None = None


@dataclass(frozen=True)
class Day:
    """A published date, and what of it destinations may be sent."""

    workspace: Workspace
    pipeline: Pipeline
    published: Published
    published_at: dt.datetime
    batches: Sequence[tracking.Row]
    folder: Path
    clock: Clock

    @property
    def key(self) -> dict[str, object]:
        """Parameters of the queries about this day."""
        return snapshot_day(self.workspace, self.pipeline, self.published.business_date).key

    @contextmanager
    def opening(self, destination: Destination) -> Iterator[Rows]:
        """The rows that the destination chooses from."""
        if destination.of == "rows":
            yield self.workspace.lake.open_version(self.published.parquet_path)
            return
        with TemporaryDirectory() as folder:
            with self.workspace.database.transaction() as connection:
                part = Path(folder) / "rejects.parquet"
                rejects = deliveries.copy_rejects(connection, self.pipeline.spec, self.batches, destination, part)
            yield rejects


def deliver_all(
    workspace: Workspace, pipeline: Pipeline, business_date: dt.date, folder: Path, *, clock: Clock = SYSTEM_CLOCK
) -> list[Delivery]:
    """Brings the current version of a date to every destination that does not have it.

    Files are written below `folder` each time, the same bytes for the same version.
    Raises: RequestError when nothing is published; DatabaseError when our own database is away. What a destination
    does not take is in its Delivery.
    """
    with workspace.database.hold_lock(f"deliver {pipeline.name}/{business_date.isoformat()}"):
        day = open_day(workspace, pipeline, business_date, folder, clock)
        return [deliver_to(day, destination) for destination in pipeline.spec.destinations]


def open_day(workspace: Workspace, pipeline: Pipeline, business_date: dt.date, folder: Path, clock: Clock) -> Day:
    """What is published of a date now.

    Raises: RequestError when nothing is.
    """
    key = snapshot_day(workspace, pipeline, business_date).key
    with workspace.database.transaction() as connection:
        found = tracking.rows_of(connection, "find_current_snapshot", **key)
        if not found:
            raise RequestError(f"{pipeline.name} {business_date}: nothing is published, so nothing can be delivered.")
        published = snapshots.as_published(pipeline.name, found[0])
        batches = deliveries.list_snapshot_batches(connection, published.manifest, **key)
    return Day(workspace, pipeline, published, found[0]["published_at"], batches, folder, clock)


def deliver_to(day: Day, destination: Destination) -> Delivery:
    """One destination, recorded whatever comes of it."""
    database = day.workspace.database
    with database.transaction() as connection:
        parcel = deliveries.open_parcel(connection, destination, day.published.id, **day.key)
        if parcel.is_delivered and not isinstance(destination, FileDestination):
            return Delivery(destination.name, "unchanged")
        tracking.run(connection, "start_delivery", id=parcel.id)
    try:
        with day.opening(destination) as table:
            delivery = send(day, destination, parcel.id, table)
    except DatabaseError:  # ours: it can hold no ledger either
        raise
    except PipelineError as error:
        delivery = Delivery(destination.name, "failed", error=error)
        record(day, parcel.id, delivery)
        if isinstance(error, DestinationError) and error.code == "TOO_MANY_REFUSED":
            ChunkJournal(database, parcel.id).forget_refusals()
    return delivery


def send(day: Day, destination: Destination, delivery_id: uuid.UUID, table: Rows) -> Delivery:
    """Forms the rows, hands them over, and accounts for every one of them."""
    formed = form_rows(table, destination, day.pipeline.spec, published_at=day.published_at)
    shipment = Shipment(
        pipeline=day.pipeline.name,
        business_date=day.published.business_date,
        delivery_id=delivery_id,
        version=day.published.version,
        rows=formed.rows,
        literals=formed.literals,
    )
    means = Means(
        folder=day.folder,
        read_secret=day.workspace.settings.read_secret,
        guard=keep_discreet(open_guard(day, destination), day.pipeline.spec),
        journal=ChunkJournal(day.workspace.database, delivery_id),
    )
    refusals = KINDS[destination.kind].deliver(destination, shipment, means)
    delivery = Delivery(
        destination.name,
        "delivered",
        rows_delivered=count_delivered(formed, refusals, destination.name),
        rows_refused=len(refusals),
        rows_left_out=table.height - formed.rows.height,
    )
    refused = describe_refused(day, destination.name, formed.sources, refusals)
    record(day, delivery_id, delivery, refused)
    return delivery


def keep_discreet(guard: Guard, spec: PipelineSpec) -> Guard:
    """A guard by which a destination that quotes rows is not quoted, where rows hold what is sensitive."""
    return Discreet(guard) if spec.sensitive_columns else guard


def open_guard(day: Day, destination: Destination) -> Guard:
    """The protection that the destination declares."""
    dependency = find_dependency(destination)
    if dependency is None or isinstance(destination, FileDestination):
        return Unguarded()
    state = SharedState(day.workspace.database, dependency, day.clock.now)
    return PolicyGuard(destination.policy, state, name=destination.name, clock=day.clock)


def count_delivered(formed: Formed, refusals: Sequence[Refusal], name: str) -> int:
    """Rows that were taken.

    Raises: ConservationError when a refusal is not of exactly one row that was sent.
    """
    refused = {refusal.position for refusal in refusals}
    if len(refused) != len(refusals) or not all(0 <= position < formed.rows.height for position in refused):
        raise ConservationError(f"destination {name!r}: {len(refusals)} refusals are of {len(refused)} rows.")
    return formed.rows.height - len(refused)


def describe_refused(day: Day, name: str, sources: Rows, refusals: Sequence[Refusal]) -> list[RefusedRow]:
    """Refused rows, in order, with their place in the file that they came from, as far as the snapshot knows it."""
    if not refusals:
        return []
    rows = pl.concat(sources.take((refusal.position, 1) for refusal in refusals))
    records = rows.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    batches = {(batch["file_name"], batch["version"]): batch["id"] for batch in reversed(day.batches)}
    by_store = {(batch["file_name"], batch["version"], batch["store"]): batch["id"] for batch in day.batches}
    refused = []
    for refusal, row, record_text in zip(refusals, rows.to_dicts(), records, strict=True):
        source = row.get("source_file"), row.get("source_version")
        batch = by_store.get((*source, row.get("store"))) or batches.get(source) or day.batches[0]["id"]
        message = f"destination {name!r} refused the row: {refusal.reason}. Correct it, or what the destination takes."
        record_text = hide_record(record_text, day.pipeline.spec)
        refused.append(RefusedRow(batch, row.get("source_row"), row.get("source_sheet"), message, record_text))
    return refused


def record(day: Day, delivery_id: uuid.UUID, delivery: Delivery, refused: Sequence[RefusedRow] = ()) -> None:
    """How a delivery ended; its refused rows in the same transaction."""
    error = delivery.error
    is_failed = error is not None
    counts = {
        "rows_delivered": None if is_failed else delivery.rows_delivered,
        "rows_refused": None if is_failed else delivery.rows_refused,
        "rows_left_out": None if is_failed else delivery.rows_left_out,
    }
    code = getattr(error, "code", "DESTINATION_UNWRITABLE") if is_failed else None
    words = None if error is None else str(tracking.clean(str(error)))
    with day.workspace.database.transaction() as connection:
        ended = {"status": delivery.status, "error_code": code, "error_message": words}
        tracking.run(connection, "finish_delivery", id=delivery_id, **ended, **counts)
        if not is_failed:
            deliveries.replace_refused(connection, delivery.destination, refused, code=REFUSED, **day.key)


def refuse_failed(found: Sequence[Delivery], what: str) -> None:
    """Raises: DestinationError that names every destination which failed, when any did."""
    failed = [delivery for delivery in found if delivery.error is not None]
    if failed:
        words = " ".join(str(delivery.error) for delivery in failed)
        raise DestinationError(
            "DELIVERY_INCOMPLETE",
            f"{what} is published, but {len(failed)} of {len(found)} destinations do not have it: {words}",
        )
