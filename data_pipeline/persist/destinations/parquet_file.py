"""Shipment -> a Parquet file, which DuckDB reads alone or with those of other dates."""

from data_pipeline.model.destinations import ParquetDestination
from data_pipeline.persist.destinations.files import find_path
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.files import write_parquet


def deliver_parquet(destination: ParquetDestination, shipment: Shipment, means: Means) -> list[Refusal]:
    """Writes the rows with their types.

    Raises: StoreError when the folder cannot be written.
    """
    write_parquet(find_path(destination, shipment, means, suffix="parquet"), shipment.rows)
    return []
