"""A look at the drive: what has come to rest is received; which dates are due for a run."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Receipt
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.drive import Drive, find_settled
from data_pipeline.model.spec import FlushSpec
from data_pipeline.persist import tracking
from data_pipeline.settings import Settings

# A tick must end before the daemon gives it up; the rest is taken at the next one.
FILES_A_LOOK = 40
ASKED_AGAIN_SECONDS = 600

Fingerprints = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Look:
    """What one look at the drive showed."""

    receipts: tuple[Receipt, ...]
    unsettled: Fingerprints
    """Files that are not dealt with yet, as they looked: the next look compares."""


@dataclass(frozen=True)
class DueDate:
    """A pipeline and business date whose waiting batches should be turned into a snapshot now."""

    pipeline: str
    business_date: dt.date
    fingerprints: tuple[str, ...]
    """Batches with their attempts: equal sets ask for the same run."""
    reason: str


def look_at_drive(workspace: Workspace, drive: Drive, before: Mapping[str, tuple[int, int]]) -> Look:
    """Receives every new file that looks as it did at the look before.

    Raises: DriveError when the drive cannot be listed.
    """
    files = drive.list_files()
    with workspace.database.transaction() as connection:
        known = tracking.load_known_files(connection)
        tracking.mark_files_gone(connection, drive.name(), [str(file.path) for file in files if file.has_text_name])
    new = [file for file in files if known.get(str(file.path)) != file.fingerprint]
    settled = find_settled(new, before)[:FILES_A_LOOK]
    receipts = receive_files(workspace, settled) if settled else []
    done = {receipt.file.path for receipt in receipts if receipt.outcome != "unreadable"}
    unsettled = {str(file.path): file.fingerprint for file in new if file.path not in done}
    return Look(tuple(receipts), unsettled)


def find_due_dates(workspace: Workspace, *, everything: bool = False, with_judged: bool = True) -> list[DueDate]:
    """The dates whose waiting batches reached a limit of their pipeline's flush policy; all when no more will come.

    `with_judged`: batches too that were judged and not published, for which all that ever came is looked at.
    """
    with workspace.database.transaction() as connection:
        waiting = tracking.rows_of(connection, "list_waiting", with_judged=with_judged)
    due = []
    for row in waiting:
        policy = override(workspace.pipeline(row["pipeline"]).spec.flush, workspace.settings)
        reason = find_reason(policy, files=row["files"], size=int(row["bytes"]), age=float(row["oldest_seconds"]))
        if everything:
            reason = reason or "no more files come"
        if reason is not None:
            names = name_waiting(row["fingerprints"], float(row["oldest_seconds"]))
            due.append(DueDate(row["pipeline"], row["business_date"], names, reason))
    return due


def name_waiting(fingerprints: Sequence[str], age: float) -> tuple[str, ...]:
    """What a run is asked for by: the batches; while they wait on, another name every ten minutes.

    A run that died before it took them would not be asked for again under the same name.

    >>> name_waiting(["a:0:pending"], 30), name_waiting(["a:0:pending"], 1300)
    (('a:0:pending',), ('a:0:pending', 'asked again 2'))
    """
    again = int(age // ASKED_AGAIN_SECONDS)
    return (*fingerprints, f"asked again {again}") if again else tuple(fingerprints)


def override(policy: FlushSpec, settings: Settings) -> FlushSpec:
    """The pipeline's policy with what this installation sets otherwise."""
    given = {"files": settings.flush_files, "bytes": settings.flush_bytes, "seconds": settings.flush_seconds}
    return policy.model_copy(update={name: value for name, value in given.items() if value is not None})


def find_reason(policy: FlushSpec, *, files: int, size: int, age: float) -> str | None:
    """Which limit is reached, in words; None while it is worth waiting for more.

    Units: size: bytes; age: seconds since the oldest waiting batch came.
    """
    if files >= policy.files:
        return f"{files} files wait (limit {policy.files})"
    if size >= policy.bytes:
        return f"{size} bytes wait (limit {policy.bytes})"
    if age >= policy.seconds:
        return f"the oldest file waits for {age:.0f} s (limit {policy.seconds:g} s)"
    return None
