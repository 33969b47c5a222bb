"""Looks one value of every row up in a reference file."""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from data_pipeline.transform.references import key_rows, read_keyed, refuse_doubled
from data_pipeline.transform.step import NAME, NOTHING, Fault, Known, Outcome, Scope, StepOptions, split_failed


class Options(StepOptions):
    """Which value is looked up where, and what follows when it is not there."""

    column: str
    """Column whose value is looked up, compared as text without blanks around it."""
    file: str
    """Reference file; the snapshot's manifest names its hash."""
    key: str
    """Header in the file of what is looked up; every value once."""
    value: str
    """Header in the file of what is found."""
    into: str = Field(pattern=NAME)
    """Column for what is found; it may be `column` itself."""
    missing: Literal["null", "default", "reject"] = "null"
    """What follows for values that the file does not hold; blank ones stay blank."""
    default: str | None = None
    """What counts then, if that is `default`."""
    ignore_case: bool = False
    """Whether capitals and small letters are the same in keys."""

    @model_validator(mode="after")
    def check_default(self) -> Self:
        """It goes with its policy."""
        if (self.default is None) == (self.missing == "default"):
            raise ValueError("missing: default and a default go together")
        return self

    @property
    def scope(self) -> Scope:
        """Reference files are read once for a date."""
        return "date"

    @property
    def reference_files(self) -> Sequence[str]:
        """That one."""
        return (self.file,)

    @property
    def may_reject(self) -> bool:
        """If told so."""
        return self.missing == "reject"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """That of the values."""
        return {"column": (self.column,)}

    @property
    def new_columns(self) -> Sequence[str]:
        """That of what is found."""
        return (self.into,)


def apply(rows: pl.DataFrame, options: Options, known: Known = NOTHING) -> Outcome:
    """Adds what the file holds beside each value.

    Raises: StoreError when file or headers are not there, or the file holds a key twice.
    Example:
        >>> rows = pl.DataFrame({"store": ["7", "9", None]})
        >>> file = pl.DataFrame({"id": ["7"], "city": ["Padang"]})
        >>> options = Options(column="store", file="stores.csv", key="id", value="city", into="city", missing="reject")
        >>> made = apply(rows, options, Known(references={"stores.csv": file}))
        >>> made.rows.rows(), made.failures["@message"].to_list()
        ([('7', 'Padang'), (None, None)], ["expected a value that 'stores.csv' holds, found '9'. Correct it."])
    """
    on, take = {options.column: options.key}, {"@value": options.value}
    keyed = read_keyed(known, options.file, on, take, ignore_case=options.ignore_case)
    refuse_doubled(keyed, ["@0"], options.file)
    keys = key_rows(rows, [options.column], ignore_case=options.ignore_case)["@0"]
    found = keys.replace_strict(keyed["@0"], keyed["@value"], default=None, return_dtype=pl.String)
    is_missing = ~keys.is_in(keyed["@0"].implode()) & keys.is_not_null()
    if options.missing == "default":
        found = found.set(is_missing, options.default)
    changed = rows.with_columns(found.alias(options.into))
    faults = [Fault(is_missing, options.column, lambda text: explain(text, options.file))] if options.may_reject else []
    return split_failed(rows, changed, *faults)


def explain(text: str, file: str) -> str:
    """What is wrong with a value."""
    return f"expected a value that {file!r} holds, found {text!r}. Correct it."
