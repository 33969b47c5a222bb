"""Rules of a suite: what a declaration promises of its snapshot, and nothing that only warns."""

from pathlib import Path

import pytest

from data_pipeline.validate.expectations import plan_expectations, validate_snapshot
from data_pipeline_tests.specs import DECLARED, shelf_spec
from data_pipeline_tests.tables import table


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


@pytest.mark.parametrize("is_sensitive", [False, True], ids=["plain", "sensitive"])
def test_a_page_shows_values_that_fail_unless_a_column_is_sensitive(tmp_path: Path, *, is_sensitive: bool) -> None:
    """What a processor made of a value may be out of bounds; the declared columns alone say whether to show it."""
    columns = [
        {**column, "sensitive": is_sensitive and column["name"] == "daily_sales"} for column in DECLARED["columns"]
    ]
    rows = table("sku | brand | store | stock:integer | daily_sales:number\n1 | A | Aceh | 2 | 987654")

    verdict = validate_snapshot(rows, shelf_spec(columns=columns), folder=tmp_path, batch_name="day")

    kept = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
    assert (verdict.success, len(verdict.failed)) == (False, 1)
    assert ("987654" in kept) is not is_sensitive
