"""What the cells of one column look like, before anybody declares what they should be."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

Kind = Literal["integer", "number", "date", "time", "boolean", "error", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class FieldStatistics(BaseModel):
    """One column of a file, over all its records; the same however the file was cut into chunks.

    Units: counts are cells; `longest` is characters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    count: int
    blanks: int
    """Cells without content, or with white space alone; of the other figures only `longest` knows them."""
    distinct: int
    """Exact up to 10,000; in a list of more than 50 columns up to fewer."""
    has_more_distinct: bool
    """There are more different texts than `distinct`, and they were not counted any further."""
    kinds: dict[Kind, int]
    """What the texts can be read as; kinds that do not occur are left out. A code that would lose digits as a number,
    such as 0042 or one of more than 15 digits, is text."""
    minimum: float | str | None
    """Of the numbers, where most filled cells are numbers; of the days (as YYYY-MM-DD), where most are dates; else of
    the texts, by code point."""
    maximum: float | str | None
    mean: float | None
    """Of the numbers among the cells, correctly rounded."""
    longest: int
    examples: tuple[str, ...]
    """The most frequent texts, most frequent first; if `has_more_distinct`, of the first 1,000 records alone."""
