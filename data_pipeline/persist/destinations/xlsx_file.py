"""Shipment -> a workbook with one sheet."""

import io

import excelreader
import polars as pl

from data_pipeline.errors import DestinationError
from data_pipeline.model.destinations import XlsxDestination
from data_pipeline.persist.destinations.files import find_path
from data_pipeline.persist.destinations.form import as_plain
from data_pipeline.persist.destinations.shipment import Means, Refusal, Shipment
from data_pipeline.persist.exports import XLSX_TYPES, as_typed_table
from data_pipeline.persist.files import write_atomically

# https://support.microsoft.com/en-us/office/excel-specifications-and-limits
MOST_ROWS = 1_048_575  # below the header
MOST_TEXT = 32_767  # UTF-16 units of a cell


def deliver_xlsx(destination: XlsxDestination, shipment: Shipment, means: Means) -> list[Refusal]:
    """Writes the rows, but for those with a text that no cell holds. Every text is a text cell: none runs as a formula.

    Raises: DestinationError when there are more rows than a sheet has; StoreError when the folder cannot be written.
    """
    plain = as_plain(shipment.rows.collect()).with_columns(pl.col(pl.Boolean, pl.Int32).cast(pl.Int64))
    refusals = find_long_texts(plain)
    rows = plain.with_row_index("@row").filter(~pl.col("@row").is_in([one.position for one in refusals])).drop("@row")
    if rows.height > MOST_ROWS:
        raise DestinationError(
            "DESTINATION_REFUSES",
            f"destination {destination.name!r}: {rows.height} rows are more than the {MOST_ROWS} of a sheet. "
            "Deliver fewer by `where`, or as CSV or Parquet.",
        )
    buffer = io.BytesIO()
    kinds = [XLSX_TYPES[column.dtype.base_type()] for column in rows]
    excelreader.write_workbook(buffer, as_typed_table(rows), kinds, format="xlsx")
    write_atomically(find_path(destination, shipment, means, suffix="xlsx"), buffer.getvalue())
    return refusals


def find_long_texts(rows: pl.DataFrame) -> list[Refusal]:
    """Rows with a text that a cell cannot hold."""
    refusals: dict[int, Refusal] = {}
    texts = [name for name, kind in rows.schema.items() if kind == pl.String]
    numbered = rows.with_row_index("@row")
    for name in texts:
        # Characters beyond U+FFFF take two units.
        units = pl.col(name).str.len_chars() + pl.col(name).str.count_matches(r"[\x{10000}-\x{10FFFF}]")
        for row, length in numbered.filter(units > MOST_TEXT).select("@row", units).rows():
            reason = f"column {name!r} holds {length} characters, a cell of a workbook takes {MOST_TEXT}"
            refusals.setdefault(row, Refusal(row, reason))
    return [refusals[row] for row in sorted(refusals)]
