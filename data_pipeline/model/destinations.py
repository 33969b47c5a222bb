"""Destinations of a pipeline.yaml: who is sent a published snapshot, in which form, and how patiently."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import Field, field_validator, model_validator

from data_pipeline.model.rules import Part

# Columns of a rejected row beside the fields that were delivered.
REJECT_COLUMNS = (
    "error_code", "error_message", "error_column", "error_text", "error_status", "error_record",
    "source_file", "source_version", "source_sheet", "source_row",
)  # fmt: skip
PLACEHOLDERS = ("pipeline", "date", "name")
# A declaration must not be able to send away any other secret of the process.
SecretName = Annotated[str, Field(pattern=r"^DESTINATION_[A-Z0-9_]+$")]
TABLE = r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$"

Fault = tuple[tuple[str | int, ...], str]


class PolicySpec(Part):
    """How patiently a destination is asked, when it is left alone, and how fast it may be asked."""

    attempts: int = Field(5, ge=1)
    """Of one request; permanent faults are never tried again."""
    backoff_seconds: float = Field(1, gt=0)
    """Before the second attempt; doubled for each further one, with a random part added."""
    longest_backoff_seconds: float = Field(60, gt=0)
    open_after_failures: int = Field(5, ge=1)
    """Transient faults in a row after which the circuit breaker opens."""
    reset_seconds: float = Field(60, gt=0)
    """How long an open breaker keeps everybody away before one request may try."""
    rate_per_second: float | None = Field(None, gt=0)
    """Most requests a second."""
    timeout_seconds: float = Field(30, gt=0)


class BaseDestination(Part):
    """What all destinations have."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    of: Literal["rows", "rejects"] = "rows"
    """The rows of the snapshot, or the rejected rows of its batches."""
    columns: dict[str, str] = {}
    """Header -> column; without it all columns of the pipeline, and for rejects what is wrong and where."""
    where: str | None = None
    """SQL condition over the columns; only rows for which it is true are delivered."""
    constants: dict[str, str | int | float | bool] = {}
    """Header -> fixed value; takes the place of a column of that header."""
    stamp: str | None = None
    """Header under which every row says when its snapshot was published, RFC 3339 in UTC."""
    status_by_code: dict[str, str] = {}
    """For rejects: code -> what the column error_status says."""
    otherwise: str = "rejected"
    """What error_status says for all other codes."""
    most_refused_rows: int = Field(1000, ge=0)
    """More refused rows than this are the fault of the destination or of its declaration, and nothing counts."""

    @model_validator(mode="after")
    def check_rejects(self) -> Self:
        """A status by code is one of rejected rows."""
        if self.status_by_code and self.of != "rejects":
            raise ValueError("status_by_code goes with `of: rejects` only")
        return self


class FileDestination(BaseDestination):
    """A file that appears whole, in the output folder of the business date."""

    path: str | None = None
    """With {pipeline}, {date}, {name}; one that holds {date} is counted from the folder above, of all dates."""

    @field_validator("path")
    @classmethod
    def check_path(cls, path: str | None) -> str | None:
        """It stays inside and names what exists."""
        parts = PurePosixPath(path or "")
        if parts.is_absolute() or ".." in parts.parts or "\\" in str(parts):
            raise ValueError(f"expected a path inside the output folder, found {path!r}")
        unknown = sorted({*re.findall(r"\{(.*?)\}", path or "")} - {*PLACEHOLDERS})
        if unknown:
            raise ValueError(f"unknown placeholder {{{unknown[0]}}}; known: {', '.join(PLACEHOLDERS)}")
        if re.search(r"[{}]", re.sub(r"\{\w+\}", "", path or "")):
            raise ValueError(f"expected braces around {', '.join(PLACEHOLDERS)} only, found {path!r}")
        return path


