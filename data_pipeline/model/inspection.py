"""What a reader sees in a file and why, for the person who wonders."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from data_pipeline.model.batches import FileFault
from data_pipeline.model.findings import Finding
from data_pipeline.model.statistics import FieldStatistics


class TextForm(BaseModel):
    """How a text file was told apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str
    encoding_evidence: str
    delimiter: str
    quote: str | None
    escape: str
    newline: str
    dialect_evidence: str


SheetKind = Literal["cells", "chart", "dialog", "macros"]


class SheetForm(BaseModel):
    """A workbook's sheet. Units: rows and columns from A1 to the last filled cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: SheetKind
    is_hidden: bool
    is_read: bool
    rows: int
    columns: int


class Reason(BaseModel):
    """Why a row would be rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    code: str
    column: str | None
    text: str | None
    message: str


class Verdict(BaseModel):
    """What a pipeline would make of the file. Units: counts are rows, but `codes` counts reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline: str
    accepted: int
    rejected: int
    codes: dict[str, int]
    first_reasons: tuple[Reason, ...]


class Inspection(BaseModel):
    """A file as the reader sees it; `fault` says why it cannot be used, and what is known until there is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    size_bytes: int
    format: str | None = None
    sheet: str | None = None
    sheets: tuple[SheetForm, ...] = ()
    text: TextForm | None = None
    header_rows: tuple[int, ...] = ()
    records: int = 0
    columns: tuple[FieldStatistics, ...] = ()
    findings: tuple[Finding, ...] = ()
    verdict: Verdict | None = None
    fault: FileFault | None = None
