"""Verbs that read, convert, replace and compute values, worked by hand."""

import datetime as dt

import polars as pl
import pytest

from data_pipeline.errors import SpecError, StoreError
from data_pipeline.transform.step import Known
from data_pipeline_tests.tables import table
from data_pipeline_tests.transform.sample import KNOWN, compile_verb


@pytest.mark.parametrize(
    ("amount", "unit", "to", "expected"),
    [
        (1500.0, "g", "kg", 1.5),
        (2.0, " lb ", "kg", 0.90718474),
        (100.0, "°C", "degF", 212.0),
        (0.0, "degF", "K", 255.3722222),
        (36.0, "km/h", "m/s", 10.0),
        (None, "kg", "kg", None),
        (None, "pcs", "kg", None),
    ],
)
def test_amounts_are_converted(amount: float | None, unit: str, to: str, expected: float | None) -> None:
    rows = pl.DataFrame({"amount": [amount], "unit": [unit]}, schema_overrides={"amount": pl.Float64})

    made = compile_verb("convert_unit", column="amount", unit_column="unit", to=to, into="done").apply(rows, KNOWN)

    assert made.rows["done"].to_list() == [pytest.approx(expected)]
    assert made.rows["unit"].to_list() == [to]


@pytest.mark.parametrize("unit", ["pcs", "", None, "m", "dBm", "2**999999999", "kg" * 40, "__import__('os')"])
def test_an_amount_in_a_unit_that_does_not_convert_goes_back(unit: str | None) -> None:
    rows = pl.DataFrame({"amount": [1], "unit": [unit]}, schema={"amount": pl.Int64, "unit": pl.String})

    made = compile_verb("convert_unit", column="amount", unit_column="unit", to="kg").apply(rows, KNOWN)

    assert (made.rows.height, made.failed) == (0, 1)


def test_rates_of_a_reference_file_convert_money() -> None:
    rates = Known(references={"rates.csv": pl.DataFrame({"currency": ["usd", "SGD"], "rate": ["16.250,5", "12100"]})})
    rows = table("price:number | code\n2 | USD\n1.5 | sgd\n7 | IDR\n1 | EUR")
    step = compile_verb(
        "convert_currency", column="price", currency_column="code", to="IDR", file="rates.csv", file_decimal_mark=","
    )

    with pytest.raises(StoreError, match="expected one rate above 0 for 'usd', found '16.250,5'"):
        step.apply(rows, rates)  # a rate has no mark of thousands

    mended = Known(references={"rates.csv": pl.DataFrame({"currency": ["usd", "SGD"], "rate": ["16250,5", "12100"]})})
    made = step.apply(rows, mended)

    assert made.rows.rows() == [(32501.0, "IDR"), (18150.0, "IDR"), (7.0, "IDR")]
    assert made.failures is not None
    assert made.failures["@raw"].to_list() == ["EUR"]


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ({}, "1,234.5", 1234.5),
        ({"decimal_mark": ","}, "1.234,5", 1234.5),
        ({"decimal_mark": ",", "group_mark": " "}, "1\u00a0234,5", 1234.5),
        ({"decimal_mark": ","}, "1.234", 1234.0),
        ({"whole": True}, " 7.0 ", 7),
        ({}, "", None),
        ({"otherwise": "null"}, "x", None),
    ],
)
def test_numbers_are_read(options: dict[str, object], text: str, expected: float | None) -> None:
    made = compile_verb("parse_number", columns=["n"], **options).apply(pl.DataFrame({"n": [text]}), KNOWN)

    assert made.rows["n"].to_list() == [expected]


@pytest.mark.parametrize(
    ("options", "text"),
    [({}, "1.2.3"), ({}, "NaN"), ({}, "inf"), ({"whole": True}, "7.5"), ({"whole": True}, "1e300"), ({}, "1.234,5")],
)
def test_what_is_no_number_goes_back(options: dict[str, object], text: str) -> None:
    made = compile_verb("parse_number", columns=["n"], **options).apply(pl.DataFrame({"n": [text]}), KNOWN)

    assert (made.rows.height, made.failed) == (0, 1)


