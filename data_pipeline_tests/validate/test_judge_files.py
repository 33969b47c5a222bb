"""Rules of judging whole files: which columns a file must have, and how much of it may be wrong."""

import json
from typing import Any

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.model.findings import Finding
from data_pipeline_tests.tables import raw_table
from data_pipeline_tests.validate.test_judge import GOOD, judge_drawing, reasons


def refuse(drawing: str, **changes: Any) -> tuple[str, str]:
    """Code and message of the refusal of the whole file."""
    with pytest.raises(FileRejected) as caught:
        judge_drawing(drawing, **changes)
    return caught.value.code, str(caught.value)


TEN = [f"{sku} | A | Padang | {{}} | 0.5" for sku in range(10)]


@pytest.mark.parametrize(("limit", "bad"), [(20, 2), (0, 0), (100, 10)], ids=["two of ten", "none", "all"])
def test_a_file_may_have_as_many_rejected_rows_as_its_pipeline_allows(limit: int, bad: int) -> None:
    lines = [line.format("x" if index < bad else "3") for index, line in enumerate(TEN)]

    judged = judge_drawing(
        "\n".join(["SKU|Brand|Toko|Stok|Daily Sales", *lines]), source={"reject_file_over_percent": limit}
    )

    assert (judged.rejected_rows, judged.accepted.height) == (bad, 10 - bad)


def test_a_file_that_is_mostly_wrong_is_wrong_as_a_whole() -> None:
    lines = [line.format("x" if index in {4, 5, 6} else "3") for index, line in enumerate(TEN)]

    refusal = refuse("\n".join(["SKU|Brand|Toko|Stok|Daily Sales", *lines]), source={"reject_file_over_percent": 20})

    assert refusal == (
        "TOO_MANY_REJECTED",
        "1. Padang.xlsx: 3 of 10 rows are unusable, 20 % are allowed. First: row 6, column 'Stok': "
        "expected an integer, found 'x'. Use whole units. Mend the file and send it again.",
    )


def test_missing_columns_are_named_together_and_near_names_are_suggested() -> None:
    assert refuse("SKU | Brand | Tokoh | STOK | Daily_Sales") == (
        "MISSING_COLUMNS",
        "1. Padang.xlsx: the header lacks 'Toko' (is 'Tokoh' meant?), 'Stok', 'Daily Sales' (is 'Daily_Sales' meant?). "
        "Found: SKU, Brand, Tokoh, STOK, Daily_Sales. Send it with these columns.",
    )


def test_a_column_may_carry_its_alias() -> None:
    assert judge_drawing(GOOD.replace("Stok", "Stock")).accepted["stock"].to_list() == [3]


def test_a_reason_names_the_column_as_the_file_does() -> None:
    judged = judge_drawing(GOOD.replace("Stok", "Stock").replace("3 ", "x "))

    assert reasons(judged) == [(2, "UNREADABLE_CELL", "Stock")]


def test_of_header_and_alias_the_header_counts_and_the_other_is_unknown() -> None:
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stock | Stok | Daily Sales
        1   | A     | Padang | 9     | 3    | 0.5
    """)

    assert judged.accepted["stock"].to_list() == [3]
    assert [finding.details for finding in judged.findings] == [{"columns": ["Stock"]}]


def test_unknown_columns_are_reported_and_known_unused_ones_are_not() -> None:
    judged = judge_drawing("""
        No | SKU | Brand | Toko   | Stok | Daily Sales | Note | Rak
        1  | 1   | A     | Padang | 3    | 0.5         |      |
    """)

    assert judged.findings == (
        Finding(
            code="UNKNOWN_COLUMNS",
            message="1. Padang.xlsx: columns that pipeline 'shelf' does not know: 'Note', 'Rak'",
            details={"columns": ["Note", "Rak"]},
        ),
    )


def test_an_unpublished_column_may_be_absent() -> None:
    judged = judge_drawing(GOOD)

    assert judged.accepted.height == 1
    assert "last_sales" not in judged.values.columns


def test_a_column_of_the_file_may_be_called_anything() -> None:
    """Some end as INTERNAL_ERROR, with others the rejected row shows what the file does not hold."""
    judged = judge_drawing("""
        SKU | Brand | Toko   | Stok | Daily Sales | * | ^S.*$ | @index | @row | ?blank sku
        1   | A     | Padang | x    | 0.5         | a | b     | c      | d    | e
    """)

    assert list(json.loads(judged.rejects["record_data"].item()).values())[5:] == ["a", "b", "c", "d", "e"]


def test_a_refusal_names_no_column_where_there_is_none() -> None:
    raw = raw_table(GOOD, ragged_rows=(2,))

    with pytest.raises(FileRejected) as caught:
        judge_drawing(raw, source={"reject_file_over_percent": 0})

    assert "First: row 2: expected 5 fields as in the header." in str(caught.value)
