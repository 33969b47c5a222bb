"""Scores how much of a row is there and right."""

from collections.abc import Mapping, Sequence
from typing import Self

import polars as pl
from pydantic import Field, field_validator, model_validator

from data_pipeline.errors import SpecError
from data_pipeline.parsing.expressions import parse_expression
from data_pipeline.transform.step import NAME, StepOptions


class Options(StepOptions):
    """What counts, and how much."""

    filled: tuple[str, ...] = ()
    """Columns that should hold something; blanks alone are nothing."""
    valid: dict[str, str] = {}
    """Name -> SQL condition that should be true; one that cannot be told is not."""
    weights: dict[str, float] = {}
    """Column of `filled` or name of `valid` -> how much it counts; without it 1."""
    score: str = Field("quality_score", pattern=NAME)
    """Column for the score."""

    @field_validator("valid")
    @classmethod
    def check_conditions(cls, valid: dict[str, str]) -> dict[str, str]:
        """Each must be an expression over a row's own columns."""
        for name, text in valid.items():
            try:
                parse_expression(text)
            except SpecError as error:
                raise ValueError(f"{name}: {error}") from error
        return valid

    @model_validator(mode="after")
    def check_weights(self) -> Self:
        """They belong to what is asked, and something is."""
        asked = [*self.filled, *self.valid]
        if not asked:
            raise ValueError("expected columns in filled, or conditions in valid")
        strange = [name for name in self.weights if name not in asked]
        if strange or any(weight <= 0 for weight in self.weights.values()):
            raise ValueError(f"expected weights above 0 for {', '.join(asked)}, found {self.weights}")
        return self

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Those asked for, and those of the conditions."""
        conditions = {f"valid.{name}": parse_expression(text).columns for name, text in self.valid.items()}
        return {"filled": self.filled, **conditions}

    @property
    def new_columns(self) -> Sequence[str]:
        """The score's."""
        return (self.score,)


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Adds the weighted share of what is filled or valid.

    Units: 0 to 1.
    Example:
        >>> rows = pl.DataFrame({"name": ["Soap", " "], "price": [5, None]})
        >>> options = Options(filled=("name", "price"), valid={"fair": "price > 0"}, weights={"fair": 2})
        >>> apply(rows, options)["quality_score"].to_list()
        [1.0, 0.0]
    """
    answers = {name: is_filled(rows[name]) for name in options.filled}
    answers |= {name: parse_expression(text).is_true(rows) for name, text in options.valid.items()}
    weights = [options.weights.get(name, 1.0) for name in answers]
    points = pl.repeat(0.0, rows.height, dtype=pl.Float64, eager=True)
    for answer, weight in zip(answers.values(), weights, strict=True):
        points += answer.cast(pl.Float64) * weight
    return rows.with_columns((points / sum(weights)).alias(options.score))


def is_filled(cells: pl.Series) -> pl.Series:
    """Which cells hold something."""
    if cells.dtype == pl.String:
        return (cells.str.strip_chars() != "").fill_null(value=False)
    return cells.is_not_null()
