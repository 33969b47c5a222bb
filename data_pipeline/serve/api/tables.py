"""Rows -> CSV, workbook, Arrow: what people and programs load whole."""

import io
from typing import Literal

import orjson
import polars as pl
from fastapi import Response

from data_pipeline.persist.exports import BYTE_ORDER_MARK, XLSX_TEXT, mark_as_text, write_sheet
from data_pipeline.persist.tracking import Row

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "arrow": "application/vnd.apache.arrow.stream",
    "json": "application/json",
}
Form = Literal["csv", "xlsx"]


def write_rejected(rows: list[Row], form: Form, *, name: str) -> Response:
    """Rejected records as a file for people: no cell of it runs as a formula."""
    columns = {"row_number": pl.Int64, "sheet": pl.String, "column_name": pl.String, "raw_text": pl.String,
               "error_code": pl.String, "error_message": pl.String, "record_data": pl.String}  # fmt: skip
    told = [{**row, "record_data": orjson.dumps(row["record_data"]).decode()} for row in rows]
    frame = pl.DataFrame(told, schema=columns)
    if form == "xlsx":
        return as_file(write_sheet(frame.with_columns(pl.col(pl.String).str.head(XLSX_TEXT))), form, name)
    text = frame.with_columns(pl.col(pl.String).pipe(mark_as_text)).write_csv()
    return as_file(BYTE_ORDER_MARK + text.encode(), form, name)


def write_table(rows: pl.DataFrame, form: Literal["csv", "arrow"], *, name: str) -> Response:
    """Rows of a snapshot for programs: CSV as it is, or Arrow with its types."""
    buffer = io.BytesIO()
    if form == "arrow":
        rows.write_ipc_stream(buffer)
    else:
        rows.write_csv(buffer)
    return as_file(buffer.getvalue(), form, name)


def write_list(rows: pl.DataFrame) -> Response:
    """Rows as one JSON list."""
    lines = rows.write_ndjson().encode().splitlines()
    return Response(b"[" + b",".join(lines) + b"]", media_type=TYPES["json"])


def as_file(content: bytes, form: str, name: str) -> Response:
    """A download."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, media_type=TYPES[form], headers=headers)
