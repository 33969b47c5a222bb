"""Rules of PO files: how their dates, numbers and codes are read, and what goes back. Source: domain page, 1.8."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.model.processing import Knowledge, Processed
from data_pipeline.model.store_names import StoreNames
from data_pipeline.pipelines.po_snapshots.processors import derive_status
from data_pipeline_tests.pipelines.po_snapshots.files import (
    HEADERS,
    judge_file,
    list_cells,
    list_reasons,
    write_csv,
    write_rows,
    write_xlsx,
)

NAME = "20251129.csv"


def process(accepted: pl.DataFrame) -> Processed:
    """What the pipeline makes of a file's lines."""
    knowledge = Knowledge(references={}, store_names=StoreNames.build([], {}, ()), options={})
    return derive_status(accepted.with_columns(source_file=pl.lit(NAME)), knowledge)


def derive(accepted: pl.DataFrame) -> pl.DataFrame:
    """The lines as they are published."""
    return process(accepted).rows


def utc(*parts: int) -> dt.datetime:
    """A moment."""
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("5/11/2025 08:30:15", utc(2025, 11, 5, 8, 30, 15)),
        ("05/11/2025 8:30", utc(2025, 11, 5, 8, 30)),
        ("5/11/25 08.30", utc(2025, 11, 5, 8, 30)),
        ("5/11/25", utc(2025, 11, 5)),
        ("2025-11-05", utc(2025, 11, 5)),
        ("2025-11-05 08:30", utc(2025, 11, 5, 8, 30)),
        ("2025-11-05T08:30:15+07:00", utc(2025, 11, 5, 1, 30, 15)),
        ("", None),
        ("0000-00-00 00:00:00", None),
    ],
)
def test_a_moment_is_read_in_every_form_of_the_page(text: str, moment: dt.datetime | None, tmp_path: Path) -> None:
    """The first line shows that the day stands in front."""
    drawing = f"sku | released_at\n1 | 19/11/2025\n2 | {text}"

    judged = judge_file(write_csv(tmp_path / NAME, drawing))

    assert judged.accepted["released_at"].to_list() == [utc(2025, 11, 19), moment]


@pytest.mark.parametrize(
    ("clear", "moment"), [("19/11/25 10.00", utc(2025, 4, 3)), ("11/19/25 10.00", utc(2025, 3, 4))]
)
def test_the_whole_file_decides_whether_the_day_stands_in_front(
    clear: str, moment: dt.datetime, tmp_path: Path
) -> None:
    """Also by years of two digits, and for columns that show nothing themselves."""
    drawing = f"sku | released_at | sent_at\n1 | {clear} |\n2 | | 03/04/2025"

    judged = judge_file(write_csv(tmp_path / NAME, drawing))

    assert judged.accepted["sent_at"].to_list() == [None, moment]


@pytest.mark.parametrize("text", ["03/04/2025 10:00", "03/04/25 10.00"])
def test_a_date_that_nothing_decides_goes_back(text: str, tmp_path: Path) -> None:
    judged = judge_file(write_csv(tmp_path / NAME, f"sku | released_at\n1 | {text}\n2 | 03/03/2025"))

    assert list_reasons(judged) == [(2, "AMBIGUOUS_DATE", "PO Released", text)]
    assert judged.accepted["released_at"].to_list() == [utc(2025, 3, 3)]


def test_split_evidence_sends_the_ambiguous_dates_back(tmp_path: Path) -> None:
    drawing = "sku | released_at\n1 | 19/11/2025\n2 | 11/19/2025\n3 | 03/04/25"

    judged = judge_file(write_csv(tmp_path / NAME, drawing))

    assert {(row, code) for row, code, *_ in list_reasons(judged)} == {
        (2, "UNREADABLE_CELL"), (3, "UNREADABLE_CELL"), (4, "AMBIGUOUS_DATE")
    }  # fmt: skip


def test_an_impossible_date_goes_back_with_its_place(tmp_path: Path) -> None:
    drawing = "sku | released_at | arrived_at\n1 | 19/11/2025 |\n2 | 19/11/2025 | 31/02/2025 10:00"

    judged = judge_file(write_csv(tmp_path / NAME, drawing))

    assert list_reasons(judged) == [(3, "UNREADABLE_CELL", "PO Arrived", "31/02/2025 10:00")]
    assert judged.rejects["error_message"].to_list() == [
        "expected a moment YYYY-MM-DDTHH:MM:SSZ, found '31/02/2025 10:00'. Write it like 2026-01-31T08:30:00Z."
    ]


