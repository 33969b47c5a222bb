"""Owners and their keys: made, listed, revoked, replaced. The command line and the API's admins do it alike."""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from data_pipeline.errors import RequestError, RequestRefused
from data_pipeline.flow.caller import Caller
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import audit, tracking
from data_pipeline.persist.audit import Entry
from data_pipeline.persist.keys import FORM, Limits, issue_key, load_pepper
from data_pipeline.persist.tracking import Row, Transaction

OPERATORS = "builtin"
"""Whose admins manage every owner; those of any other owner manage their own."""
MOST_KEYS = 100
"""Of an owner who manages keys itself: each counts its requests alone."""
OWNER_ID = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)


@dataclass(frozen=True)
class Steward:
    """Who manages keys, and the most that a key made by them may ask for."""

    owner_id: str
    actor: str
    request_id: str | None = None
    limits: Limits = Limits()

    @classmethod
    def of(cls, caller: Caller) -> "Steward":
        """A program with the scope `admin`."""
        return cls(caller.owner_id, caller.actor, caller.request_id, caller.limits)

    @property
    def is_operator(self) -> bool:
        """Of every owner."""
        return self.owner_id == OPERATORS

    def entry(self, owner_id: str, action: str, subject: str, *, outcome: str = "done", **details: Any) -> Entry:
        """An entry of the audit log of whom it is about."""
        return Entry(owner_id, self.actor, action, subject, outcome, details, self.request_id)


@dataclass(frozen=True)
class NewKey:
    """What is asked for."""

    owner_id: str
    name: str
    scopes: Sequence[str]
    limits: Limits = field(default_factory=Limits)
    expires_at: dt.datetime | None = None


@dataclass(frozen=True)
class Issued:
    """A key, for the only time, and what is kept of it."""

    key: str = field(repr=False)
    row: Row


@contextmanager
def noting(workspace: Workspace, steward: Steward, action: str, subject: str) -> Iterator[Transaction]:
    """A transaction whose refusal is noted, although nothing of it stays. Raises: RequestError."""
    try:
        with workspace.database.transaction() as connection:
            yield connection
    except RequestError as refusal:
        outcome = refusal.code if isinstance(refusal, RequestRefused) else "INVALID_REQUEST"
        with workspace.database.transaction() as connection:
            audit.note(connection, steward.entry(steward.owner_id, action, subject, outcome=outcome))
        raise


def make_owner(workspace: Workspace, steward: Steward, owner_id: str, name: str) -> Row:
    """Makes an owner. Raises: RequestRefused."""
    with noting(workspace, steward, "owner.create", owner_id) as connection:
        if not steward.is_operator:
            raise RequestRefused("FORBIDDEN", f"owners are made by keys of owner {OPERATORS!r}.")
        if not OWNER_ID.fullmatch(owner_id):
            raise RequestRefused("INVALID_REQUEST", f"owner: expected {OWNER_ID.pattern}, found {owner_id!r}")
        if not tracking.run(connection, "insert_owner", id=owner_id, name=name):
            raise RequestRefused("OWNER_EXISTS", f"an owner {owner_id!r} exists already.")
        audit.note(connection, steward.entry(owner_id, "owner.create", owner_id, name=name))
        return find_owner(connection, steward, owner_id)


def list_owners(workspace: Workspace, steward: Steward) -> list[Row]:
    """Every owner for operators; for others theirs alone."""
    with workspace.database.transaction() as connection:
        return tracking.rows_of(connection, "list_owners", owner_id=reach(steward))


def list_keys(workspace: Workspace, steward: Steward, owner_id: str | None = None) -> list[Row]:
    """What is kept of keys, the revoked ones too: of one owner, or of all that the steward manages.

    Raises: RequestRefused OWNER_NOT_FOUND.
    """
    with workspace.database.transaction() as connection:
        if owner_id is not None:
            find_owner(connection, steward, owner_id)
        return tracking.rows_of(connection, "list_keys", owner_id=owner_id or reach(steward))


def issue(workspace: Workspace, steward: Steward, wanted: NewKey) -> Issued:
    """Makes a key for an owner. Raises: RequestRefused, or RequestError for a scope that there is not."""
    with noting(workspace, steward, "key.issue", wanted.owner_id) as connection:
        owner = find_owner(connection, steward, wanted.owner_id)
        if not steward.is_operator:
            if owner["keys"] >= MOST_KEYS:
                raise RequestRefused("QUOTA_EXCEEDED", f"an owner has {MOST_KEYS} keys at most; revoke some.")
            limits = stay_within(wanted.limits, steward, workspace.settings.api_requests_per_minute)
            wanted = dataclasses.replace(wanted, limits=limits)
        issued = make_key(workspace, connection, wanted)
        told: dict[str, Any] = {"name": wanted.name, "scopes": list(wanted.scopes)}
        audit.note(connection, steward.entry(wanted.owner_id, "key.issue", issued.row["prefix"], **told))
        return issued


