"""Rules of judging: every record ends accepted or rejected, once, and a rejected one with every reason."""

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_pipeline.model.findings import Finding
from data_pipeline.model.tables import RawTable
from data_pipeline.validate.judge import Judged, judge
from data_pipeline.validate.reasons import REJECTS_SCHEMA
from data_pipeline_tests.ingest.test_table import build
from data_pipeline_tests.specs import shelf_spec
from data_pipeline_tests.tables import raw_table, table

GOOD = """
    SKU | Brand | Toko   | Stok | Daily Sales
    01  | A     | Padang | 3    | 0.5
"""


def judge_drawing(drawing: str | RawTable, **changes: Any) -> Judged:
    """Judges by the shelf's rules; `changes` replaces parts of its declaration."""
    raw = raw_table(drawing) if isinstance(drawing, str) else drawing
    return judge(raw, shelf_spec(**changes), name="1. Padang.xlsx")


def reasons(judged: Judged) -> list[tuple[Any, ...]]:
    """Row, code and column of every reason."""
    return judged.rejects.select("row_number", "error_code", "column_name").rows()


def test_accepted_rows_are_typed_and_say_where_they_stood() -> None:
    judged = judge_drawing("""
        SKU     | Brand | Toko   | Stok | Daily Sales | Last Sales
        '0042 ' | ' A ' | Padang | 6.0  | 1e-05       | 2025-11-24
        7       |       | Padang | 0    | 0           | 0000-00-00
    """)

    assert_frame_equal(
        judged.accepted,
        table("""
            sku  | brand | store  | stock:integer | daily_sales:number | source_sheet | source_row:integer
            0042 | A     | Padang | 6             | 0.00001            | Sheet 1      | 2
            7    | ''    | Padang | 0             | 0                  | Sheet 1      | 3
        """),
    )
    assert_frame_equal(judged.rejects, REJECTS_SCHEMA.to_frame())
    assert (judged.rejected_rows, judged.findings) == (0, ())


def test_values_keep_every_record_with_its_unpublished_columns() -> None:
    """They are evidence: a rejected row's last sales day still says which day the file is for."""
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales | Last Sales
        1   | A     | Padang | x    | 0.5         | 2025-11-24
        2   |       | Padang | 4    |             |
    """)

    assert_frame_equal(
        judged.values,
        table("""
            sku | brand | store  | stock:integer | daily_sales:number | last_sales
            1   | A     | Padang |               | 0.5                | 2025-11-24
            2   | ''    | Padang | 4             |                    | ''
        """),
    )


def test_a_rejected_row_has_all_its_reasons_with_raw_text_and_the_whole_row() -> None:
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok    | Daily Sales | Note
        1   | A     | Padang | 3       | 0.5         | fine
        ''  | #REF! | Padang | '12,5 ' | -1          | 'a "b"'
    """)

    whole = {"SKU": "", "Brand": "#REF!", "Toko": "Padang", "Stok": "12,5 ", "Daily Sales": "-1", "Note": 'a "b"'}
    assert judged.rejects.drop("record_data").rows() == [
        (1, 3, "MISSING_VALUE", "expected text, found nothing. Fill it in.", "SKU", ""),
        (1, 3, "ERROR_CELL", "expected text, found the spreadsheet error '#REF!'. Mend the formula.", "Brand", "#REF!"),
        (1, 3, "UNREADABLE_CELL", "expected an integer, found '12,5'. Use whole units.", "Stok", "12,5 "),
        (
            1,
            3,
            "OUT_OF_RANGE",
            "rule 'sales_in_bounds': expected 0 to 1000, found '-1'. Correct it.",
            "Daily Sales",
            "-1",
        ),
    ]
    assert [json.loads(data) for data in judged.rejects["record_data"]] == [whole] * 4
    assert judged.accepted["sku"].to_list() == ["1"]
    assert judged.rejected_rows == 1


