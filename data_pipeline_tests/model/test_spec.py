"""Rules of a pipeline's declaration: every fault is named by its key path, and hashes follow what they stand for."""

from typing import Any

import pytest
from pydantic import ValidationError

from data_pipeline.model.spec import PipelineSpec
from data_pipeline_tests.specs import declare_shelf, shelf_spec

SKU = {"name": "sku", "header": "SKU", "type": "text"}
STOCK = {"name": "stock", "header": "Stok", "type": "integer"}
# A declaration whose other parts name no column but sku.
PLAIN: dict[str, Any] = {"rules": [], "identity": {}, "measures": {}, "grain": ["sku"], "outputs": []}


def find_faults(**changes: Any) -> list[tuple[str, str]]:
    """Key path and message of every fault."""
    with pytest.raises(ValidationError) as caught:
        PipelineSpec.model_validate(declare_shelf(**changes))
    return [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in caught.value.errors()]


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"name": "Stock Health"}, "name", "String should match pattern '^[a-z][a-z0-9_]*$'"),
        ({"title": None}, "title", "Input should be a valid string"),
        ({"columns": [{**SKU, "type": "money"}]}, "columns.0.type",
         "Input should be 'text', 'integer', 'number', 'date', 'datetime' or 'boolean'"),
        ({"columns": [SKU, {**STOCK, "name": "Stok"}]}, "columns.1.name",
         "String should match pattern '^[a-z][a-z0-9_]*$'"),
        ({"columns": [SKU, {"name": "stock", "type": "integer"}]}, "columns.1.header", "Field required"),
        ({"source": {"reject_file_over_percent": 101}}, "source.reject_file_over_percent",
         "Input should be less than or equal to 100"),
        ({"flush": {"files": 0}}, "flush.files", "Input should be greater than or equal to 1"),
        ({"retry": {"backoff_seconds": 0}}, "retry.backoff_seconds", "Input should be greater than 0"),
        ({"roster": {"file": "stores.csv"}}, "roster.column", "Field required"),
        ({"outputs": [{"name": "m2", "per": "week", "style": "machine", "columns": {}}]}, "outputs.0.per",
         "Input should be 'file' or 'date'"),
        ({"process": {}}, "process.processor", "Field required"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else None,
)  # fmt: skip
def test_a_fault_is_named_by_its_key_path(changes: dict[str, Any], path: str, message: str) -> None:
    assert find_faults(**changes) == [(path, message)]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"colums": []}, "colums"),
        ({"columns": [{**SKU, "nulable": True}]}, "columns.0.nulable"),
        ({"source": {"pattern": "*.xlsx"}}, "source.pattern"),
        ({"identity": {"store": "store"}}, "identity.store"),
        ({"roster": {"file": "stores.csv", "column": "name", "without": "PT"}}, "roster.without"),
        ({"process": {"processor": "a:b", "option": {}}}, "process.option"),
        ({"flush": {"rows": 1}}, "flush.rows"),
        ({"retry": {"times": 1}}, "retry.times"),
        ({"outputs": [{"name": "m2", "per": "file", "style": "machine", "columns": {}, "sort": "sku"}]},
         "outputs.0.sort"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_an_unknown_key_is_a_fault_at_every_level(changes: dict[str, Any], path: str) -> None:
    assert find_faults(**changes) == [(path, "Extra inputs are not permitted")]


def test_all_faults_are_reported_together() -> None:
    faults = find_faults(title=None, columns=[{**SKU, "type": "money"}], flush={"files": 0})

    assert [path for path, _ in faults] == ["title", "columns.0.type", "flush.files"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": [SKU, STOCK, {**SKU, "header": "Kode"}]}, "columns.2.name: column 'sku' is declared twice"),
        ({"columns": [SKU, {**STOCK, "name": "source_row"}]},
         "columns.1.name: column name 'source_row' belongs to the product"),
        ({"grain": ["sku", "shelf"]}, "grain.1: unknown column 'shelf'; declared: sku"),
        ({"measures": {"value": ["price"]}}, "measures.value.0: unknown column 'price'; declared: sku"),
        ({"rules": [{"kind": "range", "name": "positive", "column": "stock"}]},
         "rules.0.column: unknown column 'stock'; declared: sku"),
        ({"rules": [{"kind": "unique", "name": "once", "columns": ["sku", "store"]}]},
         "rules.0.columns: unknown column 'store'; declared: sku"),
        ({"identity": {"store_column": "store"}}, "identity.store_column: unknown column 'store'; declared: sku"),
        ({"identity": {"sales_date_column": "last"}},
         "identity.sales_date_column: unknown column 'last'; declared: sku"),
    ],
    ids=["doubled column", "provenance", "grain", "measure", "range rule", "unique rule", "store", "sales date"],
)  # fmt: skip
def test_a_name_that_is_not_declared_exactly_once_is_a_fault(changes: dict[str, Any], message: str) -> None:
    assert find_faults(**{**PLAIN, "columns": [SKU], **changes}) == [("", f"Value error, {message}")]


