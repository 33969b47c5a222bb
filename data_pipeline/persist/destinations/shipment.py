"""What every kind of destination is given, and what it answers."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from data_pipeline.model.rows import Rows
from data_pipeline.persist.protection import Guard


@dataclass(frozen=True)
class Shipment:
    """Everything that one destination gets of one published version.

    Shape: `rows` has the destination's headers, in its order; `literals` names the headers whose texts stand for
    numbers where JSON can tell them apart.
    """

    pipeline: str
    business_date: dt.date
    delivery_id: uuid.UUID
    version: int
    rows: Rows
    literals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Refusal:
    """A row that the destination does not take; `position` counts the shipment's rows from 0."""

    position: int
    reason: str


class Journal(Protocol):
    """What a receiver of chunks has answered before, and where each new answer is kept at once."""

    def find_open(self, total: int) -> Sequence[tuple[int, int]]:
        """First row and count of what nobody answered for yet."""

    def note(self, first: int, count: int, refusal: str | None) -> None:
        """Keeps an answer."""

    def list_refusals(self) -> Sequence[Refusal]:
        """Rows that were refused in this delivery."""


@dataclass(frozen=True)
class Means:
    """What a destination may use: a folder, secrets by the name of their variable, protection, a journal."""

    folder: Path
    read_secret: Callable[[str], str]
    guard: Guard
    journal: Journal