def test_reasons_are_in_the_order_of_the_rows() -> None:
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales
        1   | A     | Padang | x    | 0.5
        2   | A     | Padang | 1    | NAN
        ''  | A     | Padang | y    | 0.5
    """)

    assert reasons(judged) == [
        (2, "UNREADABLE_CELL", "Stok"),
        (3, "NOT_A_NUMBER", "Daily Sales"),
        (4, "MISSING_VALUE", "SKU"),
        (4, "UNREADABLE_CELL", "Stok"),
    ]
    assert judged.rejects["record_index"].to_list() == [0, 1, 2, 2]


def test_the_four_states_of_a_cell_end_in_four_ways() -> None:
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales
        1   | A     | Padang | 5    | 0.5
        2   | A     | Padang |      | 0.5
        3   | A     | Padang | 0    | 0.5
        4   | A     | Padang | NAN  | 0.5
    """)

    assert judged.accepted.select("sku", "stock").rows() == [("1", 5), ("3", 0)]
    assert reasons(judged) == [(3, "MISSING_VALUE", "Stok"), (5, "NOT_A_NUMBER", "Stok")]


def test_one_bad_cell_does_not_spoil_its_column() -> None:
    """The predecessor turned the whole column into zeros."""
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales
        1   | A     | Padang | 5    | 1.234,56
        2   | A     | Padang | 6    | 0.5
    """)

    assert judged.accepted["daily_sales"].to_list() == [0.5]


def test_a_decimal_comma_is_read_where_the_file_has_one() -> None:
    raw = raw_table(GOOD.replace("0.5", "0,5"), decimal_mark=",")

    assert judge_drawing(raw).accepted["daily_sales"].to_list() == [0.5]


def test_of_equal_keys_the_first_stands() -> None:
    judged = judge_drawing("""
        SKU  | Brand | Toko   | Stok | Daily Sales
        1    | A     | Padang | 5    | 0.5
        2    | A     | Padang | 6    | 0.5
        '1 ' | A     | Padang | 7    | 0.5
        1    | A     | Padang | 8    | 0.5
    """)

    assert judged.accepted.select("sku", "stock").rows() == [("1", 5), ("2", 6)]
    words = "'SKU' must be unique; '1' stands further up already, and that row is used. Remove one of them."
    assert judged.rejects.drop("record_index", "record_data").rows() == [
        (4, "DUPLICATE_KEY", words, "SKU", "1 "),
        (5, "DUPLICATE_KEY", words, "SKU", "1"),
    ]


def test_a_row_whose_twin_was_rejected_is_accepted() -> None:
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales
        1   | A     | Padang | x    | 0.5
        1   | A     | Padang | 7    | 0.5
    """)

    assert judged.accepted.select("sku", "stock").rows() == [("1", 7)]
    assert reasons(judged) == [(2, "UNREADABLE_CELL", "Stok")]


def test_skus_that_differ_in_leading_zeros_are_two() -> None:
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales
        042 | A     | Padang | 1    | 0.5
        42  | A     | Padang | 2    | 0.5
    """)

    assert judged.accepted["sku"].to_list() == ["042", "42"]


def test_a_key_may_have_several_columns() -> None:
    judged = judge_drawing(
        """
        SKU | Brand | Toko   | Stok | Daily Sales
        1   | A     | Padang | 1    | 0.5
        1   | A     | Aceh   | 2    | 0.5
        1   | B     | Aceh   | 3    | 0.5
        """,
        rules=[{"kind": "unique", "name": "once", "columns": ["store", "sku"]}],
    )

    assert judged.accepted["stock"].to_list() == [1, 2]
    assert judged.rejects["error_message"].to_list() == [
        "'Toko', 'SKU' must be unique; 'Aceh' stands further up already, and that row is used. Remove one of them."
    ]


def test_a_rule_that_warns_rejects_nothing() -> None:
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales
        1   | A     | Padang | -3   | 0.5
        2   | A     | Padang | 0    | 0.5
        3   | A     | Padang | -1   | 0.5
    """)

    assert judged.accepted["stock"].to_list() == [-3, 0, -1]
    assert judged.findings == (
        Finding(
            code="OUT_OF_RANGE",
            message="1. Padang.xlsx, column 'Stok': 2 rows break rule 'stock_not_negative'; first: row 2",
            rows=2,
            details={"rule": "stock_not_negative", "rows": [2, 4]},
        ),
    )