def revoke(workspace: Workspace, steward: Steward, prefix: str) -> Row:
    """A key is good for nothing from now on; again, it changes nothing. Raises: RequestRefused KEY_NOT_FOUND."""
    with noting(workspace, steward, "key.revoke", prefix) as connection:
        found = lock_key(connection, steward, prefix)
        if tracking.rows_of(connection, "revoke_key", prefix=prefix):
            audit.note(connection, steward.entry(found["owner_id"], "key.revoke", prefix))
        return found


def rotate(workspace: Workspace, steward: Steward, prefix: str, *, overlap_seconds: float) -> Issued:
    """A key with the same scopes and limits in its place, for as long as it was issued for; it goes on for a while.

    Raises: RequestRefused KEY_NOT_FOUND, KEY_NOT_USABLE.
    """
    with noting(workspace, steward, "key.rotate", prefix) as connection:
        old = lock_key(connection, steward, prefix)
        if not old["is_usable"] or old["successor"]:
            why = f"was replaced by {old['successor']}" if old["successor"] else "is revoked or expired"
            raise RequestRefused("KEY_NOT_USABLE", f"key {prefix} {why}.")
        limits = Limits(old["requests_per_minute"], old["waiting_batches"], old["records_per_day"])
        wanted = NewKey(old["owner_id"], old["name"], old["scopes"], limits, old["renewed_until"])
        issued = make_key(workspace, connection, wanted)
        tracking.run(connection, "set_successor", prefix=prefix, successor=issued.row["prefix"])
        tracking.run(connection, "expire_key", prefix=prefix, seconds=overlap_seconds)
        told = {"successor": issued.row["prefix"], "overlap_seconds": overlap_seconds}
        audit.note(connection, steward.entry(old["owner_id"], "key.rotate", prefix, **told))
        return issued


def list_audit(
    workspace: Workspace, steward: Steward, owner_id: str | None, *, before: int | None, most: int
) -> list[Row]:
    """What was done and refused, newest first: of the steward's owner, or for operators of any.

    Raises: RequestRefused OWNER_NOT_FOUND.
    """
    with workspace.database.transaction() as connection:
        found = find_owner(connection, steward, owner_id or steward.owner_id)
        return tracking.rows_of(connection, "list_audit", owner_id=found["id"], before=before, most=most)


def reach(steward: Steward) -> str | None:
    """The owner whom a steward manages; None: every one."""
    return None if steward.is_operator else steward.owner_id


def find_owner(connection: Transaction, steward: Steward, owner_id: str) -> Row:
    """An owner. Raises: RequestRefused OWNER_NOT_FOUND, for one who is none of the steward's as for none."""
    found = tracking.rows_of(connection, "list_owners", owner_id=owner_id)
    if not found or reach(steward) not in (None, owner_id):
        raise RequestRefused("OWNER_NOT_FOUND", f"owner {owner_id!r} does not exist.")
    return found[0]


def lock_key(connection: Transaction, steward: Steward, prefix: str) -> Row:
    """A key that nobody else changes now. Raises: RequestRefused KEY_NOT_FOUND, also for one that is another's."""
    found = tracking.rows_of(connection, "lock_key", prefix=prefix)
    if not found or reach(steward) not in (None, found[0]["owner_id"]):
        raise RequestRefused("KEY_NOT_FOUND", f"key {prefix!r} does not exist.")
    return found[0]


def make_key(workspace: Workspace, connection: Transaction, wanted: NewKey) -> Issued:
    """Draws it, and reads back what is kept."""
    key = issue_key(
        connection,
        wanted.owner_id,
        wanted.name,
        pepper=load_pepper(workspace.home),
        scopes=wanted.scopes,
        limits=wanted.limits,
        expires_at=wanted.expires_at,
    )
    [row] = tracking.rows_of(connection, "lock_key", prefix=find_prefix(key))
    return Issued(key, row)


def find_prefix(key: str) -> str:
    """The part of a key that may be shown; '' when it is no key."""
    form = FORM.fullmatch(key)
    return form[1] if form else ""


def stay_within(wanted: Limits, steward: Steward, requests_per_minute: int) -> Limits:
    """What is asked for, or where nothing is the steward's own: nobody lifts limits that others set.

    Raises: RequestRefused FORBIDDEN for more than the steward has.
    """
    most = {**vars(steward.limits)}
    most["requests_per_minute"] = most["requests_per_minute"] or requests_per_minute
    kept = {name: most[name] if value is None else value for name, value in vars(wanted).items()}
    beyond = [name for name, value in kept.items() if most[name] is not None and value > most[name]]
    if beyond:
        said = ", ".join(f"{name} {kept[name]} (at most {most[name]})" for name in beyond)
        raise RequestRefused("FORBIDDEN", f"a key may not ask for more than the key that makes it: {said}.")
    return Limits(**kept)
