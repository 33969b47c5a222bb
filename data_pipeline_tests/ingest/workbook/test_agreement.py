"""Rules of two readers in agreement: another spelling of a value is none of another value."""

import hashlib
from pathlib import Path

import polars as pl
import pytest

from data_pipeline.ingest.workbook.agreement import compare, is_sampled
from data_pipeline.ingest.workbook.calamine import read_workbook
from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline.model.tables import RawRows
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, row, write_workbook

REAL = Path(__file__).parents[3].parent / "shared" / "data" / "stock_health"


def rows(*cells: tuple[str | None, ...], numbers: list[int] | None = None) -> RawRows:
    """A sheet of these cells."""
    frame = pl.DataFrame(list(cells), schema={str(at): pl.String for at in range(len(cells[0]))}, orient="row")
    return RawRows(cells=frame, row_numbers=numbers or [*range(1, len(cells) + 1)], sheet="Stok", decimal_mark=".")


@pytest.mark.parametrize(
    ("first", "second"),
    [("6.0", "6"), ("1E-05", "0.00001"), ("0.07000000000000001", "0.07"),
     ("12345678901234567000", "1.2345678901234567E19"),
     ("-2.50", "-2.5"), (".5", "0.5"), ("1", "TRUE"), ("0", "FALSE"), (None, ""), ("45000", "2023-03-15"),
     ("45000.25", "2023-03-15T06:00:00"), ("45000.123456", "2023-03-15T02:57:46.598"), ("0.5", "12:00:00"),
     ("1.5", "PT36H00M00S"), ("2023-03-15", "2023-03-15T00:00:00"), ("59", "1900-02-28"), ("61", "1900-03-01"),
     ("1900-01-00", "00:00:00"), ("60", "1900-02-29"), ("1904-01-01", "00:00:00"),
     ("03:04:05", "PT03H04M05S"), ("-0.5", "-PT12H00M00S")],
)  # fmt: skip
def test_another_spelling_of_a_value_is_no_disagreement(first: str | None, second: str) -> None:
    assert compare(rows(("SKU", first)), rows(("SKU", second)), name="a.xlsx") == []
    assert compare(rows(("SKU", second)), rows(("SKU", first)), name="a.xlsx") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [("007", "7"), ("0042", "42"), ("6", "7"), ("#DIV/0!", None), ("a ", "a"),
     ("12345678901234567890", "12345678901234567000"), ("45000", "2023-03-16"), ("0.5", "12:00:01"),
     ("TRUE", "FALSE"), ("NAN", None), ("1.", "1,"), ("", "0"), ("e5", "0"),
     ("2023-03-15", "2023-03-16"), ("2023-03-15", "2019-03-14")],
)  # fmt: skip
def test_another_value_is_a_disagreement(first: str | None, second: str | None) -> None:
    [finding] = compare(rows(("SKU", first)), rows(("SKU", second)), name="a.xlsx")

    assert finding.details == {
        "cells": 1,
        "places": [{"row": 1, "column": "B", "first": first or "", "second": second or ""}],
    }


def test_the_finding_says_where_and_how_often() -> None:
    first = rows(("SKU", "Stok"), ("a", "1"), ("b", "2"), ("c", "3"))
    second = rows(("SKU", "Stok"), ("a", "1"), ("x", "5"), ("c", "4"))

    [finding] = compare(first, second, name="1. Toko Kirana Anggrek.xlsx")

    assert (finding.code, finding.severity, finding.rows) == ("SECOND_READER_DISAGREES", "warn", 2)
    assert finding.message == (
        "1. Toko Kirana Anggrek.xlsx: two readers give 3 cells differently; first: row 3, column A: 'b' and 'x'. The "
        "first is used: compare it with the sheet, or save the workbook again in a spreadsheet program and send that"
    )


def test_only_the_first_20_places_are_listed() -> None:
    first = rows(*((str(at),) * 30 for at in range(50)))
    second = rows(*((f"x{at}",) * 30 for at in range(50)))

    [finding] = compare(first, second, name="a.xlsx")

    assert (finding.details["cells"], len(finding.details["places"])) == (1500, 20)
    assert finding.details["places"][-1] == {"row": 1, "column": "T", "first": "0", "second": "x0"}


def test_rows_are_matched_by_their_number_and_blank_rows_do_not_count() -> None:
    first = rows(("SKU", None), (None, None), ("a", None), numbers=[1, 2, 9])
    second = rows(("SKU",), ("a",), numbers=[1, 9])

    assert compare(first, second, name="a.xlsx") == []


def test_a_row_that_one_reader_lacks_is_a_disagreement() -> None:
    [finding] = compare(rows(("SKU",), ("a",)), rows(("SKU",)), name="a.xlsx")

    assert finding.details["places"] == [{"row": 2, "column": "A", "first": "a", "second": ""}]


def test_dates_are_of_one_calendar_in_the_whole_file() -> None:
    """45000 is a day of 2023 or, in workbooks of 1904, of 2027; not both in one."""
    one = rows(("45000", "45001"))

    assert compare(one, rows(("2027-03-16", "2027-03-17")), name="a.xlsx") == []
    [finding] = compare(one, rows(("2027-03-16", "2023-03-16")), name="a.xlsx")
    assert finding.details["cells"] == 1


def test_both_readers_of_xlsx_agree_on_what_workbooks_hold(tmp_path: Path) -> None:
    cells = (
        '<c r="A4" t="e"><v>#DIV/0!</v></c><c r="B4" t="b"><v>1</v></c><c r="C4"><v>6.0</v></c>'
        '<c r="D4" t="s"><v>0</v></c><c r="E4"><v>0.30000000000000004</v></c>'
        '<c r="F4" t="str"><f>A1</f><v>SKU</v></c><c r="H4"><v>NAN</v></c>'
    )
    path = write_workbook(tmp_path / "a.xlsx", HEADER + row(4, cells), strings=("0042 ",))

    assert compare(read_xlsx(path, path.name), read_workbook(path, path.name, format="xlsx"), name=path.name) == []


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="the real store files are not beside the project")
@pytest.mark.parametrize("folder", ["20251124", "20251125", "reference_december"])
def test_both_readers_agree_on_every_cell_of_the_real_files(folder: str) -> None:
    paths = sorted((REAL / folder).glob("*.xlsx"))

    findings = [
        compare(read_xlsx(path, path.name), read_workbook(path, path.name, format="xlsx", sheet=1), name=path.name)
        for path in paths
    ]

    assert paths
    assert findings == [[]] * len(paths)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.05, 30, 75), (1.0, 1000, 1000)])
def test_a_share_of_all_files_is_sampled(share: float, least: int, most: int) -> None:
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(1000)]

    sampled = [is_sampled(sha256, share) for sha256 in hashes]

    assert least <= sum(sampled) <= most
    assert sampled == [is_sampled(sha256, share) for sha256 in hashes]
