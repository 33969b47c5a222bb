"""How a file is to be read, and what a reader found out about it. Nothing has to be declared."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.model.findings import Finding

DecimalMark = Literal[".", ","]
DateOrder = Literal["ymd", "dmy", "mdy"]
RaggedPolicy = Literal["reject", "pad", "rescue"]


class ReadingSpec(BaseModel):
    """What a pipeline declares about its files; whatever is None is decided by evidence, file by file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str | None = None
    """A codec's name as Python knows it."""
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    quote: str | None = Field(None, max_length=1)
    """'' declares that nothing is quoted."""
    escape: Literal["doubled", "backslash"] | None = None
    """How a quote inside a quoted field is written."""
    decimal_mark: DecimalMark | None = None
    date_order: DateOrder | None = None
    sheet: str | int | None = None
    """A sheet's name, or its position from 1."""
    header_row: int | None = Field(None, ge=0)
    """Row of the (last line of the) header as the sender's program numbers it; 0: the file has none."""
    header_rows: int = Field(1, ge=1, le=5)
    """How many rows the header is made of; their texts are joined downwards."""
    ragged: RaggedPolicy = "reject"
    """Records with another number of fields than the header: rejected; filled with blanks if too short; or, if too
    long, kept with what is too much told."""


class Limits(BaseModel):
    """How large a file may be before it is refused, whatever it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file_bytes: int = 8 * 1024**3
    inflated_bytes: int = 4 * 1024**3
    """All parts of a workbook together, unpacked."""
    inflation: int = 500
    """Unpacked over packed bytes of one part of more than 10 MB."""
    archive_entries: int = 10_000
    columns: int = 2_000
    line_bytes: int = 8 * 1024**2
    """One record of a text file."""
    field_bytes: int = 1024**2
    """One cell."""


@dataclass(frozen=True)
class Encoding:
    """How a text file's bytes are text."""

    codec: str
    """As Python names it; never one that itself strips a byte order mark."""
    mark_bytes: int = 0
    """Length of the byte order mark at the start of the file."""
    evidence: str = ""
    """Why, in words for `inspect`."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Dialect:
    """How a text file's records and fields are told apart."""

    delimiter: str
    quote: str | None
    """None: nothing is quoted."""
    escape: Literal["doubled", "backslash"]
    newline: Literal["\n", "\r\n", "\r"]
    evidence: str = ""
    """Why, in words for `inspect`."""
    findings: tuple[Finding, ...] = field(default=())
