"""Rules of exported files: their bytes, their names, and that no old one stays behind."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from data_pipeline.errors import StoreError
from data_pipeline.model.spec import OutputSpec
from data_pipeline.persist.exports import XLSX_TEXT, as_csv, as_xlsx, export_store, file_stems, write_exports
from data_pipeline_tests.tables import table

ROWS = """
    sku   | name    | stock:integer | price:number | supplier:integer | orders:integer
    0042  | Soap    | 1000          | 3045.57      | 2122             | 3
    7     | a;b"c   |               | 0.5          |                  | 0
    8     | ''      | -3            |              | 5                |
"""


def output(**changes: Any) -> OutputSpec:
    declared = {
        "name": "complete",
        "per": "file",
        "style": "indonesian",
        "columns": {"SKU": "sku", "Nama": "name", "Stok": "stock", "Harga": "price", "ID Supplier": "supplier"},
    }
    return OutputSpec.model_validate({**declared, **changes})


def test_a_file_for_people_has_semicolons_commas_and_a_byte_order_mark() -> None:
    assert as_csv(table(ROWS), output()).decode("utf-8") == (
        "\ufeffSKU;Nama;Stok;Harga;ID Supplier\n"
        "0042;Soap;1.000;3.045,57;2.122\n"
        '7;"a;b""c";;0,50;\n'
        "8;;-3;;5\n"
    )  # fmt: skip


def test_a_file_for_programs_has_commas_points_and_no_mark() -> None:
    assert as_csv(table(ROWS), output(style="machine")).decode("utf-8") == (
        "SKU,Nama,Stok,Harga,ID Supplier\n"
        "0042,Soap,1000,3045.57,2122\n"
        '7,"a;b""c",,0.5,\n'
        "8,,-3,,5\n"
    )  # fmt: skip


def test_columns_declared_as_text_are_written_as_floats() -> None:
    """The reader of the owner's files expects `2122.0` there."""
    columns = {"ID Supplier": "supplier", "Stok": "stock"}

    written = as_csv(table(ROWS), output(columns=columns, text_columns=("supplier",)))

    assert written.decode("utf-8-sig") == "ID Supplier;Stok\n2122.0;1.000\n;\n5.0;-3\n"


@pytest.mark.parametrize(
    ("kind", "cells"),
    [("integer", ["3", "0", ""]), ("flag", ["true", "false", ""]), ("number", ["1.5", "0", ""])],
    ids=["count", "flag", "amount"],
)
def test_only_rows_above_zero_are_written(kind: str, cells: list[str]) -> None:
    rows = table("\n".join([f"sku | wanted:{kind}", *(f"{index} | {cell}" for index, cell in enumerate(cells))]))

    assert as_csv(rows, output(columns={"SKU": "sku"}, where="wanted")).decode("utf-8-sig") == "SKU\n0\n"


@pytest.mark.parametrize("style", ["indonesian", "machine"])
def test_without_rows_the_header_is_written(style: str) -> None:
    header = as_csv(table(ROWS).clear(), output(style=style)).decode("utf-8-sig")

    assert header in ("SKU;Nama;Stok;Harga;ID Supplier\n", "SKU,Nama,Stok,Harga,ID Supplier\n")


