"""PipelineSpec: what one pipeline is, read from its pipeline.yaml."""

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from data_pipeline.model.contradictions import ContradictionError, find_contradictions
from data_pipeline.model.destinations import Destination
from data_pipeline.model.reading import ReadingSpec
from data_pipeline.model.rules import Part, Rule

ColumnType = Literal["text", "integer", "number", "date", "datetime", "boolean"]


class ColumnSpec(Part):
    """One column that is used: the owner's header beside the name the code uses."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    header: str
    aliases: tuple[str, ...] = ()
    type: ColumnType
    nullable: bool = False
    unit: str | None = None
    blank_as: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Texts beside the empty one by which the sender says "nothing here", such as 0000-00-00 00:00:00."""
    published: bool = True
    """False: read and judged as evidence, but not part of the rows."""
    # Left out of the JSON where nothing is said: specs that do not use them keep their hashes, and so their snapshots.
    minimum: float | dt.date | None = Field(None, exclude_if=lambda bound: bound is None)
    """Least number or day; a row with less goes back. A bound for moments is a day, in UTC."""
    maximum: float | dt.date | None = Field(None, exclude_if=lambda bound: bound is None)
    """Greatest number or day."""
    sensitive: bool = Field(False, exclude_if=lambda is_said: not is_said)
    """True: its cells stand in landed files and published rows alone; wherever else they would be, there is a mark."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Every spelling under which a file may carry this column."""
        return (self.header, *self.aliases)


class SourceSpec(Part):
    """Which files belong to the pipeline."""

    patterns: tuple[str, ...] = ("*.xlsx", "*.csv")
    only_named: bool = False
    """True: takes only files that are said to be its own, by `--pipeline` or by lying in a folder of its name."""
    ignored_headers: tuple[str, ...] = ()
    """Known columns that nobody uses; any other unknown header is reported."""
    evolution: Literal["freeze", "reject", "rescue", "add"] = "freeze"
    """What becomes of other columns: they are only told; the file is refused; their cells are kept as JSON in column
    `rescued`; or they become text columns of their own."""
    reject_file_over_percent: float = Field(20.0, ge=0, le=100)
    reading: ReadingSpec = ReadingSpec()
    """What is known of the files' form; all of it may be left to evidence."""


class IdentitySpec(Part):
    """Which evidence names the store and the business date."""

    store_column: str | None = None
    sender: str | None = None
    """Name of the only sender, whose files are of all stores; a later one for a date replaces the earlier."""
    date_column: str | None = None
    """Column of days or moments; all rows of a file are of its business date."""
    sales_date_column: str | None = None
    """Text column of last sales days; the business date is the day after the day that most rows name."""
    chain_prefixes: tuple[str, ...] = ()
    """Words before a store's short name, in file names and in the store column."""

    @model_validator(mode="after")
    def check_evidence(self) -> Self:
        """One answer to who sent a file, and one to which day it is for."""
        if self.sender is not None and self.store_column is not None:
            raise ValueError("sender and store_column exclude each other: is a file of one store, or of all?")
        if self.date_column is not None and self.sales_date_column is not None:
            raise ValueError(
                "date_column and sales_date_column exclude each other: rows of the day, or of the day before?"
            )
        return self

    @property
    def day_column(self) -> str | None:
        """The column whose days are counted."""
        return self.date_column or self.sales_date_column


class RosterSpec(Part):
    """Which stores are expected every business date: a column of a reference file."""

    file: str
    column: str
    exclude: str | None = None
    """Regular expression over names that are not stores, such as a head office."""

    @field_validator("exclude")
    @classmethod
    def check_pattern(cls, pattern: str | None) -> str | None:
        """It must compile."""
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern


class FlushSpec(Part):
    """When waiting batches are turned into a snapshot: whichever comes first."""

    files: int = Field(5, ge=1)
    bytes: int = Field(10_000_000, ge=1)
    seconds: float = Field(300, ge=0)


class RetrySpec(Part):
    """How often and how patiently a transient fault is tried again."""

    attempts: int = Field(3, ge=1)
    backoff_seconds: float = Field(30, gt=0)


