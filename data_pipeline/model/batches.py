"""A delivery on its way: who says what it is, what judging made of it."""

import datetime as dt
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from data_pipeline.model.findings import Finding
from data_pipeline.model.statistics import FieldStatistics

WitnessSource = Literal[
    "operator", "folder", "file_name", "file_created", "store_column", "sales_dates", "pipeline", "date_column"
]
Subject = Literal["store", "business_date"]


class Witness(BaseModel):
    """One piece of evidence for what a file is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Subject
    source: WitnessSource
    value: str
    seen: str
    """What was read, in the sender's own words."""


class Prepared(BaseModel):
    """What reading and judging one file gave; a pure function of its bytes and of the pipeline's rules.

    Units: counts are rows. `part` and `rejects` are file names beside this record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    content_sha256: str
    cells_sha256: str
    sheet: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    measures: dict[str, float]
    stores: dict[str, int]
    sales_dates: dict[str, int]
    created_at: dt.datetime | None
    findings: list[Finding]
    statistics: list[FieldStatistics]
    part: str
    rejects: str


class FileFault(BaseModel):
    """Why a whole file could not be used; the same noun whether a reader refused it or was killed by it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str
    pipeline: str | None = None
    """By whose rules; None when it was not yet known whose file it is."""


class DriveFile(BaseModel):
    """A file as a drive lists it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    relative: str
    size_bytes: int
    mtime_ns: int

    @property
    def has_text_name(self) -> bool:
        """Whether its path can be written down; on Linux a name may be any bytes."""
        return not any("\ud800" <= character <= "\udfff" for character in str(self.path))

    @property
    def fingerprint(self) -> tuple[int, int]:
        """Equal on two looks: nobody is writing to it."""
        return (self.size_bytes, self.mtime_ns)