def test_a_file_for_each_store_needs_files_of_stores() -> None:
    output = {"name": "complete", "per": "file", "style": "machine", "columns": {"SKU": "sku"}}
    message = "outputs.0.per: 'file' needs identity.store_column: one file is written for each store"

    assert find_faults(**{**PLAIN, "identity": {"sender": "desk"}, "outputs": [output]}) == [
        ("", f"Value error, {message}")
    ]
    PipelineSpec.model_validate(declare_shelf(**{**PLAIN, "outputs": [{**output, "per": "date"}]}))


def test_a_summary_is_of_groups_and_of_sql() -> None:
    assert find_faults(summary={"by": [], "show": {}}) == [
        ("summary.by", "Tuple should have at least 1 item after validation, not 0"),
        ("summary.show", "Dictionary should have at least 1 item after validation, not 0"),
    ]
    [(_, message)] = find_faults(summary={"by": ["store"], "show": {"pieces": "sum(stock"}})
    assert message.startswith("Value error, summary.show.pieces: expected a SQL aggregate, found 'sum(stock': ")


@pytest.mark.parametrize("blank", ["", 0])
def test_what_means_blank_is_a_text(blank: object) -> None:
    [(path, _)] = find_faults(columns=[{**SKU, "blank_as": [blank]}])

    assert path == "columns.0.blank_as.0"


@pytest.mark.parametrize(
    "changes",
    [{"columns": [{**SKU, "blank_as": ["-"]}]}, {"source": {"reading": {"short_years": "last"}}}],
    ids=["blank_as", "short_years"],
)
def test_how_cells_are_read_is_part_of_both_hashes(changes: dict[str, Any]) -> None:
    plain, changed = (shelf_spec(**{**PLAIN, "columns": [SKU], **more}) for more in ({}, changes))

    assert plain.judging_hash != changed.judging_hash
    assert plain.content_hash != changed.content_hash


def test_all_wrong_names_are_reported_together() -> None:
    ((_, message),) = find_faults(
        **{**PLAIN, "columns": [SKU, {**SKU, "header": "Kode"}], "grain": ["shelf"], "measures": {"m": ["x"]}}
    )

    assert message == (
        "Value error, columns.1.name: column 'sku' is declared twice; grain.0: unknown column 'shelf'; declared: sku; "
        "measures.m.0: unknown column 'x'; declared: sku"
    )


def test_a_fault_in_a_rule_is_reported_for_its_own_kind_only() -> None:
    faults = find_faults(rules=[{"kind": "range", "name": "positive", "column": "stock", "minimum": "zero"}])

    assert len(faults) == 1