class StepSpec(BaseModel):
    """One item of `steps:`: a verb of the registry, and its options beside it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    use: str
    message: str | None = None
    """For the sender of a row that fails, instead of the product's own words."""

    @property
    def options(self) -> dict[str, Any]:
        """All other keys, as the verb's own model checks them."""
        return dict(self.model_extra or {})


class ProcessSpec(Part):
    """A processor with its options: `module:function` inside the pipeline's folder."""

    processor: str
    options: dict[str, Any] = {}


class OutputSpec(Part):
    """One file layout for people or for another system, columns in order."""

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    per: Literal["file", "date"]
    style: Literal["indonesian", "machine"]
    columns: dict[str, str]
    """Header in the file -> column of the snapshot."""
    where: str | None = None
    """Boolean or count column of the snapshot; only rows where it is true or above zero are written."""
    text_columns: tuple[str, ...] = ()
    """Columns whose whole numbers are written as floats (`2122.0`), as the reader of the file expects."""
    xlsx: bool = False


class SummarySpec(Part):
    """What a person sees first of a published date: one line per group of its rows."""

    by: tuple[str, ...] = Field(min_length=1)
    """Columns of the snapshot; `[store]`, where files are of one store, puts the line beside the store's file."""
    show: dict[str, str] = Field(min_length=1)
    """Title -> SQL aggregate over the group's rows. https://docs.pola.rs/user-guide/sql/"""


class PipelineSpec(Part):
    """A recipe: source -> columns and rules -> processor -> snapshot -> outputs."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    description: str
    source: SourceSpec = SourceSpec()
    columns: tuple[ColumnSpec, ...]
    rules: tuple[Rule, ...] = ()
    identity: IdentitySpec = IdentitySpec()
    roster: RosterSpec | None = None
    steps: tuple[StepSpec, ...] = ()
    """Verbs over the accepted rows, in order, before `process`."""
    process: ProcessSpec | None = None
    """Without it the rows after the last step are the snapshot."""
    grain: tuple[str, ...]
    measures: dict[str, tuple[str, ...]] = {}
    """Name -> columns whose product is summed; carried from the files to the snapshot and compared."""
    marts: tuple[str, ...] = ()
    """Names of .sql files in the pipeline's folder that become views in both databases."""
    outputs: tuple[OutputSpec, ...] = ()
    summary: SummarySpec | None = None
    destinations: tuple[Destination, ...] = ()
    """Who is sent the snapshot, and who the rejected rows; docs/destinations.md."""
    flush: FlushSpec = FlushSpec()
    retry: RetrySpec = RetrySpec()

    @model_validator(mode="after")
    def check_references(self, info: ValidationInfo) -> Self:
        """The parts fit together."""
        is_lenient = (info.context or {}).get("is_lenient", False)  # whoever says so asks for the faults themselves
        if not is_lenient and (faults := find_contradictions(self)):
            raise ContradictionError(faults)
        return self

    @property
    def sensitive_columns(self) -> frozenset[str]:
        """The columns whose cells are shown to nobody."""
        return frozenset(column.name for column in self.columns if column.sensitive)

    @property
    def judging_hash(self) -> str:
        """Hash of what decides how a file is read and judged; names the cached result of that work."""
        return self._hash({"source", "columns", "rules", "identity", "measures"})

    @property
    def content_hash(self) -> str:
        """Hash of everything that decides what a snapshot holds."""
        return self._hash({"source", "columns", "rules", "identity", "measures", "steps", "process", "grain", "roster"})

    @property
    def declaration_hash(self) -> str:
        """Hash of everything that is declared; names a version of the spec."""
        return self._hash(set(PipelineSpec.model_fields))

    def _hash(self, fields: set[str]) -> str:
        return hashlib.sha256(self.model_dump_json(include=fields).encode()).hexdigest()

    def find_headers(self, present: Sequence[str]) -> dict[str, str]:
        """Column name -> the header that carries it in a file; of a header and its aliases the header counts."""
        return {one.name: header for one in self.columns for header in reversed(one.headers) if header in present}

    def column(self, name: str) -> ColumnSpec:
        """The declared column of that name."""
        return next(column for column in self.columns if column.name == name)
