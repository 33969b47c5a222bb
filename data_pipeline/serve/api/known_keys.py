"""Keys that were found to fit a moment ago, so that not every request looks them up."""

import datetime as dt
import hmac
import uuid

import msgspec

from data_pipeline.flow.keys import find_prefix
from data_pipeline.persist.keys import Key, Limits, digest_key
from data_pipeline.serve.api.cache import Cache

KNOWN_SECONDS = 5.0
"""A key that another process revoked is refused after that at the latest."""


class Known(msgspec.Struct):
    """A key and the digest of what was given for it; the key itself is kept nowhere."""

    digest: bytes
    id: uuid.UUID
    owner_id: str
    prefix: str
    scopes: frozenset[str]
    limits: Limits
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None


DECODER = msgspec.json.Decoder(Known)


class KnownKeys:
    """The cache, by the prefixes of keys."""

    def __init__(self, cache: Cache, pepper: bytes) -> None:
        self._cache = cache
        self._pepper = pepper
        # Two installations may share one Redis.
        self._names = f"key:{digest_key('names', pepper).hex()[:16]}:"
        self.is_shared = cache.is_shared

    def find(self, given: str) -> Key | None:
        """The key that was given, if it was found lately."""
        prefix = find_prefix(given)
        kept = self._cache.get(self._names + prefix) if prefix else None
        if kept is None:
            return None
        known = DECODER.decode(kept)
        if not hmac.compare_digest(known.digest, digest_key(given, self._pepper)):
            return None
        told = msgspec.structs.asdict(known)
        del told["digest"]
        return Key(**told)

    def keep(self, given: str, key: Key) -> None:
        """For a moment."""
        known = Known(digest=digest_key(given, self._pepper), **vars(key))
        self._cache.set(self._names + key.prefix, msgspec.json.encode(known), KNOWN_SECONDS)

    def forget(self, prefix: str) -> None:
        """It was revoked or replaced."""
        self._cache.delete(self._names + prefix)
