"""Shipment -> a CSV file."""

from collections.abc import Iterator

import polars as pl

from data_pipeline.model.destinations import CsvDestination
from data_pipeline.model.rows import Rows
from data_pipeline.persist.destinations.files import find_path
from data_pipeline.persist.destinations.form import as_plain
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.exports import BYTE_ORDER_MARK, mark_as_text
from data_pipeline.persist.files import write_pieces

PIECE_ROWS = 50_000


def deliver_csv(destination: CsvDestination, shipment: Shipment, means: Means) -> list[Refusal]:
    """Writes all rows; an empty field is null, "" is the empty text.

    Raises: StoreError when the folder cannot be written.
    """
    write_pieces(find_path(destination, shipment, means, suffix="csv"), write_csv(destination, shipment.rows))
    return []


def write_csv(destination: CsvDestination, rows: Rows) -> Iterator[bytes]:
    """The file piece by piece, the header with the first."""
    if destination.byte_order_mark:
        yield BYTE_ORDER_MARK
    separator, comma = destination.separator, destination.decimal_comma
    yield as_plain(pl.DataFrame(schema=rows.schema)).write_csv(separator=separator, decimal_comma=comma).encode()
    for piece in rows.iter_slices(PIECE_ROWS):
        plain = as_plain(piece)
        if destination.mark_formulas:
            plain = plain.with_columns(pl.col(pl.String).pipe(mark_as_text))
        yield plain.write_csv(include_header=False, separator=separator, decimal_comma=comma).encode()
