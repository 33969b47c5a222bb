"""Replaces values by others, from a table."""

from collections.abc import Mapping, Sequence
from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from data_pipeline.parsing.texts import SELDOM
from data_pipeline.transform.step import NAME, Fault, Outcome, StepOptions, as_text, split_failed

SHOWN = 10


class Options(StepOptions):
    """The table, and what follows for a value that it does not hold."""

    column: str
    """Column whose values are looked up, compared as text without blanks around it."""
    values: dict[str, str | int | float | bool | None] = Field(min_length=1)
    """Value -> what stands for it, all of one type."""
    otherwise: Literal["keep", "null", "reject"] = "reject"
    """What follows for other values; blank ones stay blank."""
    ignore_case: bool = False
    """Whether capitals and small letters are the same."""
    into: str | None = Field(None, pattern=NAME)
    """New column for the result; without it the values are replaced."""

    @model_validator(mode="after")
    def check_values(self) -> Self:
        """One type; and texts, where others are kept."""
        kinds = {type(value) for value in self.values.values() if value is not None}
        if len(kinds) > 1 and kinds != {int, float}:
            raise ValueError("expected values of one type to stand for others")
        if self.otherwise == "keep" and kinds - {str}:
            raise ValueError("where other values are kept, texts alone can stand for some")
        folded = [self.fold(value) for value in self.values]
        if len(set(folded)) < len(folded):
            raise ValueError("two values are the same but for case or blanks")
        return self

    def fold(self, text: str) -> str:
        """A value as it is compared."""
        return text.strip().lower() if self.ignore_case else text.strip()

    @property
    def may_reject(self) -> bool:
        """If told so."""
        return self.otherwise == "reject"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """That of the values."""
        return {"column": (self.column,)}

    @property
    def new_columns(self) -> Sequence[str]:
        """The result's, if it is another."""
        return () if self.into is None else (self.into,)


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Looks every value up; a value outside the table is kept, made null, or fails its row.

    Example:
        >>> rows = pl.DataFrame({"status": ["Selesai", "batal", "?", None]})
        >>> table = {"selesai": "done", "batal": "cancelled"}
        >>> made = apply(rows, Options(column="status", values=table, ignore_case=True))
        >>> made.rows["status"].to_list(), made.failures["@message"].to_list()
        (['done', 'cancelled', None], ["expected one of 'selesai', 'batal', found '?'. Correct it."])
    """
    texts = as_text(rows[options.column])
    few = texts.unique()
    mapped, is_unknown = look_up(texts if len(few) * SELDOM > len(texts) else few, options)
    if len(mapped) < len(texts):
        stands_for, is_same = mapped, mapped.dtype == pl.String and (mapped.eq_missing(few) | is_unknown).all()
        is_unknown = texts.is_in(few.filter(is_unknown).implode()).fill_null(value=False)
        # Mostly a table lists the values that may be; of others the rows fail, whatever they hold.
        mapped = (
            texts
            if is_same and options.may_reject
            else texts.replace_strict(few, stands_for, default=None, return_dtype=stands_for.dtype)
        )
    changed = rows.with_columns(mapped.alias(options.into or options.column))
    faults = [Fault(is_unknown, options.column, lambda text: explain(text, options))] if options.may_reject else []
    return split_failed(rows, changed, *faults)


def look_up(texts: pl.Series, options: Options) -> tuple[pl.Series, pl.Series]:
    """What stands for each text, and which of them the table does not hold."""
    stripped = texts.str.strip_chars().replace("", None)
    keys = stripped.str.to_lowercase() if options.ignore_case else stripped
    known = pl.Series([options.fold(value) for value in options.values], dtype=pl.String)
    results = pl.Series(list(options.values.values()), strict=False)
    results = results.cast(pl.String) if results.dtype == pl.Null else results
    mapped = keys.replace_strict(known, results, default=None, return_dtype=results.dtype)
    is_unknown = ~keys.is_in(known.implode()) & keys.is_not_null()
    if options.otherwise == "keep":
        mapped = mapped.cast(pl.String).zip_with(~is_unknown, texts)
    return mapped, is_unknown


def explain(text: str, options: Options) -> str:
    """What is wrong with a value."""
    known = list(options.values)
    shown = ", ".join(map(repr, known[:SHOWN])) + (", ..." if len(known) > SHOWN else "")
    return f"expected one of {shown}, found {text.strip()!r}. Correct it."
