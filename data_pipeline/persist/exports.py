"""Snapshot rows -> the files that people and other systems read, written whole or not at all.

Reader processes run this too: it imports nothing that they do not have anyway.
"""

import io
from pathlib import Path

import excelreader
import numpy as np
import polars as pl

from data_pipeline.errors import StoreError
from data_pipeline.model.spec import OutputSpec
from data_pipeline.persist.files import write_atomically
from data_pipeline.persist.number_text import format_numbers

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Texts that begin like this are run by spreadsheet programs, from CSV files too; the last four are full-width forms.
# Source: OWASP, "CSV Injection".
FORMULA_START = "^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
XLSX_FOLDER = "xlsx"
STEM_BYTES = 200  # of a file's name, of which 255 are possible
# A cell holds 32,767 UTF-16 units, of which a character takes at most two; one text more would stop the whole file.
XLSX_TEXT = 16_383
XLSX_TYPES = {
    pl.String: excelreader.ColumnType.STRING,
    pl.Int64: excelreader.ColumnType.I64,
    pl.Float64: excelreader.ColumnType.F64,
}


def select_output(rows: pl.DataFrame, output: OutputSpec) -> pl.DataFrame:
    """The rows and columns of one output, under its headers."""
    if output.where is not None:
        rows = rows.filter(pl.col(output.where).cast(pl.Int64) > 0)
    # '' and null both mean "nothing written there"; Polars would quote the former.
    blank_to_null = pl.col(pl.String).replace("", None)
    return rows.select(pl.col(column).alias(header) for header, column in output.columns.items()).with_columns(
        blank_to_null
    )


def as_csv(rows: pl.DataFrame, output: OutputSpec) -> bytes:
    """A CSV in the output's style: `indonesian` for people and the ERP, `machine` for programs."""
    table = select_output(rows, output)
    if output.style == "machine":
        return table.write_csv().encode()
    float_texts = [header for header, column in output.columns.items() if column in output.text_columns]
    plain_texts = [header for header, kind in table.schema.items() if kind == pl.String and header not in float_texts]
    texts = format_numbers(
        table.with_columns(pl.col(float_texts).cast(pl.Float64).cast(pl.String), pl.col(plain_texts).pipe(mark_as_text))
    )
    buffer = io.BytesIO()
    texts.write_csv(buffer, separator=";", quote_style="necessary")
    return BYTE_ORDER_MARK + buffer.getvalue()


def mark_as_text(text: pl.Expr) -> pl.Expr:
    """Texts with an apostrophe before those that a spreadsheet program would run as a formula."""
    return text.str.replace(FORMULA_START, "'${0}")


def as_xlsx(rows: pl.DataFrame, output: OutputSpec) -> bytes:
    """The same rows as a workbook; every text is a text cell, so nothing in it runs as a formula or is a link."""
    plain = [
        pl.col(pl.Date).cast(pl.String),
        pl.col(pl.Boolean, pl.Int32).cast(pl.Int64),
        pl.col(pl.String).str.head(XLSX_TEXT),
    ]
    return write_sheet(select_output(rows, output).with_columns(plain))


def write_sheet(table: pl.DataFrame) -> bytes:
    """Texts, integers and numbers as a workbook with one sheet, every text a text cell."""
    buffer = io.BytesIO()
    kinds = [XLSX_TYPES[column.dtype.base_type()] for column in table]
    excelreader.write_workbook(buffer, as_typed_table(table), kinds, format="xlsx")
    return buffer.getvalue()


def as_typed_table(table: pl.DataFrame) -> excelreader.TypedTable:
    """The frame in the writer's own layout; given a frame, the writer would go through one Python object a cell."""
    return excelreader.TypedTable(
        row_count=table.height,
        names=table.columns,
        columns=[as_buffer(column) for column in table],
        validity=[as_bitmap(column) if column.null_count() else None for column in table],
    )


def as_buffer(column: pl.Series) -> object:
    """One column without its nulls: texts as UTF-8 with offsets, numbers as they lie."""
    if column.dtype != pl.String:
        return column.fill_null(0).to_numpy()
    texts = column.fill_null("")
    offsets = np.concatenate([[0], texts.str.len_bytes().cum_sum().to_numpy()]).astype(np.int32)
    return excelreader.StringColumn(offsets, "".join(texts.to_list()).encode())


def as_bitmap(column: pl.Series) -> bytes:
    """One bit a row, set where there is a value."""
    return np.packbits(column.is_not_null().to_numpy(), bitorder="little").tobytes()


def export_store(rows: pl.DataFrame, outputs: list[OutputSpec], stem: str) -> dict[str, bytes]:
    """File name -> content of one store's files."""
    files = {}
    for output in outputs:
        files[f"{output.name}/{stem}.csv"] = as_csv(rows, output)
        if output.xlsx:
            files[f"{XLSX_FOLDER}/{output.name}/{stem}.xlsx"] = as_xlsx(rows, output)
    return files


def write_exports(folder: Path, files: dict[str, bytes], *, index: str) -> list[Path]:
    """Writes all files below `folder`; removes those that the same `index` named last time and does not name now.

    Without that, a store whose workbook changed its name would leave two order files behind.
    """
    outside = [name for name in files if not (folder / name).resolve().is_relative_to(folder.resolve())]
    if outside:
        raise StoreError(f"{outside[0]!r}: expected a name inside {folder}; nothing was written")
    listing = folder / f".{index}.index"
    previous = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    for name, content in files.items():
        write_atomically(folder / name, content, survives_power_cut=False)
    for name in set(previous) - set(files):
        (folder / name).unlink(missing_ok=True)
    write_atomically(listing, "\n".join(sorted(files)).encode())
    return [folder / name for name in files]


def file_stems(file_names: dict[str, str]) -> dict[str, str]:
    """Store -> name of its output files: that of its workbook, with the store's where two would share one.

    Names come from strangers: what could lead out of the folder is replaced.
    """
    stems = {store: safe_name(name.rpartition(".")[0] or name) for store, name in file_names.items()}
    if len(set(stems.values())) < len(stems):
        stems = {store: safe_name(f"{stem} - {store}") for store, stem in stems.items()}
    if len(set(stems.values())) < len(stems):
        stems = {store: f"{stem} - {number}" for number, (store, stem) in enumerate(stems.items(), start=1)}
    return stems


def safe_name(text: str) -> str:
    """A text as one part of a path, short enough for what is added to it.

    >>> safe_name("stock - ../Aceh")
    'stock - .._Aceh'
    """
    safe = "".join(character if character.isprintable() and character not in "/\\:" else "_" for character in text)
    return safe.encode()[:STEM_BYTES].decode(errors="ignore")
