"""Stock list -> file, as the ERP exports it: XLSX every morning, CSV when a store is asked for one."""

import datetime as dt
from pathlib import Path

import polars as pl

from data_pipeline.generate.stock import TEXT_HEADERS
from data_pipeline.generate.workbook import write_workbook

EXPORT_TIME = dt.time(9, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))
EXCEL_DIGITS, CSV_DIGITS = 16, 15  # what the ERP prints: 0.07000000000000001 in the workbook, 0,07 in the CSV


def name_day(business_date: dt.date) -> str:
    """Name of a day's folder."""
    return business_date.strftime("%Y%m%d")


def find_export_moment(business_date: dt.date, store_number: int) -> dt.datetime:
    """When a store's list is exported: all within some minutes of half past nine."""
    return dt.datetime.combine(business_date, EXPORT_TIME) + dt.timedelta(seconds=13 * store_number)


def spell_cells(stock: pl.DataFrame, *, digits: int = EXCEL_DIGITS) -> pl.DataFrame:
    """Numbers as the ERP prints them: shortest to so many digits, NAN and INF without sales."""
    spelt = []
    for name in stock.select(pl.col(pl.Float64)).columns:
        numbers = stock[name].unique()  # few: most products cover some whole number of days, or none
        texts = pl.Series([f"{number:.{digits}G}" for number in numbers], dtype=pl.String)
        spelt.append(stock[name].replace_strict(numbers, texts, return_dtype=pl.String))
    return stock.with_columns(spelt).cast(pl.String)


def export_workbook(path: Path, cells: pl.DataFrame, *, created: dt.datetime) -> None:
    """Writes a spelt stock list as workbook."""
    write_workbook(path, cells, text_columns=TEXT_HEADERS, created=created)


def export_csv(path: Path, stock: pl.DataFrame) -> None:
    """Writes a stock list as the ERP's CSV: decimal comma, 0 for NAN and INF, no quotes."""
    numbers = pl.exclude(TEXT_HEADERS).str.replace(".", ",", literal=True).replace(["NAN", "INF"], "0")
    cells = spell_cells(stock, digits=CSV_DIGITS).with_columns(numbers)
    path.parent.mkdir(parents=True, exist_ok=True)
    cells.write_csv(path, separator=";", line_terminator="\r\n", quote_style="never")
