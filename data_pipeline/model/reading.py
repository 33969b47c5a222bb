"""How a file is to be read, and what a reader found out about it. Nothing has to be declared."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data_pipeline.model.findings import Finding

DecimalMark = Literal[".", ","]
DateOrder = Literal["ymd", "dmy", "mdy"]
RaggedPolicy = Literal["reject", "pad", "rescue"]


DELIMITER = r"^[\t -/:-@\[-`{-~]$"
"""What can stand between fields: a tabulator, a space, or a mark of one byte that no word or number holds."""


class ReadingSpec(BaseModel):
    """What a pipeline declares about its files; whatever is None is decided by evidence, file by file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str | None = None
    """A codec's name as Python knows it."""
    delimiter: str | None = Field(None, pattern=DELIMITER)
    quote: str | None = Field(None, pattern=r"^[!-~]?$")
    """'' declares that nothing is quoted."""
    escape: Literal["doubled", "backslash"] | None = None
    """How a quote inside a quoted field is written."""
    decimal_mark: DecimalMark | None = None
    date_order: DateOrder | None = None
    short_years: Literal["last"] | None = None
    """Years of two digits stand last, so evidence may tell whether 25/01/26 has the day or the month in front."""
    sheet: str | int | None = None
    """A sheet's name, or its position from 1."""
    header_row: int | None = Field(None, ge=0)
    """Row of the (last line of the) header as the sender's program numbers it; 0: the file has none."""
    header_rows: int = Field(1, ge=1, le=5)
    """How many rows the header is made of; their texts are joined downwards."""
    ragged: RaggedPolicy = "reject"
    """Records with another number of fields than the header: rejected; filled with blanks if too short; or, if too
    long, kept with what is too much told."""
    second_reader_share: float = Field(0.05, ge=0, le=1)
    """Share of the XLSX files that a second reader reads too; which ones, their content decides."""


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
    memory_bytes: int = 1024**3
    """What reading may take."""


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
class Marks:
    """How a text's fields are told apart."""

    delimiter: str
    quote: str | None
    """None: nothing is quoted."""
    escape: Literal["doubled", "backslash"]

    def describe(self) -> str:
        """The marks in words."""
        delimiter = "TAB" if self.delimiter == "\t" else repr(self.delimiter)
        quote = "no quotes" if self.quote is None else f"quote {self.quote}"
        return f"delimiter {delimiter}, {quote}" + (", escape \\" if self.escape == "backslash" else "")


@dataclass(frozen=True)
class Dialect(Marks):
    """How a text file's records and fields are told apart."""

    newline: Literal["\n", "\r\n", "\r"]
    width: int
    """Fields of a record."""
    evidence: str = ""
    """Why, in words for `inspect`."""


@dataclass(frozen=True)
class TextOrigin:
    """All that is decided about a text file before its first record is read."""

    encoding: Encoding
    dialect: Dialect
    skipped_lines: int = 0
    """Lines at the top that speak of the file and hold nothing of it, such as Excel's `sep=;`."""

    @property
    def decimal_hint(self) -> DecimalMark:
        """Programs that separate by semicolon do so because their decimal mark is the comma."""
        return "," if self.dialect.delimiter == ";" else "."


@dataclass(frozen=True)
class RaggedRow:
    """A record with another number of fields than the header."""

    fields: int
    text: str


@dataclass(frozen=True)
class Progress:
    """How far a file is read."""

    bytes_processed: int
    total_bytes: int
    rows: int

    @property
    def percent(self) -> float:
        """Share of the file's bytes, 0 to 100."""
        return 100.0 * self.bytes_processed / self.total_bytes if self.total_bytes else 100.0
