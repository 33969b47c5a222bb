"""Rules of destinations that are files: whole, the same bytes for the same rows, and readable by others."""

import csv
import datetime as dt
import json
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import DestinationError
from data_pipeline.persist.destinations import xlsx_file
from data_pipeline.persist.destinations.shipment import Refusal
from data_pipeline_tests.persist.destinations.shipping import declare, ship

# What our workbooks leave out, openpyxl has of its own.
pytestmark = pytest.mark.filterwarnings("ignore:Workbook contains no default style:UserWarning")

ROWS = pl.DataFrame(
    {
        "name": ["Sabun, 50 ml", "=1+1", "", None],
        "stock": [3, -2, 0, None],
        "price": [12500.5, 0.1, 1e20, None],
        "is_new": [True, False, None, True],
        "day": [dt.date(2026, 1, 5), None, dt.date(1999, 12, 31), None],
        "at": [dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC), None, None, None],
    },
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)


def test_a_csv_has_a_header_and_tells_null_from_the_empty_text(tmp_path: Path) -> None:
    ship(declare(kind="csv"), ROWS, tmp_path)

    assert (tmp_path / "shop.csv").read_text() == (
        "name,stock,price,is_new,day,at\n"
        '"Sabun, 50 ml",3,12500.5,true,2026-01-05,2026-01-05T09:30:00Z\n'
        "=1+1,-2,0.1,false,,\n"
        '"",0,1e+20,,1999-12-31,\n'
        ",,,true,,\n"
    )


def test_a_csv_for_people_opens_in_their_spreadsheet_program(tmp_path: Path) -> None:
    people = {"separator": ";", "decimal_comma": True, "byte_order_mark": True, "mark_formulas": True}

    ship(declare(kind="csv", **people), ROWS.select("name", "price").head(2), tmp_path)

    content = (tmp_path / "shop.csv").read_bytes()
    assert content == b"\xef\xbb\xbfname;price\nSabun, 50 ml;12500,5\n'=1+1;0,1\n"


def test_json_lines_hold_numbers_booleans_and_nulls_as_such(tmp_path: Path) -> None:
    ship(declare(kind="jsonl"), ROWS, tmp_path)

    lines = [json.loads(line) for line in (tmp_path / "shop.jsonl").read_text().splitlines()]
    assert lines[0] == {"name": "Sabun, 50 ml", "stock": 3, "price": 12500.5, "is_new": True, "day": "2026-01-05",
                        "at": "2026-01-05T09:30:00Z"}  # fmt: skip
    assert lines[3] == {"name": None, "stock": None, "price": None, "is_new": True, "day": None, "at": None}


def test_parquet_files_of_many_dates_are_one_table_in_duckdb(tmp_path: Path) -> None:
    destination = declare(kind="parquet", path="{pipeline}/business_date={date}/rows.parquet")

    ship(destination, ROWS, tmp_path / "20260105")

    files = str(tmp_path / "shelf" / "*" / "*.parquet")
    read = duckdb.read_parquet(files, hive_partitioning=True).select("stock, business_date").fetchall()
    assert read == [(stock, dt.date(2026, 1, 5)) for stock in ROWS["stock"]]
    [path] = (tmp_path / "shelf").rglob("*.parquet")
    assert_frame_equal(pl.read_parquet(path, hive_partitioning=False), ROWS)


def test_a_workbook_holds_texts_as_texts(tmp_path: Path) -> None:
    ship(declare(kind="xlsx"), ROWS.select("name", "stock", "price"), tmp_path)

    sheet = openpyxl.load_workbook(tmp_path / "shop.xlsx").worksheets[0]
    assert [cell.value for cell in sheet["A"]][:3] == ["name", "Sabun, 50 ml", "=1+1"]
    assert [cell.data_type for cell in sheet["A"]][1:3] == ["s", "s"]
    assert [cell.value for cell in sheet["B"]] == ["stock", 3, -2, 0, None]


def test_a_text_that_no_cell_holds_is_refused_and_not_cut(tmp_path: Path) -> None:
    rows = pl.DataFrame({"sku": ["1", "2", "3"], "note": ["x", "y" * 32_768, "\U0001f9fc" * 16_383]})

    refusals = ship(declare(kind="xlsx"), rows, tmp_path)

    assert refusals == [
        Refusal(1, "column 'note' holds 32768 characters, a cell of a workbook takes 32767"),
    ]
    sheet = openpyxl.load_workbook(tmp_path / "shop.xlsx").worksheets[0]
    assert [cell.value for cell in sheet["A"]] == ["sku", "1", "3"]


def test_more_rows_than_a_sheet_has_are_refused_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MOST_ROWS", 3)

    with pytest.raises(DestinationError, match="4 rows are more than the 3 of a sheet. Deliver fewer by `where`"):
        ship(declare(kind="xlsx"), ROWS.select("stock"), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_a_person_named_holds_files_of_all_dates(tmp_path: Path) -> None:
    ship(declare(kind="csv", path="{date}.csv"), ROWS, tmp_path / "out")

    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.csv")] == ["out/2026-01-05.csv"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx"])
def test_delivering_again_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    destination = declare(kind=kind, path="sub/{name}-{pipeline}.out")
    ship(destination, ROWS, tmp_path)
    path = tmp_path / "sub" / "shop-shelf.out"
    before = path.read_bytes()

    ship(destination, ROWS, tmp_path)

    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "xlsx"])
def test_no_rows_give_a_file_without_rows(tmp_path: Path, kind: str) -> None:
    ship(declare(kind=kind), ROWS.clear(), tmp_path)

    path = tmp_path / f"shop.{kind}"
    counts = {
        "csv": lambda: len(list(csv.reader(path.open()))) - 1,
        "jsonl": lambda: len(path.read_text().splitlines()),
        "parquet": lambda: pl.read_parquet(path).height,
        "xlsx": lambda: openpyxl.load_workbook(path).worksheets[0].max_row - 1,
    }
    assert counts[kind]() == 0
