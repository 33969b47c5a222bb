"""Rules of measures: products summed over all rows, missing values aside."""

import pytest

from data_pipeline.aggregate.measures import sum_measures
from data_pipeline_tests.tables import table

MEASURES = {"stock": ["stock"], "stock_value": ["unit_cost", "stock"]}


def test_a_measure_is_the_sum_of_the_products_of_its_columns() -> None:
    rows = table("""
        stock:integer | unit_cost:number
        3             | 10000
        -2            | 2500.5
        0             | 900
    """)

    assert sum_measures(rows, MEASURES) == {"stock": 1.0, "stock_value": 24999.0}


def test_over_no_rows_every_measure_is_zero() -> None:
    assert sum_measures(table("stock:integer | unit_cost:number"), MEASURES) == {"stock": 0.0, "stock_value": 0.0}


def test_a_row_with_a_missing_factor_weighs_nothing() -> None:
    rows = table("""
        stock:integer | unit_cost:number
        3             |
                      | 10
        2             | 10
    """)

    assert sum_measures(rows, MEASURES) == {"stock": 5.0, "stock_value": 20.0}


def test_products_of_large_integers_do_not_wrap_around() -> None:
    rows = table(f"stock:integer | unit_cost:integer\n{2**40} | {2**40}")

    assert sum_measures(rows, {"stock_value": ["unit_cost", "stock"]}) == {"stock_value": 2.0**80}


def test_without_measures_nothing_is_summed() -> None:
    assert sum_measures(table("stock:integer\n1"), {}) == {}


def test_a_measure_of_text_is_an_error() -> None:
    with pytest.raises(Exception, match="str"):
        sum_measures(table("stock\n1"), {"stock": ["stock"]})
