"""The contract of a pipeline's `process`: accepted rows and what is known about the day in, snapshot rows out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from data_pipeline.model.findings import Finding
from data_pipeline.model.store_names import StoreNames
from data_pipeline.model.tables import ReferenceTable


@dataclass(frozen=True)
class Knowledge:
    """What a processor may use beside the rows."""

    references: Mapping[str, ReferenceTable]
    """Path inside the reference folder -> file."""
    store_names: StoreNames
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Processed:
    """What a processor made of a day.

    Shape: `rows` has one row per row that went in (conservation is checked by the caller).
    """

    rows: pl.DataFrame
    findings: tuple[Finding, ...]
    label: str
    """Name and version of the rules applied; part of the manifest."""


# A pure function over a day's accepted rows.
Processor = Callable[[pl.DataFrame, Knowledge], Processed]


class StepCount(BaseModel):
    """What one step did to the number of rows of a file or of a date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    """Position in `steps:`, from 1."""
    use: str
    rows_in: int
    rows_out: int
    removed: int
    added: int
    rejected: int

    @property
    def is_whole(self) -> bool:
        """Whether no row came or went without being counted."""
        return self.rows_in - self.rejected - self.removed + self.added == self.rows_out
