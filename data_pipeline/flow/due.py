"""Which destinations lack what, which of it is tried again now, and how what they are on is doing."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.destinations import Destination, PostgresDestination, WebhookDestination
from data_pipeline.persist import deliveries, tracking
from data_pipeline.pipelines.catalog import Pipeline

# Faults that pass without anybody mending something.
PASSING = {"DESTINATION_DOWN", "DESTINATION_LEFT_ALONE", "DESTINATION_UNWRITABLE"}
ABANDONED_AFTER = dt.timedelta(minutes=10)
RESET_SECONDS, LONGEST_WAIT_SECONDS = 60, 3600


@dataclass(frozen=True)
class DueDelivery:
    """A published date that some destination still lacks."""

    pipeline: str
    business_date: dt.date
    reason: str
    fingerprint: str


def find_due(workspace: Workspace, pipelines: Sequence[Pipeline], now: dt.datetime) -> list[DueDelivery]:
    """Dates whose deliveries failed for reasons that pass, each after a wait that doubles, and those of dead processes.

    What a person must mend first is not tried again by itself.
    """
    declared = {
        (pipeline.name, one.name): find_reset(one) for pipeline in pipelines for one in pipeline.spec.destinations
    }
    with workspace.database.transaction() as connection:
        latest = deliveries.list_latest(connection)
    due: dict[tuple[str, dt.date], list[tracking.Row]] = {}
    for row in latest:
        reset = declared.get((row["pipeline"], row["destination"]))
        if reset is not None and row["is_current"] and is_due(row, now, reset_seconds=reset):
            due.setdefault((row["pipeline"], row["business_date"]), []).append(row)
    return [
        DueDelivery(
            pipeline,
            business_date,
            reason=", ".join(f"{row['destination']}: {row['error_code'] or row['status']}" for row in rows),
            # With the hour: a run that died before its first attempt is asked for again.
            fingerprint=f"{now:%Y%m%d%H}-" + "-".join(f"{row['number']}.{row['attempts']}" for row in rows),
        )
        for (pipeline, business_date), rows in due.items()
    ]


def find_reset(destination: Destination) -> float:
    """Seconds before a destination that was away is asked again; a folder has no policy."""
    if isinstance(destination, PostgresDestination | WebhookDestination):
        return destination.policy.reset_seconds
    return RESET_SECONDS


def is_due(row: tracking.Row, now: dt.datetime, *, reset_seconds: float) -> bool:
    """Whether a delivery is to be tried again now."""
    if row["status"] == "delivering":
        return bool(row["started_at"] is None or now - row["started_at"] > ABANDONED_AFTER)
    if row["status"] != "failed" or row["error_code"] not in PASSING:
        return False
    wait = min(reset_seconds * 2.0 ** min(row["attempts"] - 1, 30), LONGEST_WAIT_SECONDS)
    return bool(now - row["completed_at"] >= dt.timedelta(seconds=wait))


@dataclass(frozen=True)
class Destinations:
    """Who has what, and how everything outside is doing."""

    dependencies: list[tracking.Row]
    latest: list[tracking.Row]


def read_destinations(workspace: Workspace, business_date: dt.date | None = None) -> Destinations:
    """Of one date or of all."""
    with workspace.database.transaction() as connection:
        dependencies = tracking.rows_of(connection, "list_dependencies")
        return Destinations(dependencies, deliveries.list_latest(connection, business_date))