def test_six_point_zero_is_six_and_six_and_a_half_goes_back(tmp_path: Path) -> None:
    drawing = "sku | qty | qty_received | status_code\n1 | 6.0 | 6.0 | 3.0\n2 | 6.5 | 0 | 0\n3 | x | 0 | 0"

    judged = judge_file(write_csv(tmp_path / NAME, drawing))

    assert judged.accepted.select("qty", "qty_received", "status_code").rows() == [(6, 6, 3)]
    assert list_reasons(judged) == [(3, "UNREADABLE_CELL", "Qty PO", "6.5"), (4, "UNREADABLE_CELL", "Qty PO", "x")]


def test_a_thousand_beside_twelve_and_a_half_is_indonesian(tmp_path: Path) -> None:
    drawing = "sku | price | amount\n1 | 1.000 | 2.000\n2 | 12,50 | 25"

    for delimiter in (",", ";"):
        judged = judge_file(write_csv(tmp_path / NAME, drawing, delimiter=delimiter))

        assert judged.accepted.select("price", "amount").rows() == [(1000.0, 2000.0), (12.5, 25.0)]


def test_a_thousand_alone_goes_back(tmp_path: Path) -> None:
    judged = judge_file(write_csv(tmp_path / NAME, "sku | price\n1 | 1.000\n2 | 7", delimiter=";"))

    assert list_reasons(judged) == [(2, "AMBIGUOUS_NUMBER", "Harga", "1.000")]


def test_commas_of_thousands_are_read_beside_points(tmp_path: Path) -> None:
    judged = judge_file(write_csv(tmp_path / NAME, "sku | price\n1 | 1,234.50\n2 | 1,000"))

    assert judged.accepted["price"].to_list() == [1234.5, 1000.0]


@pytest.mark.parametrize("column", HEADERS)
def test_a_missing_column_refuses_the_file_by_its_name(column: str, tmp_path: Path) -> None:
    place = list(HEADERS).index(column)
    rows = [[*cells[:place], *cells[place + 1 :]] for cells in list_cells("sku\n1\n2")]

    with pytest.raises(FileRejected) as caught:
        judge_file(write_rows(tmp_path / NAME, rows))

    assert caught.value.code == "MISSING_COLUMNS"
    assert f"the header lacks {HEADERS[column]!r}" in str(caught.value)


def test_columns_come_in_any_order_and_unknown_ones_are_told(tmp_path: Path) -> None:
    rows = [[*reversed(cells), "new" if number else "Catatan"] for number, cells in enumerate(list_cells("sku\n1\n2"))]

    judged = judge_file(write_rows(tmp_path / NAME, rows))

    assert judged.accepted["sku"].to_list() == ["1", "2"]
    assert "UNKNOWN_COLUMNS" in {finding.code for finding in judged.findings}


@pytest.mark.parametrize("column", ["po_number", "sku", "brand", "store", "qty", "price", "amount", "status_code"])
def test_a_blank_that_means_something_goes_back(column: str, tmp_path: Path) -> None:
    """The predecessor fails the file, skips the row or loads 0."""
    judged = judge_file(write_csv(tmp_path / NAME, f"{column} | product_name\n'' | x"))

    assert list_reasons(judged) == [(2, "MISSING_VALUE", HEADERS[column], None)]


def test_a_blank_supplier_product_or_received_quantity_is_none(tmp_path: Path) -> None:
    judged = judge_file(write_csv(tmp_path / NAME, "supplier | product_name | qty_received\n'' | '' | ''"))

    rows = derive(judged.accepted)
    assert rows.select("supplier", "product_name", "qty_received").rows() == [(None, None, None)]