def read_xlsx(content: bytes) -> list[list[tuple[object, str]]]:
    """Value and type of every cell, as another program sees them."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows()]


# The writer leaves out styles, of which openpyxl says that it takes its own.
without_styles = pytest.mark.filterwarnings("ignore:Workbook contains no default style:UserWarning")


@without_styles
def test_a_workbook_holds_the_same_rows_with_typed_cells_and_blanks() -> None:
    header, *rows = read_xlsx(as_xlsx(table(ROWS), output()))

    assert header == [(title, "s") for title in ("SKU", "Nama", "Stok", "Harga", "ID Supplier")]
    assert rows == [
        [("0042", "s"), ("Soap", "s"), (1000, "n"), (3045.57, "n"), (2122, "n")],
        [("7", "s"), ('a;b"c', "s"), (None, "n"), (0.5, "n"), (None, "n")],
        [("8", "s"), (None, "n"), (-3, "n"), (None, "n"), (5, "n")],
    ]


HOSTILE = [
    "=1+1",
    "=HYPERLINK(A1)",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "0042",
    "1e5",
    " padded ",
    "<b>&\"'",
    "a\nb",
    "😀é",
]


@without_styles
def test_texts_that_look_like_formulas_or_numbers_stay_texts() -> None:
    rows = pl.DataFrame({"name": HOSTILE})

    _, *cells = read_xlsx(as_xlsx(rows, output(columns={"Nama": "name"})))

    assert cells == [[(text, "s")] for text in HOSTILE]


# Texts of which other writers make formulas and links.
RUNNING = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://evil.example","open me")',
    "{=SUM(1+1)}",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "https://evil.example",
    "mailto:me@evil.example",
    "internal:Sheet1!A1",
]


@without_styles
def test_no_text_becomes_a_formula_or_a_link_in_a_workbook() -> None:
    content = as_xlsx(pl.DataFrame({"name": RUNNING}), output(columns={"Nama": "name"}))

    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    _, *cells = sheet["A"]

    assert [cell.value for cell in cells] == RUNNING
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert [cell.value for cell in cells if cell.hyperlink] == []


FORMULA_STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("start", FORMULA_STARTS, ids=[repr(start) for start in FORMULA_STARTS])
def test_texts_that_would_run_are_marked_in_files_for_people_alone(start: str) -> None:
    rows = pl.DataFrame({"name": [f"{start}1+1"]})
    columns = {"Nama": "name"}

    for_people = as_csv(rows, output(columns=columns)).decode("utf-8-sig")
    for_programs = as_csv(rows, output(columns=columns, style="machine")).decode()

    assert for_people.replace('"', "") == f"Nama\n'{start}1+1\n"
    assert for_programs.replace('"', "") == f"Nama\n{start}1+1\n"


def test_numbers_and_other_texts_are_never_marked() -> None:
    rows = table("""
        name | stock:integer | price:number | supplier:integer | day:date
        a=b  | -3            | -0.5         | -7               | 2025-11-25
        ' =1'| -1000         | -3045.57     |                  |
    """)
    columns = {"Nama": "name", "Stok": "stock", "Harga": "price", "ID Supplier": "supplier", "Tanggal": "day"}

    written = as_csv(rows, output(columns=columns, text_columns=("supplier",)))

    assert written.decode("utf-8-sig") == (
        "Nama;Stok;Harga;ID Supplier;Tanggal\n"
        "a=b;-3;-0,50;-7.0;2025-11-25\n"
        " =1;-1.000;-3.045,57;;\n"
    )  # fmt: skip


@without_styles
@pytest.mark.parametrize("character", ["x", "😀"])
def test_a_text_longer_than_a_cell_is_cut_and_stops_no_workbook(character: str) -> None:
    rows = pl.DataFrame({"name": [character * 40_000]})

    _, [(text, _)] = read_xlsx(as_xlsx(rows, output(columns={"Nama": "name"})))

    assert text == character * XLSX_TEXT


@without_styles
def test_a_workbook_without_rows_has_its_header() -> None:
    assert len(read_xlsx(as_xlsx(table(ROWS).clear(), output()))) == 1


@without_styles
def test_a_date_is_a_text_that_reads_one_way_in_a_workbook() -> None:
    content = as_xlsx(table("day:date\n2025-11-25"), output(columns={"Tanggal": "day"}))

    assert read_xlsx(content) == [[("Tanggal", "s")], [("2025-11-25", "s")]]


def test_a_stores_files_are_named_by_output_and_workbook() -> None:
    outputs = [output(xlsx=True), output(name="m2", columns={"SKU": "sku"}, where="orders")]

    files = export_store(table(ROWS), outputs, "1. Miss Glam Padang")

    assert list(files) == [
        "complete/1. Miss Glam Padang.csv",
        "xlsx/complete/1. Miss Glam Padang.xlsx",
        "m2/1. Miss Glam Padang.csv",
    ]
    assert files["m2/1. Miss Glam Padang.csv"].decode("utf-8-sig") == "SKU\n0042\n"


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        ({"Padang": "1. Padang.xlsx", "Aceh": "28. Aceh.csv"}, {"Padang": "1. Padang", "Aceh": "28. Aceh"}),
        ({"Padang": "stock.xlsx", "Aceh": "stock.csv"}, {"Padang": "stock - Padang", "Aceh": "stock - Aceh"}),
        ({"Mansyur": "26. dr Mansur .xlsx"}, {"Mansyur": "26. dr Mansur "}),
        ({"Padang": "v1.2.final"}, {"Padang": "v1.2"}),
        ({"Padang": "é" * 125 + ".csv"}, {"Padang": "é" * 100}),
        ({}, {}),
    ],
    ids=["distinct", "same stem", "trailing blank", "dots", "long", "none"],
)
def test_output_files_are_named_like_the_workbook_and_distinct(names: dict[str, str], stems: dict[str, str]) -> None:
    assert file_stems(names) == stems


def test_no_two_stores_share_a_stem() -> None:
    stems = file_stems({"A": "f.xlsx", "B": "f.csv", "C": "f - A.xlsx"})

    assert len(set(stems.values())) == 3


def test_a_stores_name_leads_to_no_other_folder(tmp_path: Path) -> None:
    stems = file_stems({"/../../../outside": "stock.xlsx", "Aceh": "stock.csv"})

    written = write_exports(tmp_path / "out", {f"complete/{stem}.csv": b"" for stem in stems.values()}, index="day")

    assert [path for path in written if not path.resolve().is_relative_to(tmp_path / "out" / "complete")] == []


def list_files(folder: Path) -> dict[str, bytes]:
    """Content of every file by its path, the index left out."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_files_are_written_below_the_folder_and_returned(tmp_path: Path) -> None:
    files = {"complete/1. Padang.csv": b"a", "xlsx/complete/1. Padang.xlsx": b"b"}

    written = write_exports(tmp_path / "out", files, index="day")

    assert written == [tmp_path / "out" / name for name in files]
    assert list_files(tmp_path / "out") == files


