"""Rules of numbers in the owner's order files. Source: stock_health.md, 3.1."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_pipeline.persist.number_text import format_numbers
from data_pipeline_tests.tables import table


def write(*numbers: float | None, dtype: type[pl.DataType] = pl.Float64) -> list[str | None]:
    """Text of each number of a column."""
    return format_numbers(pl.DataFrame({"n": pl.Series(numbers, dtype=dtype)}))["n"].to_list()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (100, "100"),
        (999, "999"),
        (1000, "1.000"),
        (26623, "26.623"),
        (-1430, "-1.430"),
        (-100, "-100"),
        (123456, "123.456"),
        (1234567890, "1.234.567.890"),
    ],
)
@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64])
def test_whole_numbers_have_dots_and_no_decimals(number: int, text: str, dtype: type[pl.DataType]) -> None:
    assert write(number, dtype=dtype) == [text]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3045.57, "3.045,57"),
        (0.5, "0,50"),
        (-0.25, "-0,25"),
        (1.0526, "1,05"),
        (1234567.891, "1.234.567,89"),
        (999999.999, "1.000.000,00"),
        (0.07 * 43500, "3.045,00"),
        (0.125, "0,12"),
        (0.375, "0,38"),
        (2.675, "2,67"),
        (0.005, "0,01"),
    ],
    ids=["plain", "half", "negative", "rounded", "millions", "rounded up", "noise of a double", "half to even below",
         "half to even above", "not half in binary", "a little more than half in binary"],
)  # fmt: skip
def test_other_numbers_have_two_decimals_after_a_comma(number: float, text: str) -> None:
    """A value that is whole but for noise keeps its ,00."""
    assert write(number) == [text]


def test_a_negative_zero_is_zero() -> None:
    assert write(-0.0, -0.0, 0.5) == ["0", "0", "0,50"]


def test_a_missing_number_is_no_text() -> None:
    assert write(None, 1.5, None, 2.0) == [None, "1,50", None, "2"]
    assert write(None, 1000, dtype=pl.Int64) == [None, "1.000"]


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64])
def test_columns_without_any_number_stay_without(dtype: type[pl.DataType]) -> None:
    assert write(None, None, dtype=dtype) == [None, None]
    assert write(dtype=dtype) == []


def test_only_number_columns_change() -> None:
    rows = table("""
        sku   | stock:integer | price:number | is_new:flag | day:date
        01000 | 1000          | 1000         | true        | 2025-11-25
        12,5  |               | 1000.5       |             |
    """)

    assert_frame_equal(
        format_numbers(rows),
        table("""
            sku   | stock | price    | is_new:flag | day:date
            01000 | 1.000 | 1.000    | true        | 2025-11-25
            12,5  |       | 1.000,50 |             |
        """),
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(-1e12, 1e12), st.integers(-(10**12), 10**12).map(float)), max_size=5))
def test_every_number_is_written_as_python_would_with_the_marks_exchanged(numbers: list[float | None]) -> None:
    marks = str.maketrans(",.", ".,")

    expected = [
        None if number is None else (f"{int(number):,}" if number == int(number) else f"{number:,.2f}").translate(marks)
        for number in numbers
    ]
    assert write(*numbers) == expected
