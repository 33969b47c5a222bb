"""Rules of a column's own bounds: the rows beyond them go back as those that break a range rule do."""

import datetime as dt
from typing import Any

import pytest

from data_pipeline.model.spec import PipelineSpec
from data_pipeline.validate.expectations import plan_expectations
from data_pipeline.validate.judge import Judged, judge
from data_pipeline_tests.tables import raw_table

FIRST = dt.date(2026, 1, 6)
TABLE = """
SKU | Qty | Harga | Sent       | Arrived
A   | 5   | 0.5   | 2026-01-05 | 2026-01-06T08:00:00Z
B   | 0   |       | 2026-01-09 | 2026-01-05T23:59:00Z
C   | x   | 900.5 | 2026-01-06 | 2026-01-07T00:00:00Z
"""


def declare(*rules: dict[str, Any], **bounds: dict[str, Any]) -> PipelineSpec:
    """A pipeline that bounds some columns."""
    types = {"sku": "text", "qty": "integer", "harga": "number", "sent": "date", "arrived": "datetime"}
    columns = [
        {"name": name, "header": {"sku": "SKU"}.get(name, name.title()), "type": kind, "nullable": True,
         **bounds.get(name, {})}
        for name, kind in types.items()
    ]  # fmt: skip
    return PipelineSpec.model_validate(
        {"name": "orders", "title": "Orders", "description": "Of goods.", "columns": columns, "rules": rules,
         "grain": ["sku"], "source": {"reject_file_over_percent": 100}}
    )  # fmt: skip


def ask(spec: PipelineSpec) -> Judged:
    """What becomes of the table's rows."""
    return judge(raw_table(TABLE), spec, name="orders.csv")


@pytest.mark.parametrize(
    ("column", "bounds", "rows", "message"),
    [
        ("qty", {"minimum": 1}, [3], "rule 'qty': expected 1 to any, found '0'. Correct it."),
        ("harga", {"minimum": 0.5, "maximum": 900}, [4],
         "rule 'harga': expected 0.5 to 900, found '900.5'. Correct it."),
        ("sent", {"minimum": FIRST}, [2], "rule 'sent': expected 2026-01-06 to any, found '2026-01-05'. Correct it."),
        ("arrived", {"minimum": FIRST, "maximum": FIRST}, [3, 4],
         "rule 'arrived': expected 2026-01-06 to 2026-01-06, found '2026-01-05T23:59:00Z'. Correct it."),
    ],
    ids=["integer", "number", "date", "datetime"],
)  # fmt: skip
def test_a_value_beyond_the_bounds_goes_back(
    column: str, bounds: dict[str, Any], rows: list[int], message: str
) -> None:
    """Both bounds are allowed themselves; blank and unreadable cells are another check's matter."""
    rejects = ask(declare(**{column: bounds})).rejects

    found = rejects.filter(rejects["error_code"] == "OUT_OF_RANGE")
    assert found["row_number"].to_list() == rows
    assert found["error_message"][0] == message
    assert {*found["column_name"]} == {column.title()}


def test_a_rule_of_the_columns_name_stands_beside_its_bounds() -> None:
    rule = {"kind": "range", "name": "qty", "column": "qty", "maximum": 4}

    rejects = ask(declare(rule, qty={"minimum": 1})).rejects

    assert rejects.select("row_number", "error_message").rows()[:2] == [
        (2, "rule 'qty': expected any to 4, found '5'. Correct it."),
        (3, "rule 'qty': expected 1 to any, found '0'. Correct it."),
    ]


def test_the_snapshots_suite_asks_for_bounds_of_published_numbers() -> None:
    spec = declare(qty={"minimum": 1}, harga={"maximum": 9, "published": False}, sent={"minimum": FIRST})

    between = [arguments for kind, arguments in plan_expectations(spec) if kind == "ExpectColumnValuesToBeBetween"]

    assert between == [{"column": "qty", "min_value": 1.0, "max_value": None}]


def test_a_spec_without_bounds_says_nothing_of_them() -> None:
    """Hashes of the declarations that never heard of them stay as they are, and so do their snapshots."""
    assert not {"minimum", "maximum", "sensitive"} & {*declare().columns[0].model_dump()}
    assert (
        declare().judging_hash != declare(qty={"minimum": 0}).judging_hash != declare(qty={"minimum": 1}).judging_hash
    )
