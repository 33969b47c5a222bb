"""Whether this installation can do its work now: every part it leans on, asked, with what was found."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import psutil

from data_pipeline.errors import StoreError
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.antivirus import ping
from data_pipeline.persist import migrate, tracking
from data_pipeline.settings import Settings

SILENT_SECONDS = 120.0
"""Dagster's daemon writes its heartbeat every 30 s."""
SCANNER_SECONDS = 1.0


@dataclass(frozen=True)
class Part:
    """Something that the work leans on. `detail` is public: no versions, addresses or secrets."""

    ok: bool
    detail: str


NOT_KNOWN = Part(ok=False, detail="not known: the database does not answer")
ASKED_OF_DATABASE = ("database", "migrations", "queue", "daemon")


def check_database(workspace: Workspace) -> dict[str, Part]:
    """What the database says; it may take as long as a connection does."""
    try:
        with workspace.database.transaction() as connection:
            tracking.rows_of(connection, "is_alive")
            queue, heartbeat = read_queue(connection), read_heartbeat(connection)
        states = migrate.status(workspace.database.engine)
    except StoreError:
        return {**dict.fromkeys(ASKED_OF_DATABASE, NOT_KNOWN), "database": Part(ok=False, detail="does not answer")}
    strange = sum(state.applied_at is None or not state.checksum_ok for state in states)
    return {
        "database": Part(ok=True, detail="answers"),
        "migrations": Part(ok=not strange, detail=f"{strange} differ from this release" if strange else "at head"),
        "queue": judge_queue(queue, workspace.settings.max_queue_seconds),
        "daemon": judge_daemon(heartbeat, workspace.settings.daemon_required),
    }


def read_queue(connection: tracking.Transaction) -> tracking.Row:
    """How much waits, and how long the oldest does."""
    return tracking.rows_of(connection, "measure_queue")[0]


def read_heartbeat(connection: tracking.Transaction) -> float | None:
    """Seconds since Dagster's daemon was last seen; None: never."""
    if not tracking.rows_of(connection, "find_heartbeats")[0]["has_table"]:
        return None
    seconds = tracking.rows_of(connection, "read_heartbeat")[0]["seconds"]
    return None if seconds is None else float(seconds)


def judge_queue(queue: tracking.Row, most_seconds: float) -> Part:
    """A batch that waits for long means that nobody takes any."""
    oldest = float(queue["oldest_seconds"])
    detail = f"the oldest batch waits for {timedelta(seconds=round(oldest))}" if queue["waiting"] else "empty"
    return Part(ok=oldest <= most_seconds, detail=detail)


def judge_daemon(seconds: float | None, required: bool | None) -> Part:
    """Without a daemon nothing runs by itself. Who never started one works by the command line, and misses nothing.

    >>> judge_daemon(None, None), judge_daemon(9000, None).ok, judge_daemon(9000, False).ok, judge_daemon(9, True).ok
    (Part(ok=True, detail='not running: it never was'), False, True, True)
    """
    if seconds is None:
        return Part(ok=not required, detail="not running: it never was")
    if seconds <= SILENT_SECONDS:
        return Part(ok=True, detail="running")
    return Part(ok=required is False, detail=f"not running: last seen {timedelta(seconds=round(seconds))} ago")


def check_machine(workspace: Workspace) -> dict[str, Part]:
    """Folder, memory, and the virus scanner where one is wanted."""
    settings = workspace.settings
    parts = {"disk": check_disk(settings), "memory": check_memory(settings.min_memory_mb)}
    if settings.clamd is not None:
        parts["scanner"] = check_scanner(settings.clamd)
    return parts


def check_disk(settings: Settings) -> Part:
    """Something can be written below the home, and there is room for more."""
    try:
        with tempfile.TemporaryFile(dir=settings.home) as file:
            file.write(b"ready?")
            file.flush()
        free = shutil.disk_usage(settings.home).free >> 20
    except OSError:
        return Part(ok=False, detail="the data folder cannot be written")
    return judge_room(free, settings.min_disk_mb)


def check_memory(least: int) -> Part:
    """What programs could still ask for."""
    return judge_room(psutil.virtual_memory().available >> 20, least)


def judge_room(free: int, least: int) -> Part:
    """Units: MiB."""
    words = f"less than {least} MiB" if free < least else f"at least {least} MiB"
    return Part(ok=free >= least, detail=f"{words} are free")


def check_scanner(address: str) -> Part:
    """Nothing is read while it is away."""
    return attempt(lambda: ping(address, SCANNER_SECONDS))


def attempt(ask: Callable[[], object]) -> Part:
    """Whether somebody outside answers."""
    try:
        ask()
    except (OSError, StoreError):
        return Part(ok=False, detail="does not answer")
    return Part(ok=True, detail="answers")
