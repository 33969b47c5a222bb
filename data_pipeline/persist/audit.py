"""The audit log: only ever added to, and sealed so that a later change shows.

A row is written in the transaction of what it tells of. To chain row to row there would let one transaction in at a
time; so rows are sealed a little later, in groups: a seal is the hash of its rows and of the seal before.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from data_pipeline.persist.tracking import Row, rows_of, run

FIRST = "0"


@dataclass(frozen=True)
class Entry:
    """What somebody did, or was refused."""

    owner_id: str | None
    actor: str
    """`key <prefix>`, `cli <user>`, or `anonymous`."""
    action: str
    subject: str
    outcome: str
    details: dict[str, Any]
    request_id: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What became of the log since it was sealed; `broken` names the first seal that its rows no longer fit."""

    seals: int
    rows: int
    unsealed: int
    broken: int | None


def note(connection: Connection, entry: Entry) -> None:
    """Adds an entry in the caller's transaction."""
    run(connection, "insert_audit", **{**vars(entry), "details": json.dumps(entry.details)})


def seal(connection: Connection) -> int:
    """Seals what was written since the last seal and can no longer change; gives how many rows that is."""
    rows_of(connection, "lock_seals")
    last = rows_of(connection, "last_seal")
    since, before = (last[0]["until"], last[0]["digest"]) if last else (FIRST, "")
    [end] = rows_of(connection, "find_seal_end")
    rows = rows_of(connection, "list_audit_between", since=since, until=end["until"])
    if rows:
        digest = digest_rows(before, rows)
        run(connection, "insert_seal", until=end["until"], row_count=len(rows), digest=digest)
    return len(rows)


def verify(connection: Connection) -> Verdict:
    """Compares every sealed row with its seal, and every seal with the one before."""
    since, before, rows, broken = FIRST, "", 0, None
    seals = rows_of(connection, "list_seals")
    for one in seals:
        covered = rows_of(connection, "list_audit_between", since=since, until=one["until"])
        is_whole = len(covered) == one["row_count"] and digest_rows(before, covered) == one["digest"]
        if not is_whole and broken is None:
            broken = one["number"]
        since, before, rows = one["until"], one["digest"], rows + len(covered)
    [end] = rows_of(connection, "find_seal_end")
    unsealed = len(rows_of(connection, "list_audit_between", since=since, until=end["until"]))
    return Verdict(seals=len(seals), rows=rows, unsealed=unsealed, broken=broken)


def digest_rows(before: str, rows: Iterable[Row]) -> str:
    """Hash of rows and of the seal before them."""
    digest = hashlib.sha256(before.encode())
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, default=str).encode() + b"\n")
    return digest.hexdigest()