class CsvDestination(FileDestination):
    """Delimited text in UTF-8."""

    kind: Literal["csv"]
    separator: str = Field(",", pattern=r"^[^\n\r\"]$")
    decimal_comma: bool = False
    byte_order_mark: bool = False
    mark_formulas: bool = False
    """An apostrophe before texts that a spreadsheet program would run; programs get the texts as they are."""


class JsonlDestination(FileDestination):
    """One JSON object a line."""

    kind: Literal["jsonl"]


class ParquetDestination(FileDestination):
    """Typed columns for DuckDB, pandas and Polars."""

    kind: Literal["parquet"]


class XlsxDestination(FileDestination):
    """A workbook with one sheet."""

    kind: Literal["xlsx"]


class PostgresDestination(BaseDestination):
    """A table of another database."""

    kind: Literal["postgres"]
    url_from: SecretName
    """Environment variable that holds postgresql://user:password@host/database."""
    table: str = Field(pattern=TABLE)
    key: tuple[str, ...] = ()
    """Headers that are unique in the table: rows are inserted or updated by them. Without it the day is replaced."""
    day_column: str = "business_date"
    """Column of the table that holds the business date; what it holds for the date is replaced."""
    pipeline_column: str | None = None
    """Column that holds the pipeline's name, where several pipelines share the table."""
    policy: PolicySpec = PolicySpec()

    @property
    def declared(self) -> frozenset[str]:
        """Headers that are filled by the destination itself."""
        return frozenset({self.day_column, *([self.pipeline_column] if self.pipeline_column else [])})


class WebhookDestination(BaseDestination):
    """A web address that takes rows by POST, in chunks, each with its own idempotency key."""

    kind: Literal["webhook"]
    url: str = Field(pattern=r"^https?://[^\s/?#@]+([/?]\S*)?$")
    format: Literal["ndjson", "json"] = "ndjson"
    """A JSON object a line; or one object with pipeline, business_date, version and rows."""
    chunk_rows: int = Field(1000, ge=1)
    auth_from: SecretName | None = None
    """Environment variable that holds the value of the header below, such as `Bearer …`."""
    auth_header: str = Field("Authorization", pattern=r"^[A-Za-z0-9-]+$")
    key_header: str = Field("Idempotency-Key", pattern=r"^[A-Za-z0-9-]+$")
    policy: PolicySpec = PolicySpec()


Destination = Annotated[
    CsvDestination | JsonlDestination | XlsxDestination | ParquetDestination | PostgresDestination | WebhookDestination,
    Field(discriminator="kind"),
]


def find_unfit(
    destinations: Sequence[Destination], declared: Sequence[str], published: Sequence[str] | None
) -> Iterator[Fault]:
    """What does not fit the rest. `published`: the snapshot's columns, None when only its code knows them."""
    names = [destination.name for destination in destinations]
    for place, destination in enumerate(destinations):
        path = ("destinations", place)
        if destination.name in names[:place]:
            yield (*path, "name"), f"two destinations are called {destination.name!r}"
        if destination.of == "rejects":
            known: Sequence[str] | None = (*declared, *REJECT_COLUMNS)
            for column in sorted({*declared} & {*REJECT_COLUMNS}):
                yield (*path, "of"), f"column {column!r} is also one of every rejected row; give it another name"
        else:
            known = published
        yield from find_unknown(destination, path, known)


def find_unknown(destination: Destination, path: tuple[str | int, ...], known: Sequence[str] | None) -> Iterator[Fault]:
    """Columns that the rows do not have, and conditions that are no SQL."""
    wanted: list[Fault] = [((*path, "columns", header), column) for header, column in destination.columns.items()]
    if destination.where is not None:
        try:
            wanted += [((*path, "where"), column) for column in pl.sql_expr(destination.where).meta.root_names()]
        except (pl.exceptions.PolarsError, ValueError) as error:
            yield (*path, "where"), f"expected a SQL condition, found {destination.where!r}: {error}"
    for place, column in wanted:
        if known is not None and column not in known:
            yield place, f"unknown column {column!r}; known: {', '.join(known)}"