@pytest.mark.parametrize(
    ("moments", "code", "status"),
    [
        ("", 0, "Draft"),
        ("released", 0, "Released"),
        ("released sent", 4, "Sent"),
        ("released sent approved", 1, "Approved"),
        ("released approved", 0, "Approved"),
        ("released sent approved arrived", 5, "Arrived"),
        ("received", 3, "Received"),
        ("released sent approved arrived received", 0, "Received"),
        ("released sent approved arrived received", 2, "Declined"),
        ("", 2, "Declined"),
    ],
)
def test_the_furthest_moment_is_the_status_unless_it_is_declined(
    moments: str, code: int, status: str, tmp_path: Path
) -> None:
    """By life cycle: Released, Sent, Approved, Arrived, Received; the code says nothing but Declined."""
    days = {"released": 1, "sent": 2, "approved": 3, "arrived": 4, "received": 5}
    names = [f"{moment}_at" for moment in days]
    cells = [f"2025-11-0{day}" if moment in moments.split() else "" for moment, day in days.items()]
    drawing = f"status_code | {' | '.join(names)}\n{code} | {' | '.join(cells)}"

    [line] = derive(judge_file(write_csv(tmp_path / NAME, drawing)).accepted).to_dicts()

    assert line["status"] == status
    if status == "Declined":
        assert line["entered_at"] == line["approved_at"]
    elif moments:
        assert line["entered_at"] == line[f"{status.lower()}_at"]
    else:
        assert line["entered_at"] is None


def test_a_code_that_moments_contradict_is_a_finding(tmp_path: Path) -> None:
    drawing = "po_number | status_code | released_at | sent_at\nPO-1 | 4 | 2025-11-19 | 2025-11-20\n"
    drawing += "PO-2 | 3 | 2025-11-19 |\nPO-3 | 0 | |"

    processed = process(judge_file(write_csv(tmp_path / NAME, drawing)).accepted)

    [told] = processed.findings
    assert (told.code, told.rows) == ("STATUS_CONTRADICTED", 1)
    assert told.message == (
        "20251129.csv: the status code of 1 lines contradicts their moments, which count. "
        "First: row 3, PO-2 0101: code 3, but Released"
    )


@pytest.mark.parametrize(
    ("number", "kind"), [("AU-1", "AU"), ("au1", "AU"), ("Po-1", "PO"), ("SPO-1", "OTHERS"), ("7", "OTHERS")]
)
def test_the_kind_of_an_order_is_what_its_number_begins_with(number: str, kind: str, tmp_path: Path) -> None:
    judged = judge_file(write_csv(tmp_path / NAME, f"po_number\n{number}"))

    assert derive(judged.accepted)["po_type"].to_list() == [kind]


@pytest.mark.parametrize("code", ["6", "-1"])
def test_a_status_code_that_nobody_knows_goes_back(code: str, tmp_path: Path) -> None:
    judged = judge_file(write_csv(tmp_path / NAME, f"status_code\n{code}"))

    assert [(row, column, text) for row, _, column, text in list_reasons(judged)] == [(2, "Status", code)]


def test_the_second_line_of_an_order_and_sku_goes_back(tmp_path: Path) -> None:
    drawing = "po_number | sku | supplier\nPO-1 | 1 | X\nPO-1 | 2 | X\nPO-2 | 1 | X\nPO-1 | ' 1' | Y"

    judged = judge_file(write_csv(tmp_path / NAME, drawing))

    assert list_reasons(judged) == [(5, "DUPLICATE_KEY", "No PO", "PO-1")]
    assert judged.accepted.height == 3


def test_an_order_that_arrived_before_it_was_sent_is_a_finding(tmp_path: Path) -> None:
    drawing = "sku | sent_at | arrived_at\n1 | 19/11/2025 | 20/11/2025\n2 | 19/11/2025 | 18/11/2025"

    judged = judge_file(write_csv(tmp_path / NAME, drawing))

    [told] = [finding for finding in judged.findings if finding.severity == "warn"]
    assert told.message == "20251129.csv: 1 rows break rule 'arrived_after_sent'; first: row 3"
    assert judged.accepted.height == 2


def test_a_workbook_with_date_cells_says_the_same_as_a_text_file(tmp_path: Path) -> None:
    """45980.354166666664 is 2025-11-19 08:30: 45980 days after 1899-12-30, and 8.5 of 24 hours."""
    text = write_csv(
        tmp_path / NAME, "sku | qty | price | released_at\n01 | 6.0 | 12,50 | 19/11/2025 08:30:00\n02 | 7 | 1.000 |"
    )
    book = write_xlsx(
        tmp_path / "20251129.xlsx",
        "sku | qty | price | released_at\n01 | 6 | 12.5 | 45980.354166666664\n02 | 7 | 1000 |",
    )

    columns = ["sku", "qty", "price", "released_at"]
    assert judge_file(text).accepted.select(columns).rows() == judge_file(book).accepted.select(columns).rows() == [
        ("01", 6, 12.5, utc(2025, 11, 19, 8, 30)), ("02", 7, 1000.0, None)
    ]  # fmt: skip
