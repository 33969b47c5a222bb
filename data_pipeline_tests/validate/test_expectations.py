"""Rules of a suite: what a declaration promises of its snapshot, and nothing that only warns."""

from data_pipeline.validate.expectations import plan_expectations
from data_pipeline_tests.specs import shelf_spec


def test_a_suite_asks_for_what_the_declaration_promises() -> None:
    """`last_sales` is not published, `stock_not_negative` only warns, blank brands are allowed."""
    assert plan_expectations(shelf_spec()) == [
        ("ExpectTableRowCountToBeBetween", {"min_value": 1}),
        ("ExpectColumnToExist", {"column": "sku"}),
        ("ExpectColumnToExist", {"column": "brand"}),
        ("ExpectColumnToExist", {"column": "store"}),
        ("ExpectColumnToExist", {"column": "stock"}),
        ("ExpectColumnToExist", {"column": "daily_sales"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "sku"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "store"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "stock"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "daily_sales"}),
        ("ExpectCompoundColumnsToBeUnique", {"column_list": ["store", "sku"]}),
        ("ExpectColumnValuesToBeBetween", {"column": "daily_sales", "min_value": 0.0, "max_value": 1000.0}),
    ]


def test_a_bound_that_is_not_declared_is_left_open() -> None:
    spec = shelf_spec(rules=[{"kind": "range", "name": "positive", "column": "stock", "minimum": 1}])

    assert plan_expectations(spec)[-1] == (
        "ExpectColumnValuesToBeBetween",
        {"column": "stock", "min_value": 1.0, "max_value": None},
    )


def test_without_rules_only_columns_and_grain_are_asked_for() -> None:
    kinds = {kind for kind, _ in plan_expectations(shelf_spec(rules=[]))}

    assert kinds == {
        "ExpectTableRowCountToBeBetween",
        "ExpectColumnToExist",
        "ExpectColumnValuesToNotBeNull",
        "ExpectCompoundColumnsToBeUnique",
    }
