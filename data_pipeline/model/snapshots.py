"""What was published: manifest, completeness, the snapshot itself."""

import datetime as dt
import hashlib
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict

from data_pipeline.model.findings import Finding
from data_pipeline.model.rows import Rows


class ManifestInput(BaseModel):
    """One batch of a snapshot, named by content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str
    file_name: str
    version: int
    content_sha256: str
    cells_sha256: str
    rows: int


class Manifest(BaseModel):
    """Everything a snapshot is a function of; equal manifests mean equal snapshots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    business_date: dt.date
    inputs: tuple[ManifestInput, ...]
    reference: dict[str, str]
    spec_hash: str
    rule_set: str
    code_version: str

    @property
    def hash(self) -> str:
        """SHA-256 over the manifest's canonical JSON."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def snapshot_id(self) -> uuid.UUID:
        """The same in both databases and on every machine."""
        return uuid.uuid5(uuid.NAMESPACE_OID, self.hash)


class Completeness(BaseModel):
    """Which stores are in, against the roster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stores_in: tuple[str, ...]
    stores_missing: tuple[str, ...]
    stores_unexpected: tuple[str, ...]

    @property
    def is_final(self) -> bool:
        """Nobody expected is missing."""
        return not self.stores_missing


@dataclass(frozen=True)
class Candidate:
    """A snapshot that has been computed and checked but not published.

    Shape: `rows` has one row per grain of the pipeline, in publishing order.
    """

    manifest: Manifest
    rows: Rows
    completeness: Completeness
    findings: tuple[Finding, ...]
    batch_ids: tuple[uuid.UUID, ...]
    losses: tuple[str, ...] = ()
    """Ways in which rows in and rows out differ; a candidate with losses is never published."""
    rejects: pl.DataFrame | None = None
    """Rows that the steps over the date reject, by position in `batch_ids`; None when there are no such steps."""


@dataclass(frozen=True)
class Published:
    """One version of a business date, as the database knows it."""

    id: uuid.UUID
    pipeline: str
    business_date: dt.date
    version: int
    is_current: bool
    is_new: bool
    row_count: int
    content_hash: str
    manifest: Manifest
    completeness: Completeness
    table_name: str
    parquet_path: Path
