"""PipelineSpec: what one pipeline is, read from its pipeline.yaml."""

import hashlib
import re
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from data_pipeline.model.reading import ReadingSpec
from data_pipeline.model.rules import Part, RangeRule, Rule, UniqueRule

ColumnType = Literal["text", "integer", "number", "date", "datetime", "boolean"]

# Names that the product adds to every row of a part or snapshot.
PROVENANCE = ("source_sheet", "source_row")


class ColumnSpec(Part):
    """One column that is used: the owner's header beside the name the code uses."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    header: str
    aliases: tuple[str, ...] = ()
    type: ColumnType
    nullable: bool = False
    unit: str | None = None
    published: bool = True
    """False: read and judged as evidence, but not part of the rows."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Every spelling under which a file may carry this column."""
        return (self.header, *self.aliases)


class SourceSpec(Part):
    """Which files belong to the pipeline."""

    patterns: tuple[str, ...] = ("*.xlsx", "*.csv")
    ignored_headers: tuple[str, ...] = ()
    """Known columns that nobody uses; any other unknown header is reported."""
    reject_file_over_percent: float = Field(20.0, ge=0, le=100)
    reading: ReadingSpec = ReadingSpec()
    """What is known of the files' form; all of it may be left to evidence."""


class IdentitySpec(Part):
    """Which evidence names the store and the business date."""

    store_column: str | None = None
    sales_date_column: str | None = None
    """Text column of last sales days; the business date is the day after the day that most rows name."""
    chain_prefixes: tuple[str, ...] = ()
    """Words before a store's short name, in file names and in the store column."""


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


class StepSpec(Part):
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


def find_repeated(names: list[str]) -> list[str]:
    """Names that occur more than once, sorted."""
    return sorted({name for name in names if names.count(name) > 1})


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
    process: StepSpec
    grain: tuple[str, ...]
    measures: dict[str, tuple[str, ...]] = {}
    """Name -> columns whose product is summed; carried from the files to the snapshot and compared."""
    marts: tuple[str, ...] = ()
    """Names of .sql files in the pipeline's folder that become views in both databases."""
    outputs: tuple[OutputSpec, ...] = ()
    flush: FlushSpec = FlushSpec()
    retry: RetrySpec = RetrySpec()

    @model_validator(mode="after")
    def check_references(self) -> Self:
        """Every column that another part names is declared once."""
        names = [column.name for column in self.columns]
        headers = [header for column in self.columns for header in column.headers]
        rules = [rule.name for rule in self.rules]
        problems = [f"column {name!r} is declared twice" for name in find_repeated(names)]
        problems += [f"header {header!r} is declared for two columns" for header in find_repeated(headers)]
        problems += [f"two rules are called {name!r}" for name in find_repeated(rules)]
        problems += [f"column name {name!r} belongs to the product" for name in names if name in PROVENANCE]
        for where, column in self._named_columns():
            if column not in names:
                problems.append(f"{where}: unknown column {column!r}; declared: {', '.join(names)}")
        problems += self._find_unfit_columns()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _find_unfit_columns(self) -> list[str]:
        """Columns that are declared, but not as what another part needs."""
        published = {column.name: column.type for column in self.columns if column.published}
        declared = {column.name for column in self.columns}
        numbers = [(f"rules.{rule.name}", rule.column) for rule in self.rules if isinstance(rule, RangeRule)]
        numbers += [(f"measures.{name}", column) for name, columns in self.measures.items() for column in columns]
        keys = [("grain", column) for column in self.grain]
        keys += [
            (f"rules.{rule.name}", name) for rule in self.rules if isinstance(rule, UniqueRule) for name in rule.columns
        ]
        unfit = [
            f"{where}: column {column!r} is no number"
            for where, column in numbers
            if column in published and published[column] not in ("integer", "number")
        ]
        return unfit + [
            f"{where}: column {column!r} is not published"
            for where, column in (*keys, *numbers)
            if column in declared and column not in published
        ]

    def _named_columns(self) -> list[tuple[str, str]]:
        named = [("grain", column) for column in self.grain]
        named += [(f"measures.{name}", column) for name, columns in self.measures.items() for column in columns]
        for rule in self.rules:
            named += [(f"rules.{rule.name}", column) for column in rule.columns_named]
        identity = self.identity
        evidence = {"store_column": identity.store_column, "sales_date_column": identity.sales_date_column}
        return named + [(f"identity.{key}", column) for key, column in evidence.items() if column is not None]

    @property
    def judging_hash(self) -> str:
        """Hash of what decides how a file is read and judged; names the cached result of that work."""
        return self._hash({"source", "columns", "rules", "identity", "measures"})

    @property
    def content_hash(self) -> str:
        """Hash of everything that decides what a snapshot holds."""
        return self._hash({"source", "columns", "rules", "identity", "measures", "process", "grain", "roster"})

    def _hash(self, fields: set[str]) -> str:
        return hashlib.sha256(self.model_dump_json(include=fields).encode()).hexdigest()

    def column(self, name: str) -> ColumnSpec:
        """The declared column of that name."""
        return next(column for column in self.columns if column.name == name)