@pytest.mark.parametrize(
    ("bounds", "accepted", "words"),
    [
        ({"minimum": 0, "maximum": 10}, [0, 10], "expected 0 to 10"),
        ({"minimum": 0}, [0, 10, 11], "expected 0 to any"),
        ({"maximum": 10}, [-1, 0, 10], "expected any to 10"),
        ({}, [-1, 0, 10, 11], None),
    ],
    ids=["both", "lower", "upper", "none"],
)
def test_bounds_are_part_of_their_range(bounds: dict[str, float], accepted: list[int], words: str | None) -> None:
    judged = judge_drawing(
        """
        SKU | Brand | Toko   | Stok | Daily Sales
        1   | A     | Padang | -1   | 0.5
        2   | A     | Padang | 0    | 0.5
        3   | A     | Padang | 10   | 0.5
        4   | A     | Padang | 11   | 0.5
        """,
        rules=[{"kind": "range", "name": "bounds", "column": "stock", **bounds}],
    )

    assert judged.accepted["stock"].to_list() == accepted
    assert all(words in message for message in judged.rejects["error_message"] if words)


def test_rows_with_another_number_of_fields_are_rejected() -> None:
    raw = raw_table(
        """
        SKU | Brand | Toko   | Stok   | Daily Sales
        1   | A     | Padang | 3      | 0.5
        2   | B     | C      | Padang | 3
        """,
        ragged_rows=(3, 9),
    )

    judged = judge_drawing(raw)

    assert judged.accepted["sku"].to_list() == ["1"]
    words = "expected 5 fields as in the header. Quote fields that hold the delimiter."
    assert judged.rejects.drop("record_data").row(0) == (1, 3, "RAGGED_ROW", words, None, "text of row 3")


def test_findings_of_reading_are_handed_on() -> None:
    raw = build(("SKU", "Toko", "Stok", "Daily Sales", "Brand"), ("1", "Padang", "3", "0.5", "A"), ("", "", "", "", ""))

    assert [finding.code for finding in judge_drawing(raw).findings] == ["BLANK_ROWS"]


# What people and programs write into cells, and what they do not.
CELL = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "0", "6.0", "12,5", "1.234,56", "NAN", "#REF!", "1e400", "-3", "0042", "42 ", "1001"]),
    st.text("0123456789.,-+eEN#\"'\\ \n\u00a0\u0663é😀", max_size=6),
)
REQUIRED = ["sku", "store", "stock", "daily_sales"]


@settings(max_examples=25, deadline=None)
@given(records=st.lists(st.tuples(CELL, CELL, CELL, CELL, CELL), min_size=1, max_size=8))
def test_every_record_is_accepted_or_rejected_and_never_both(records: list[tuple[str | None, ...]]) -> None:
    header = ["SKU", "Brand", "Toko", "Stok", "Daily Sales"]
    cells = pl.DataFrame(records, schema=dict.fromkeys(header, pl.String), orient="row")

    judged = judge_drawing(raw_table(cells))

    accepted, rejected = judged.accepted["source_row"], judged.rejects["row_number"].unique()
    assert judged.accepted.height + judged.rejected_rows == judged.values.height == len(records)
    assert sorted([*accepted, *rejected]) == list(range(2, len(records) + 2))
    assert sum(judged.accepted.select(REQUIRED).null_count().row(0)) == 0
    assert judged.accepted["sku"].is_unique().all()
    assert judged.accepted["daily_sales"].is_between(0, 1000).all()
    assert [json.loads(data) for data in judged.rejects["record_data"]] == [
        dict(zip(header, records[index], strict=True)) for index in judged.rejects["record_index"]
    ]
