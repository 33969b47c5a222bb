"""Keys of programs: made, shown once, kept as a keyed hash, found by their prefix, compared in constant time."""

import datetime as dt
import hashlib
import hmac
import os
import re
import secrets
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from data_pipeline.errors import RequestError, StoreError
from data_pipeline.persist.tracking import Row, rows_of, run

FORM = re.compile(r"dp_live_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
PREFIX_BYTES, SECRET_BYTES, PEPPER_BYTES = 6, 32, 32
SCOPES = (
    "pipelines:read",
    "pipelines:write",
    "batches:read",
    "batches:write",
    "snapshots:read",
    "metrics:read",
    "admin",
)
NOBODY = bytes(32)


@dataclass(frozen=True)
class Limits:
    """What one key may ask for; None: what the installation allows everybody."""

    requests_per_minute: int | None = None
    waiting_batches: int | None = None
    records_per_day: int | None = None


@dataclass(frozen=True)
class Key:
    """A key that was found and fits."""

    id: uuid.UUID
    owner_id: str
    prefix: str
    scopes: frozenset[str]
    limits: Limits
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None

    def is_usable(self, now: dt.datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def load_pepper(home: Path) -> bytes:
    """The secret of this installation that digests of keys are made with, drawn at first use.

    Without it a stolen table of digests is worth nothing. Raises: StoreError when it cannot be kept.
    """
    path = home / "api_pepper"
    with suppress(FileNotFoundError):
        return read_pepper(path)
    try:
        home.mkdir(parents=True, exist_ok=True)
        drawn = path.with_name(f".api_pepper.{os.getpid()}.{secrets.token_hex(4)}")
        drawn.touch(mode=0o600)
        drawn.write_bytes(secrets.token_bytes(PEPPER_BYTES))
        with suppress(FileExistsError):  # another process was first: its one counts
            path.hardlink_to(drawn)
        drawn.unlink()
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}. Keys are checked with it.") from error
    return read_pepper(path)


def read_pepper(path: Path) -> bytes:
    """Raises: StoreError when somebody emptied or cut it: every key would be unknown."""
    pepper = path.read_bytes()
    if len(pepper) < PEPPER_BYTES:
        raise StoreError(f"{path}: expected {PEPPER_BYTES} bytes, found {len(pepper)}. Restore it from a backup.")
    return pepper


def digest_key(key: str, pepper: bytes) -> bytes:
    """What is kept of a key."""
    return hmac.digest(pepper, key.encode(), hashlib.sha256)


def issue_key(  # noqa: PLR0913 - everything that a key is
    connection: Connection,
    owner_id: str,
    name: str,
    *,
    pepper: bytes,
    scopes: Sequence[str],
    limits: Limits,
    expires_at: dt.datetime | None = None,
) -> str:
    """Makes a key and gives it, for the only time.

    Raises: RequestError for a scope that does not exist.
    """
    unknown = sorted({*scopes} - {*SCOPES})
    if unknown or not scopes:
        raise RequestError(f"scope: expected some of {', '.join(SCOPES)}; found {', '.join(unknown) or 'none'}")
    prefix = secrets.token_hex(PREFIX_BYTES)
    key = f"dp_live_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    run(
        connection,
        "insert_key",
        owner_id=owner_id,
        name=name,
        prefix=prefix,
        digest=digest_key(key, pepper),
        scopes=list(scopes),
        expires_at=expires_at,
        **vars(limits),
    )
    return key


def find_key(connection: Connection, given: str, *, pepper: bytes) -> Key | None:
    """The key that was given, usable or not; None when it is none of ours."""
    form = FORM.fullmatch(given)
    found = rows_of(connection, "find_key", prefix=form[1]) if form else []
    # An unknown prefix takes as long as a wrong secret.
    kept = bytes(found[0]["digest"]) if found else NOBODY
    if not hmac.compare_digest(digest_key(given, pepper), kept) or not found:
        return None
    return as_key(found[0])


def as_key(row: Row) -> Key:
    """A row of `api_keys` as the noun."""
    return Key(
        id=row["id"],
        owner_id=row["owner_id"],
        prefix=row["prefix"],
        scopes=frozenset(row["scopes"]),
        limits=Limits(row["requests_per_minute"], row["waiting_batches"], row["records_per_day"]),
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
