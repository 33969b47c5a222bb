"""Splits a text column into several."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from data_pipeline.transform.step import NAME, Fault, Outcome, StepOptions, require_type, split_failed


class Options(StepOptions):
    """Which texts, where they are cut, and what follows when there are other pieces than names."""

    column: str
    """Text column; it stays."""
    by: str = Field(min_length=1)
    """What stands between the pieces."""
    into: tuple[Annotated[str, Field(pattern=NAME)], ...] = Field(min_length=2)
    """Columns for the pieces, in order, without blanks around them."""
    too_few: Literal["null", "reject"] = "null"
    """What follows when pieces lack: the last columns are null, or the row fails."""
    too_many: Literal["join", "reject"] = "reject"
    """What follows when there are more: the last column keeps the rest as it stands, or the row fails."""

    @property
    def may_reject(self) -> bool:
        """Where other numbers of pieces are not allowed for."""
        return "reject" in (self.too_few, self.too_many)

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """That of the texts."""
        return {"column": (self.column,)}

    @property
    def new_columns(self) -> Sequence[str]:
        """Those of the pieces."""
        return self.into


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Adds a text column for each piece; a blank text has none.

    Example:
        >>> rows = pl.DataFrame({"place": ["Padang, Sumatra", "Aceh", None, "a,b,c"]})
        >>> made = apply(rows, Options(column="place", by=",", into=("city", "island")))
        >>> made.rows.select("city", "island").rows()
        [('Padang', 'Sumatra'), ('Aceh', None), (None, None)]
        >>> made.failures["@message"].to_list()
        ["expected 2 pieces between ',', found 'a,b,c'. Correct it."]
    """
    require_type(rows, [options.column], "text")
    texts = rows[options.column]
    is_blank = (texts.str.strip_chars() == "").fill_null(value=True)
    filled = texts.set(is_blank, None)
    count = filled.str.count_matches(options.by, literal=True) + 1
    pieces = filled.str.splitn(options.by, len(options.into)).struct.unnest()
    named = [strip(pieces[f"field_{place}"]).alias(name) for place, name in enumerate(options.into)]
    is_failed = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    if options.too_few == "reject":
        is_failed |= (count < len(options.into)).fill_null(value=False)
    if options.too_many == "reject":
        is_failed |= (count > len(options.into)).fill_null(value=False)
    fault = Fault(is_failed, options.column, lambda text: explain(text, options))
    return split_failed(rows, rows.with_columns(named), fault)


def strip(pieces: pl.Series) -> pl.Series:
    """Pieces without blanks around them."""
    return pieces.str.strip_chars()


def explain(text: str, options: Options) -> str:
    """What is wrong with a text."""
    return f"expected {len(options.into)} pieces between {options.by!r}, found {text!r}. Correct it."
