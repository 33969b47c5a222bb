"""Rows -> CSV, workbook, Arrow: what people and programs load whole."""

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

import polars as pl
from fastapi import Response
from fastapi.responses import StreamingResponse

from data_pipeline.persist.exports import BYTE_ORDER_MARK, XLSX_TEXT, mark_as_text, write_sheet
from data_pipeline.persist.tracking import Row

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "arrow": "application/vnd.apache.arrow.file",
    "json": "application/json",
}
Form = Literal["csv", "xlsx"]
PIECE_BYTES = 256 << 10


def write_rejected(rows: list[Row], form: Form, *, name: str) -> Response:
    """Rejected records as a file for people: no cell of it runs as a formula."""
    columns = {"row_number": pl.Int64, "sheet": pl.String, "column_name": pl.String, "raw_text": pl.String,
               "error_code": pl.String, "error_message": pl.String, "record_data": pl.String}  # fmt: skip
    told = [{**row, "record_data": json.dumps(row["record_data"], ensure_ascii=False)} for row in rows]
    frame = pl.DataFrame(told, schema=columns)
    if form == "xlsx":
        return as_file(write_sheet(frame.with_columns(pl.col(pl.String).str.head(XLSX_TEXT))), form, name)
    text = frame.with_columns(pl.col(pl.String).pipe(mark_as_text)).write_csv()
    return as_file(BYTE_ORDER_MARK + text.encode(), form, name)


def write_table(rows: pl.LazyFrame, form: Literal["csv", "arrow"], *, name: str, folder: Path) -> Response:
    """Rows of a snapshot for programs: CSV as it is, or Arrow with its types; by way of a file that has no name."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed when it is sent, or when nobody wants it any more
    if form == "arrow":
        rows.sink_ipc(file)
    else:
        rows.sink_csv(file)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    headers = {**name_file(form, name), "Content-Length": str(size)}
    return StreamingResponse(read_pieces(file), media_type=TYPES[form], headers=headers)


def read_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """What a file holds, from where it stands."""
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def write_list(rows: pl.DataFrame) -> Response:
    """Rows as one JSON list."""
    lines = rows.write_ndjson().encode().splitlines()
    return Response(b"[" + b",".join(lines) + b"]", media_type=TYPES["json"])


def as_file(content: bytes, form: str, name: str) -> Response:
    """A download."""
    return Response(content, media_type=TYPES[form], headers=name_file(form, name))


def name_file(form: str, name: str) -> dict[str, str]:
    """Under which name it is kept."""
    return {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
