"""Owners, keys and the audit log: an owner's admins manage its own keys, those of `builtin` everybody's."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from data_pipeline.flow import keys
from data_pipeline.flow.keys import NewKey, Steward
from data_pipeline.persist.keys import Limits
from data_pipeline.persist.tracking import Row
from data_pipeline.serve.api.auth import Admin
from data_pipeline.serve.api.paging import FOLLOWING, NumberCursor, Page
from data_pipeline.serve.api.shapes import WHOLE, Name, Part

router = APIRouter(prefix="/admin", tags=["admin"])

OwnerId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$", examples=["acme"])]
Prefix = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", description="The part of a key that is shown in lists.")]
Rate = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]
Scope = Literal[
    "pipelines:read", "pipelines:write", "batches:read", "batches:write", "snapshots:read", "metrics:read", "admin"
]
MONTH_SECONDS = 31 * 24 * 3600


class OwnerIn(Part):
    """An owner to be."""

    id: OwnerId
    name: Name


class OwnerOut(BaseModel):
    """An owner."""

    id: str
    name: str
    keys: int = Field(description="That are not revoked.")
    created_at: dt.datetime


class OwnerList(BaseModel):
    """All that the caller manages."""

    items: list[OwnerOut]


class KeyIn(Part):
    """A key to be."""

    owner: OwnerId | None = Field(None, description="The caller's own where it is left out.")
    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=7)
    expires_in_days: Annotated[int, Field(ge=1, le=3650), WHOLE] | None = Field(
        None, description="Left out: it is good until it is revoked."
    )
    requests_per_minute: Rate | None = None
    waiting_batches: Rate | None = None
    records_per_day: Annotated[int, Field(ge=1, le=10**12), WHOLE] | None = None

    def wanted(self, steward: Steward, now: dt.datetime) -> NewKey:
        """As the use case takes it."""
        limits = Limits(self.requests_per_minute, self.waiting_batches, self.records_per_day)
        expires_at = None if self.expires_in_days is None else now + dt.timedelta(days=self.expires_in_days)
        return NewKey(self.owner or steward.owner_id, self.name, sorted({*self.scopes}), limits, expires_at)


class KeyOut(BaseModel):
    """What is kept of a key."""

    prefix: str
    owner: str
    name: str
    scopes: list[str]
    requests_per_minute: int | None
    waiting_batches: int | None
    records_per_day: int | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None
    successor: str | None = Field(description="Prefix of the key that takes its place.")

    @classmethod
    def of(cls, row: Row, **more: Any) -> "KeyOut":
        """A row of the ledger."""
        return cls(**{**row, "owner": row["owner_id"]}, **more)


class IssuedKey(KeyOut):
    """A key, for the only time."""

    key: str


class KeyList(BaseModel):
    """Keys, the revoked ones too; none of them shows a secret."""

    items: list[KeyOut]


class Rotation(Part):
    """How a key is replaced."""

    overlap_seconds: float = Field(3600, ge=0, le=MONTH_SECONDS, strict=True, description="The old one stays good.")


class AuditQuery(Page):
    """Whose entries."""

    owner: OwnerId | None = None
    cursor: NumberCursor | None = Field(None, description=FOLLOWING)


class AuditEntry(BaseModel):
    """Something that was done, or refused."""

    id: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    outcome: str
    details: dict[str, Any]
    request_id: str | None


class AuditList(BaseModel):
    """A page, newest first."""

    items: list[AuditEntry]
    next: str | None = Field(description="Cursor of the next page; null: there is none.")


@router.post("/owners", status_code=201, summary="Make an owner")
def create_owner(body: OwnerIn, visit: Admin) -> OwnerOut:
    """For operators: keys of owner `builtin`."""
    return OwnerOut(**keys.make_owner(visit.workspace, Steward.of(visit.caller), body.id, body.name))


@router.get("/owners", summary="List owners")
def list_owners(visit: Admin) -> OwnerList:
    """Every one for operators; others see themselves."""
    rows = keys.list_owners(visit.workspace, Steward.of(visit.caller))
    return OwnerList(items=[OwnerOut(**row) for row in rows])


@router.post("/keys", status_code=201, summary="Issue a key")
def create_key(body: KeyIn, visit: Admin) -> IssuedKey:
    """The answer shows it, and nothing ever does again."""
    steward = Steward.of(visit.caller)
    issued = keys.issue(visit.workspace, steward, body.wanted(steward, dt.datetime.now(dt.UTC)))
    return show(issued)


@router.get("/keys", summary="List keys")
def list_keys(visit: Admin, owner: Annotated[OwnerId | None, Query()] = None) -> KeyList:
    """Without their secrets, which are kept nowhere."""
    rows = keys.list_keys(visit.workspace, Steward.of(visit.caller), owner)
    return KeyList(items=[KeyOut.of(row) for row in rows])


@router.delete("/keys/{prefix}", status_code=204, summary="Revoke a key")
def revoke_key(prefix: Prefix, visit: Admin) -> None:
    """At once in this process; in others within seconds. Its open streams end."""
    keys.revoke(visit.workspace, Steward.of(visit.caller), prefix)
    visit.request.app.state.gate.forget(prefix)
    visit.after.add_task(visit.request.app.state.viewers.dismiss, prefix)


@router.post("/keys/{prefix}/rotate", status_code=201, summary="Replace a key")
def rotate_key(prefix: Prefix, visit: Admin, body: Rotation | None = None) -> IssuedKey:
    """The same scopes and limits under a new secret; the old one goes on for a while."""
    seconds = (body or Rotation()).overlap_seconds
    issued = keys.rotate(visit.workspace, Steward.of(visit.caller), prefix, overlap_seconds=seconds)
    visit.request.app.state.gate.forget(prefix)
    return show(issued)


@router.get("/audit", summary="Read the audit log")
def list_audit(query: Annotated[AuditQuery, Query()], visit: Admin) -> AuditList:
    """Changes and refusals that concern the caller's owner; operators may name another."""
    before = int(query.cursor[1:]) if query.cursor else None
    steward = Steward.of(visit.caller)
    rows = keys.list_audit(visit.workspace, steward, query.owner, before=before, most=query.limit + 1)
    page = rows[: query.limit]
    following = f"e{page[-1]['id']}" if len(rows) > query.limit else None
    return AuditList(items=[AuditEntry(**row) for row in page], next=following)


def show(issued: keys.Issued) -> IssuedKey:
    """A key that was just made."""
    return IssuedKey(**KeyOut.of(issued.row).model_dump(), key=issued.key)
