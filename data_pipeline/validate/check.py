"""One question to every record."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from data_pipeline.model.rules import RuleSeverity

# Raw text of a cell -> code and words.
Explain = Callable[[str], tuple[str, str]]


@dataclass(frozen=True)
class Check:
    """One question; the answer becomes a Boolean column of that name.

    `is_broken` is over the declared columns, typed, and `?blank <column>` for each.
    """

    name: str
    header: str | None
    """Column of the file that is at fault, if it is one."""
    is_broken: pl.Expr
    explain: Explain
    severity: RuleSeverity = "reject_row"
    over_rows: int = 0
    over_percent: float = 0


def say(code: str, words: str) -> Explain:
    """The same words whatever the cell holds."""
    return lambda _: (code, words)