def test_a_row_with_two_unreadable_cells_is_one_row_with_two_reasons() -> None:
    made = compile_verb("parse_number", columns=["a", "b"]).apply(table("a | b\nx | y\n1 | 2"), KNOWN)

    assert (made.rows.rows(), made.failed) == ([(1.0, 2.0)], 1)
    assert made.failures is not None
    assert made.failures["@column"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("order", "text", "day"),
    [("dmy", "31.12.26", dt.date(2026, 12, 31)), ("mdy", "3/4/2026", dt.date(2026, 3, 4)), ("dmy", "29/02/2025", None)],
)
def test_days_are_read_in_their_order(order: str, text: str, day: dt.date | None) -> None:
    made = compile_verb("parse_date", columns=["d"], order=order).apply(pl.DataFrame({"d": [text]}), KNOWN)

    assert made.rows["d"].to_list() == [day] * (day is not None)


@pytest.mark.parametrize(("value", "cells"), [("x", [1]), (1.5, [1]), (1, ["a"]), (True, [1]), ("2026-01-05", [1.0])])
def test_a_default_is_of_its_columns_type(value: object, cells: list[object]) -> None:
    with pytest.raises(SpecError, match=r"for 'c', found"):
        compile_verb("default", values={"c": value}).apply(pl.DataFrame({"c": cells}), KNOWN)


def test_defaults_fill_only_what_is_blank() -> None:
    rows = table("stock:integer | unit | sold:date\n | ' ' |\n0 | kg | 2026-01-05")

    made = compile_verb("default", values={"stock": 7, "unit": "pcs", "sold": dt.date(2026, 1, 1)}).apply(rows, KNOWN)

    assert made.rows.rows() == [(7, "pcs", dt.date(2026, 1, 1)), (0, "kg", dt.date(2026, 1, 5))]


def test_two_columns_may_change_names_and_never_share_one() -> None:
    rows = table("a | b\n1 | 2")

    assert compile_verb("rename", columns={"a": "b", "b": "a"}).apply(rows, KNOWN).rows.columns == ["b", "a"]
    with pytest.raises(SpecError, match="found 'b' twice"):
        compile_verb("rename", columns={"a": "b"}).apply(rows, KNOWN)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"otherwise": "keep"}, ["done", " Batal ", None, "Selesai"]),
        ({"otherwise": "null"}, ["done", None, None, None]),
        ({"otherwise": "null", "ignore_case": True}, ["done", None, None, "done"]),
        ({"otherwise": "reject"}, ["done", None]),
    ],
)
def test_values_outside_the_table(options: dict[str, object], expected: list[str | None]) -> None:
    rows = pl.DataFrame({"s": ["selesai", " Batal ", None, "Selesai"]})

    made = compile_verb("map_values", column="s", values={"selesai": "done"}, **options).apply(rows, KNOWN)

    assert made.rows["s"].to_list() == expected


def test_values_of_another_type_may_stand_for_texts_and_numbers_be_looked_up() -> None:
    made = compile_verb("map_values", column="n", values={"1": True, "2": False}, into="is_one").apply(
        pl.DataFrame({"n": [2, 1]}), KNOWN
    )

    assert made.rows["is_one"].to_list() == [False, True]


def test_a_row_that_cannot_be_computed_goes_back_or_gets_null() -> None:
    rows = table("code | sold:integer\n7 | 2\nx | 2\n8 | 0\n | 1")
    columns = {"number": "CAST(code AS INTEGER)", "share": "number / sold"}

    rejected = compile_verb("derive", columns=columns).apply(rows, KNOWN)
    nulled = compile_verb("derive", columns=columns, otherwise="null").apply(rows, KNOWN)

    assert rejected.rows.select("number", "share").rows() == [(7, 3.5), (None, None)]
    assert rejected.failed == 2
    assert nulled.rows.select("number", "share").rows() == [(7, 3.5), (None, None), (8, None), (None, None)]