UNUSABLE = {
    "a column that rescued cells need": {**PLAIN, "columns": [SKU, {**SKU, "name": "rescued", "header": "Sisa"}],
                                         "source": {"evolution": "rescue"}},
    "two rules of one name": {"rules": [{"kind": "range", "name": "r", "column": "stock", "minimum": 0},
                                        {"kind": "range", "name": "r", "column": "stock", "maximum": 9}]},
    "range of a text": {"rules": [{"kind": "range", "name": "r", "column": "sku", "minimum": 0}]},
    "rule on what is not published": {"rules": [{"kind": "unique", "name": "r", "columns": ["last_sales"]}]},
    "unique over nothing": {"rules": [{"kind": "unique", "name": "r", "columns": []}]},
    "grain that is not published": {"grain": ["last_sales"]},
    "measure of a text": {"measures": {"m": ["sku"]}},
    "one header for two columns": {**PLAIN, "columns": [SKU, {**SKU, "name": "code"}]},
    "roster pattern": {"roster": {"file": "stores.csv", "column": "name", "exclude": "(PT"}},
}  # fmt: skip


@pytest.mark.parametrize("changes", UNUSABLE.values(), ids=UNUSABLE)
def test_a_declaration_that_cannot_work_is_refused(changes: dict[str, Any]) -> None:
    assert find_faults(**changes)


# Field -> another value of it, and whether it decides how a file is judged, and what a snapshot holds.
CHANGES: dict[str, tuple[Any, bool, bool]] = {
    "name": ("rack", False, False),
    "title": ("Rack", False, False),
    "description": ("Other words.", False, False),
    "source": ({"reject_file_over_percent": 5, "ignored_headers": ["No"]}, True, True),
    "columns": ([*declare_shelf()["columns"], {"name": "price", "header": "Harga", "type": "number"}], True, True),
    "rules": ([], True, True),
    "identity": ({"store_column": "store"}, True, True),
    "roster": (None, False, True),
    "steps": ([{"use": "trim", "columns": ["brand"]}], False, True),
    "process": ({"processor": "processors:compute", "options": {"rule_set": "R2"}}, False, True),
    "grain": (["sku"], False, True),
    "measures": ({"sales": ["daily_sales"]}, True, True),
    "marts": ([], False, False),
    "outputs": ([], False, False),
    "summary": ({"by": ["store"], "show": {"rows": "count(*)"}}, False, False),
    "destinations": ([{"kind": "csv", "name": "all", "path": "all.csv"}], False, False),
    "flush": ({"files": 9}, False, False),
    "retry": ({"attempts": 9}, False, False),
}


@pytest.mark.parametrize(("field", "change"), CHANGES.items(), ids=CHANGES)
def test_a_hash_changes_with_what_it_stands_for_and_with_nothing_else(
    field: str, change: tuple[Any, bool, bool]
) -> None:
    value, judges, computes = change

    before, after = shelf_spec(), shelf_spec(**{field: value})

    assert (before.judging_hash != after.judging_hash) == judges
    assert (before.content_hash != after.content_hash) == computes


def test_every_field_of_a_spec_is_known_to_decide_something_or_nothing() -> None:
    assert list(CHANGES) == list(PipelineSpec.model_fields)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "range", "name": "stock_not_negative", "column": "stock", "minimum": 1, "severity": "warn"},
        {"kind": "range", "name": "stock_not_negative", "column": "stock", "minimum": 0},
        {
            "kind": "range",
            "name": "stock_not_negative",
            "column": "stock",
            "minimum": 0,
            "maximum": 5,
            "severity": "warn",
        },
    ],
    ids=["bound", "severity", "second bound"],
)
def test_a_hash_changes_with_every_detail_of_a_rule(rule: dict[str, Any]) -> None:
    unique, _, sales = declare_shelf()["rules"]

    assert shelf_spec(rules=[unique, rule, sales]).judging_hash != shelf_spec().judging_hash


def test_equal_declarations_have_equal_hashes() -> None:
    assert (shelf_spec().judging_hash, shelf_spec().content_hash) == (
        shelf_spec().judging_hash,
        shelf_spec().content_hash,
    )
    assert shelf_spec().judging_hash != shelf_spec().content_hash
