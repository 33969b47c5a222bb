"""Shipment -> a JSON Lines file."""

from data_pipeline.model.destinations import JsonlDestination
from data_pipeline.persist.destinations.files import find_path
from data_pipeline.persist.destinations.json_text import append_lines
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.files import replacing


def deliver_jsonl(destination: JsonlDestination, shipment: Shipment, means: Means) -> list[Refusal]:
    """Writes one object a line, in the shipment's order.

    Raises: StoreError when the folder cannot be written.
    """
    path = find_path(destination, shipment, means, suffix="jsonl")
    with replacing(path) as temporary, temporary.open("wb") as file:
        append_lines(shipment.rows, shipment.literals, file)
    return []
