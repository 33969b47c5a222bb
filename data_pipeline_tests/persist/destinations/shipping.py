"""Shipments for single kinds of destinations, without a flow around them."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from data_pipeline.model.destinations import Destination
from data_pipeline.persist.destinations.registry import KINDS
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.protection import Guard, Unguarded
from data_pipeline_tests.tables import in_chunks

DAY = dt.date(2026, 1, 5)
DELIVERY = uuid.UUID("00000000-0000-0000-0000-000000000001")


@dataclass
class MemoryJournal:
    """Answers that live as long as the test."""

    chunks: list[tuple[int, int, str | None]] = field(default_factory=list)

    def find_open(self, total: int) -> Sequence[tuple[int, int]]:
        """All of it, the first time."""
        return [(0, total)] if total and not self.chunks else []

    def note(self, first: int, count: int, refusal: str | None) -> None:
        """Keeps an answer."""
        self.chunks.append((first, count, refusal))

    def list_refusals(self) -> Sequence[Refusal]:
        """Rows that were refused."""
        return [Refusal(first, refusal) for first, _, refusal in self.chunks if refusal is not None]


def declare(**declared: Any) -> Destination:
    """A destination as a pipeline.yaml declares it."""
    destination: Destination = TypeAdapter(Destination).validate_python({"name": "shop", **declared})
    return destination


def ship(
    destination: Destination,
    rows: pl.DataFrame,
    folder: Path = Path(),
    *,
    guard: Guard | None = None,
    secret: str = "",
    journal: MemoryJournal | None = None,
) -> list[Refusal]:
    """Delivers rows, which are read two by two, and gives those that were refused."""
    shipment = Shipment("shelf", DAY, DELIVERY, 3, in_chunks(rows))
    means = Means(folder, lambda _: secret, guard or Unguarded(), journal or MemoryJournal())
    return KINDS[destination.kind].deliver(destination, shipment, means)
