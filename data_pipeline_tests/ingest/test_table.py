"""Rules of a table: row 1 names the columns, records are all rows with content, nothing is left out in silence."""

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.stream import read_table
from data_pipeline.ingest.table import build_tables
from data_pipeline.model.findings import Finding
from data_pipeline.model.reading import ReadingSpec
from data_pipeline.model.tables import RawTable
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, row, write_workbook
from data_pipeline_tests.tables import raw_rows, table

Row = tuple[str | None, ...]


def build(*rows: Row) -> RawTable:
    [(built, is_last)] = build_tables(
        [raw_rows(list(rows))], name="1. Padang.xlsx", reading=ReadingSpec(), known_headers=frozenset()
    )
    assert is_last
    return built


def refuse(*rows: Row) -> tuple[str, str]:
    """Code and message of the refusal."""
    with pytest.raises(FileRejected) as caught:
        build(*rows)
    return caught.value.code, str(caught.value)


def test_the_first_row_names_the_columns() -> None:
    built = build((" SKU ", "Max. Daily Sales"), ("0012 ", "3"), ("7", None))

    assert_frame_equal(
        built.cells,
        table("""
            SKU     | Max. Daily Sales
            '0012 ' | 3
            7       |
        """),
    )
    assert built.row_numbers.to_list() == [2, 3]
    assert built.findings == ()


@pytest.mark.parametrize(
    "header", [("cell 1", "cell 0"), ("*", "^.*$"), ("", "SKU", "Nama")], ids=["positions", "patterns", "blank"]
)
def test_a_column_may_be_called_anything(header: Row) -> None:
    record = ("1", "2", "3")[: len(header)]
    built = build(header, record)

    assert built.cells.to_dicts() == [{name: cell for name, cell in zip(header, record, strict=True) if name}]


def test_blank_rows_are_no_records_and_are_counted() -> None:
    built = build(("SKU", "Stok"), ("1", "2"), (None, "  "), ("", "\u00a0"), ("3", ""), (None, None))

    assert_frame_equal(
        built.cells,
        table("""
            SKU | Stok
            1   | 2
            3   | ''
        """),
    )
    assert built.row_numbers.to_list() == [2, 5]
    assert built.findings == (
        Finding(
            code="BLANK_ROWS",
            message="1. Padang.xlsx: 3 rows between or below the records are entirely blank",
            severity="info",
            rows=3,
        ),
    )


def test_cells_without_a_column_name_are_reported_with_their_rows() -> None:
    built = build(("SKU", None, " "), ("1", "x", None), ("2", "", " "), ("3", None, "y"))

    assert built.cells.columns == ["SKU"]
    assert built.findings == (
        Finding(
            code="CELLS_WITHOUT_COLUMN",
            message="1. Padang.xlsx: 2 rows hold cells in columns without a name; first: row 2",
            rows=2,
            details={"rows": [2, 4]},
        ),
    )


def test_a_row_that_only_has_cells_without_a_column_is_a_record() -> None:
    """It is judged, and fails for want of everything else: nobody drops it."""
    assert build(("SKU", None), ("1", None), (None, "x")).row_numbers.to_list() == [2, 3]


def test_unused_columns_without_a_name_are_not_mentioned() -> None:
    assert build(("SKU", None, ""), ("1", None, " ")).findings == ()


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        ([], "EMPTY_FILE", "expected a header row and records, found nothing. Export it again."),
        ([("SKU", "Stok")], "EMPTY_FILE", "expected records below the header, found none. Export it again."),
        ([("SKU",), (None,), (" ",)], "EMPTY_FILE",
         "expected records below the header, found none. Export it again."),
        ([(None, " "), ("1", "2")], "NO_HEADER",
         "expected the column names, found what looks like a record: '1', '2'. Send the file with a header above its "
         "records."),
        ([("Stok", "SKU", " Stok", "SKU", "Nama"), ("1", "2", "3", "4", "5")], "DOUBLED_HEADER",
         "row 1 names these columns twice: SKU, Stok."),
    ],
    ids=["nothing", "only a header", "only blank rows", "blank header", "doubled columns"],
)  # fmt: skip
def test_a_table_that_nobody_can_read_is_refused(rows: list[Row], code: str, message: str) -> None:
    found, words = refuse(*rows)

    assert found == code
    assert words.endswith(f": {message}")


def test_rows_of_a_workbook_keep_their_place_through_gaps(tmp_path: Path) -> None:
    rows = (
        row(4, '<c r="A4"><v>1</v></c>') + '<row r="6"/>' + row(7, '<c r="B7"><v>2</v></c>', '<c r="E7"><v>9</v></c>')
    )

    built = read_table(write_workbook(tmp_path / "a.xlsx", HEADER + rows), name="1. Padang.xlsx")

    assert built.cells.rows() == [("1", ""), ("", "2")]
    assert built.row_numbers.to_list() == [4, 7]
    assert [(finding.code, finding.rows) for finding in built.findings] == [
        ("BLANK_ROWS", 1),
        ("CELLS_WITHOUT_COLUMN", 1),
    ]
    assert built.origin.sheet == "Sheet 1"


def test_a_row_number_that_no_sheet_can_have_is_refused(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADER + f'<row r="{10**20}"><c><v>1</v></c></row>')

    with pytest.raises(FileRejected):
        read_table(path, name="1. Padang.xlsx")
