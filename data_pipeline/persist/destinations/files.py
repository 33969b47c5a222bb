"""Where a destination's file lies."""

from pathlib import Path

from data_pipeline.model.destinations import FileDestination
from data_pipeline.persist.destinations.shipment import Means, Shipment


def find_path(destination: FileDestination, shipment: Shipment, means: Means, *, suffix: str) -> Path:
    """In the folder of the date; a path that names the date itself is counted from the folder of all dates."""
    declared = destination.path or f"{destination.name}.{suffix}"
    is_dated = means.folder.name == f"{shipment.business_date:%Y%m%d}"  # one that a person named holds all
    folder = means.folder.parent if is_dated and "{date}" in declared else means.folder
    date = shipment.business_date.isoformat()
    return folder / declared.format(pipeline=shipment.pipeline, date=date, name=destination.name)
