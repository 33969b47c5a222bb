"""Kind of destination -> the function that delivers to it, and what it depends on outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from data_pipeline.model.destinations import Destination
from data_pipeline.persist.destinations.csv_file import deliver_csv
from data_pipeline.persist.destinations.jsonl_file import deliver_jsonl
from data_pipeline.persist.destinations.parquet_file import deliver_parquet
from data_pipeline.persist.destinations.postgres_table import deliver_to_postgres, name_postgres
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.destinations.webhook import deliver_to_webhook, name_webhook
from data_pipeline.persist.destinations.xlsx_file import deliver_xlsx


@dataclass(frozen=True)
class Kind:
    """One kind of destination."""

    deliver: Callable[[Any, Shipment, Means], list[Refusal]]
    name_dependency: Callable[[Any], str] | None = None
    """None: a folder of ours, which is written again each time."""


KINDS: Mapping[str, Kind] = {
    "csv": Kind(deliver_csv),
    "jsonl": Kind(deliver_jsonl),
    "xlsx": Kind(deliver_xlsx),
    "parquet": Kind(deliver_parquet),
    "postgres": Kind(deliver_to_postgres, name_postgres),
    "webhook": Kind(deliver_to_webhook, name_webhook),
}


def find_dependency(destination: Destination) -> str | None:
    """What is asked, under the name that all who ask it share; None for a folder."""
    name = KINDS[destination.kind].name_dependency
    return None if name is None else name(destination)
