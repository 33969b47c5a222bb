"""Rules of declared destinations: every fault with its key path, and what cannot be."""

from typing import Any

import pytest

from data_pipeline.model.faults import read_spec
from data_pipeline_tests.specs import declare_shelf

WEBHOOK: dict[str, Any] = {"kind": "webhook", "name": "erp", "url": "https://erp.example/rows"}
CSV: dict[str, Any] = {"kind": "csv", "name": "stock"}
POSTGRES: dict[str, Any] = {"kind": "postgres", "name": "shop", "url_from": "DESTINATION_SHOP", "table": "stock"}
# Without a processor the columns of the snapshot are known.
PLAIN: dict[str, Any] = {"process": None}


def find_faults(*destinations: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    """Key path and message of every fault."""
    _, faults = read_spec(declare_shelf(destinations=list(destinations), **changes))
    return [(".".join(map(str, path)), message) for path, message in faults]


@pytest.mark.parametrize(
    ("declared", "path", "message"),
    [
        ({"kind": "ftp", "name": "x"}, "destinations.0", "Input tag 'ftp' found using 'kind' does not match any of the "
         "expected tags: 'csv', 'jsonl', 'xlsx', 'parquet', 'postgres', 'webhook'"),
        ({"kind": "csv"}, "destinations.0.name", "Field required"),
        ({**CSV, "seperator": ";"}, "destinations.0.seperator", "unknown key; is 'separator' meant? known: "),
        ({**CSV, "path": "../x.csv"}, "destinations.0.path",
         "Value error, expected a path inside the output folder, found '../x.csv'"),
        ({**CSV, "path": "{store}.csv"}, "destinations.0.path",
         "Value error, unknown placeholder {store}; known: pipeline, date, name"),
        ({**CSV, "path": "{date.csv"}, "destinations.0.path",
         "Value error, expected braces around pipeline, date, name only, found '{date.csv'"),
        ({**WEBHOOK, "url": "ftp://erp.example"}, "destinations.0.url", "String should match pattern"),
        ({**WEBHOOK, "url": "https://user:secret@erp.example/"}, "destinations.0.url", "String should match pattern"),
        ({**WEBHOOK, "auth_from": "DATA_PIPELINE_DATABASE_URL"}, "destinations.0.auth_from",
         "String should match pattern '^DESTINATION_[A-Z0-9_]+$'"),
        ({**WEBHOOK, "policy": {"attempts": 0}}, "destinations.0.policy.attempts",
         "Input should be greater than or equal to 1"),
        ({**WEBHOOK, "policy": {"attempt": 2}}, "destinations.0.policy.attempt", "unknown key; is 'attempts' meant?"),
        ({**POSTGRES, "table": "stock; drop"}, "destinations.0.table", "String should match pattern"),
        ({**CSV, "status_by_code": {"A": "b"}}, "destinations.0",
         "Value error, status_by_code goes with `of: rejects` only"),
        ({**CSV, "where": "stock >"}, "destinations.0.where", "expected a SQL condition, found 'stock >'"),
        ({**CSV, "of": "rejects", "columns": {"e": "error"}}, "destinations.0.columns.e", "unknown column 'error'"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("dest") else None,
)  # fmt: skip
def test_a_fault_is_named_by_its_key_path(declared: dict[str, Any], path: str, message: str) -> None:
    [(found_path, found)] = find_faults(declared)

    assert found_path == path
    assert message in found


def test_columns_of_a_snapshot_are_checked_where_no_code_makes_them() -> None:
    unknown = {**CSV, "columns": {"Price": "price", "SKU": "sku"}, "where": "stok > 0"}

    assert [path for path, _ in find_faults(unknown, **PLAIN)] == [
        "destinations.0.columns.Price",
        "destinations.0.where",
    ]
    assert find_faults(unknown) == []


def test_all_faults_of_all_destinations_are_told_at_once() -> None:
    faults = find_faults(CSV, {**CSV, "where": "("}, {**POSTGRES, "table": "1"}, CSV)

    assert [path for path, _ in faults] == ["destinations.2.table", "destinations.1.name", "destinations.1.where",
                                            "destinations.3.name"]  # fmt: skip


def test_a_column_of_the_pipeline_does_not_hide_what_is_wrong_with_a_row() -> None:
    columns = [*declare_shelf()["columns"], {"name": "error_code", "header": "Error", "type": "text"}]

    assert find_faults({**CSV, "of": "rejects"}, columns=columns) == [
        ("destinations.0.of", "column 'error_code' is also one of every rejected row; give it another name")
    ]
