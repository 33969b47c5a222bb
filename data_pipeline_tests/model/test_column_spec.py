"""Rules of what a column may say of itself: bounds that fit its type, and that nobody is shown what is sensitive."""

from typing import Any

import pytest

from data_pipeline.model.faults import read_spec
from data_pipeline_tests.specs import DECLARED, declare_shelf

SKU, _, _, STOCK, DAILY_SALES, LAST_SALES = DECLARED["columns"]
SHOWN = "is sensitive, and what stands here is shown: name another column"


def find_faults(**changes: Any) -> dict[str, str]:
    """Key path -> message of every fault."""
    _, faults = read_spec(declare_shelf(**changes))
    return {".".join(map(str, path)): message for path, message in faults}


def with_columns(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """The declared columns, some of them changed."""
    return [{**column, **changes.get(column["name"], {})} for column in DECLARED["columns"]]


def test_bounds_that_do_not_fit_are_told_together() -> None:
    columns = with_columns(
        sku={"minimum": 1},
        stock={"minimum": 10, "maximum": 2},
        daily_sales={"maximum": "2026-01-31"},
        last_sales={"type": "date", "minimum": "2026-02-01", "maximum": "2026-01-31"},
    )

    assert find_faults(columns=columns) == {
        "columns.0.minimum": "a column of type text cannot have the bound 1.0",
        "columns.4.maximum": "a column of type number cannot have the bound 2026-01-31",
        "columns.3.minimum": "minimum 10.0 is above maximum 2.0: no row could be accepted",
        "columns.5.minimum": "minimum 2026-02-01 is above maximum 2026-01-31: no row could be accepted",
    }


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"kind": "range", "column": "stock", "minimum": 2, "maximum": 1}, "minimum"),
        ({"kind": "length", "column": "sku", "minimum": 2, "maximum": 1}, "minimum"),
        ({"kind": "date_range", "column": "sold", "first": "2026-01-02", "last": "2026-01-01"}, "first"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else value,
)
def test_so_are_those_of_rules(rule: dict[str, Any], key: str) -> None:
    sold = {"name": "sold", "header": "Sold", "type": "date"}

    faults = find_faults(columns=[*DECLARED["columns"], sold], rules=[{"name": "r", **rule}])

    assert [path for path in faults if "above" in faults[path]] == [f"rules.0.{key}"]


def test_equal_bounds_allow_one_value() -> None:
    assert find_faults(columns=with_columns(stock={"minimum": 1, "maximum": 1})) == {}


def test_what_is_sensitive_stands_nowhere_that_is_shown() -> None:
    names = ("stock", "store", "last_sales", "brand")
    columns = with_columns(**{name: {"sensitive": True} for name in names})
    summary = {"by": ["brand"], "show": {"rows": "count(*)"}}

    faults = find_faults(columns=columns, summary=summary, source={"reading": {"ragged": "pad"}})

    assert faults == {
        "identity.store_column": f"column 'store' {SHOWN}",
        "identity.sales_date_column": f"column 'last_sales' {SHOWN}",
        "measures.stock.0": f"column 'stock' {SHOWN}",
        "summary.by.0": f"column 'brand' {SHOWN}",
        "source.reading.ragged": "needs 'reject' beside sensitive columns: "
        "which cell of such a row is which, nobody can say",
    }