def test_files_of_a_workbook_that_changed_its_name_are_removed(tmp_path: Path) -> None:
    """Else a store would have two order files, and somebody would send both."""
    write_exports(tmp_path, {"m2/1.Miss glam Padang.csv": b"old", "m2/28. Aceh.csv": b"old"}, index="day")

    write_exports(tmp_path, {"m2/1. Miss Glam Padang.csv": b"new", "m2/28. Aceh.csv": b"new"}, index="day")

    assert list_files(tmp_path) == {"m2/1. Miss Glam Padang.csv": b"new", "m2/28. Aceh.csv": b"new"}


def test_files_of_another_index_and_of_people_stay(tmp_path: Path) -> None:
    write_exports(tmp_path, {"m2/monday.csv": b"monday"}, index="monday")
    (tmp_path / "m2" / "notes.csv").write_bytes(b"mine")

    write_exports(tmp_path, {"m2/tuesday.csv": b"tuesday"}, index="tuesday")
    write_exports(tmp_path, {}, index="tuesday")

    assert list_files(tmp_path) == {"m2/monday.csv": b"monday", "m2/notes.csv": b"mine"}


def test_a_file_that_somebody_removed_already_is_no_error(tmp_path: Path) -> None:
    (old,) = write_exports(tmp_path, {"m2/old.csv": b"old"}, index="day")
    old.unlink()

    write_exports(tmp_path, {"m2/new.csv": b"new"}, index="day")

    assert list_files(tmp_path) == {"m2/new.csv": b"new"}


def test_a_folder_that_cannot_be_written_is_the_operators(tmp_path: Path) -> None:
    (tmp_path / "m2").write_text("a file where a folder should be")

    with pytest.raises(StoreError, match=r"m2/a\.csv: cannot be written: .*\. Free space or choose another folder\."):
        write_exports(tmp_path, {"m2/a.csv": b""}, index="day")
