"""Who asks over the API, as every use case for programs needs it."""

import uuid
from dataclasses import dataclass
from typing import Any

from data_pipeline.persist.audit import Entry
from data_pipeline.persist.keys import Limits


@dataclass(frozen=True)
class Caller:
    """A program with a key that fits."""

    owner_id: str
    key_id: uuid.UUID
    key_prefix: str
    scopes: frozenset[str]
    limits: Limits
    request_id: str

    @property
    def actor(self) -> str:
        """What the audit log says."""
        return f"key {self.key_prefix}"

    def entry(self, action: str, subject: object, *, outcome: str = "done", **details: Any) -> Entry:
        """An entry of the audit log."""
        return Entry(self.owner_id, self.actor, action, str(subject), outcome, details, self.request_id)
