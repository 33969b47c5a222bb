"""What every verb is made of: options, what it may use beside the rows, what comes out."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import polars as pl
from pydantic import Field

from data_pipeline.errors import SpecError, StoreError
from data_pipeline.model.rules import Part

Scope = Literal["row", "date"]
"""`row`: a row's outcome depends on itself alone, so files are worked on in chunks. `date`: all rows are needed."""
Change = Literal["none", "filters", "merges", "adds"]
"""What a verb does to the number of rows."""

# Columns that say where a row comes from; those that are there are its key. `@batch` tells files of one name apart.
PLACE = ("@batch", "source_file", "source_version", "source_sheet", "source_row")
NAME = r"^[a-z][a-z0-9_]*$"

ColumnName = str


class StepOptions(Part):
    """Options of a verb; what follows from them is asked of them."""

    @property
    def scope(self) -> Scope:
        """Which rows the step must see at once."""
        return "row"

    @property
    def may_reject(self) -> bool:
        """Whether a row can fail."""
        return False

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Option -> columns that must be there."""
        return {}

    @property
    def new_columns(self) -> Sequence[str]:
        """Columns that come into being."""
        return ()

    @property
    def reference_files(self) -> Sequence[str]:
        """Reference files that it reads."""
        return ()

    @property
    def history_days(self) -> int:
        """How many earlier business dates the step looks back on."""
        return 0


class ColumnsOptions(StepOptions):
    """Options of a verb that changes columns in their place."""

    columns: tuple[ColumnName, ...] = Field(min_length=1)
    """Text columns that are changed."""

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Those that are changed."""
        return {"columns": self.columns}


@dataclass(frozen=True)
class Known:
    """What a step may use beside the rows."""

    references: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """Reference file -> its records, all text."""
    history: pl.DataFrame | None = None
    """Rows of earlier snapshots with their business_date; None when there are none."""
    business_date: dt.date | None = None
    """The day that the rows describe."""
    secret: bytes | None = None
    """Key of the installation, for hashes that nobody else can make."""
    is_trial: bool = False
    """Whether only the declaration is tried on no rows: reference files and secret are taken to be there."""

    def take_reference(self, file: str, headers: Iterable[str]) -> pl.DataFrame:
        """The wanted columns of a reference file, as text, stripped, blanks null.

        Raises: StoreError when the file or a column is not there: to go on would give other rows without a word.
        """
        wanted = list(dict.fromkeys(headers))
        if self.is_trial:
            return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
        if file not in self.references:
            there = ", ".join(sorted(self.references)) or "none"
            raise StoreError(f"expected a reference file {file!r}, found {there}. Restore it and run the date again.")
        table = self.references[file]
        missing = [header for header in wanted if header not in table.columns]
        if missing:
            raise StoreError(
                f"reference file {file!r}: expected columns {', '.join(map(repr, missing))}, "
                f"found {', '.join(map(repr, table.columns))}. Restore them and run the date again."
            )
        return table.select(strip_blank(pl.col(header).cast(pl.String)) for header in wanted)


NOTHING = Known()


@dataclass(frozen=True)
class Outcome:
    """What a step made of rows.

    Shape: `failures` has the columns of the rows that went in, then `@column`, `@raw` and `@message`, one row for every
    reason. Rows in = rows out + failed + removed - added, which the caller asserts.
    """

    rows: pl.DataFrame
    failures: pl.DataFrame | None = None
    failed: int = 0
    """Rows with at least one reason; they are not in `rows`."""
    removed: int = 0
    added: int = 0


@dataclass(frozen=True)
class Fault:
    """Why some rows cannot be processed."""

    is_failed: pl.Series
    column: str | None
    explain: Callable[[str], str]
    """Cell as text, '' when it is blank, to the words; asked once for each distinct one."""


def split_failed(rows: pl.DataFrame, changed: pl.DataFrame, *faults: Fault) -> Outcome:
    """The outcome of a step that keeps the number of rows but for those that fail."""
    failures = [fail(rows, fault) for fault in faults if fault.is_failed.any()]
    if not failures:
        return Outcome(changed)
    is_failed = pl.DataFrame([fault.is_failed.alias(str(n)) for n, fault in enumerate(faults)]).select(
        pl.any_horizontal(pl.all().fill_null(value=False))
    )
    mask = is_failed.to_series()
    return Outcome(changed.filter(~mask), pl.concat(failures), failed=int(mask.sum()))


def fail(rows: pl.DataFrame, fault: Fault) -> pl.DataFrame:
    """The rows of a fault, with the words for each."""
    failed = rows.filter(fault.is_failed)
    raw = pl.lit(None, pl.String) if fault.column is None else as_text(failed[fault.column])
    failed = failed.with_columns(pl.lit(fault.column, pl.String).alias("@column"), raw.alias("@raw"))
    found = failed["@raw"].fill_null("")
    distinct = found.unique()
    words = pl.Series([fault.explain(text) for text in distinct], dtype=pl.String)
    return failed.with_columns(found.replace_strict(distinct, words).alias("@message"))


def as_text(values: pl.Series) -> pl.Series:
    """Cells as a person would write them; a list with commas."""
    if isinstance(values.dtype, pl.List):
        return values.cast(pl.List(pl.String)).list.join(", ")
    return values.cast(pl.String)


def map_distinct(texts: pl.Series, change: Callable[[str], str | None]) -> pl.Series:
    """Texts changed by a function that works value by value, asked once for each distinct text; null stays null."""
    distinct = texts.drop_nulls().unique()
    changed = pl.Series([change(text) for text in distinct], dtype=pl.String)
    return texts.replace_strict(distinct, changed, default=None, return_dtype=pl.String)


def strip_blank(text: pl.Expr) -> pl.Expr:
    """Text without blanks around it; null when nothing is left."""
    stripped = text.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def require_type(rows: pl.DataFrame, columns: Iterable[str], expected: str) -> None:
    """Raises: SpecError when a column is not of the expected kind: text, number, date or list."""
    fits: dict[str, Callable[[Any], bool]] = {
        "text": lambda dtype: dtype == pl.String,
        "number": lambda dtype: dtype.is_numeric(),
        "whole number": lambda dtype: dtype.is_integer(),
        "date": lambda dtype: dtype.is_temporal(),
    }
    for column in columns:
        dtype = rows.schema[column]
        if not fits[expected](dtype):
            raise SpecError(f"expected {column!r} to be a {expected}, found {name_type(dtype)}.")


def name_type(dtype: pl.DataType) -> str:
    """A type in the words of pipeline.yaml."""
    names = {
        "text": dtype == pl.String,
        "integer": dtype.is_integer(),
        "number": dtype.is_float() or dtype.is_decimal(),
        "date": dtype == pl.Date,
        "datetime": dtype == pl.Datetime,
        "boolean": dtype == pl.Boolean,
        "list": isinstance(dtype, pl.List),
    }
    return next((name for name, fits in names.items() if fits), str(dtype))


def name_near(name: str, known: Iterable[str]) -> str:
    """A question after a likely spelling, or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f" (is {near[0]!r} meant?)" if near else ""
