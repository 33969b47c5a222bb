"""Faults of declared steps: all of them at once, each with its place and what is allowed."""

from typing import Any

import polars as pl
import pytest

from data_pipeline.errors import SpecError
from data_pipeline.model.spec import StepSpec
from data_pipeline.transform.examples import EXAMPLES
from data_pipeline.transform.faults import find_step_faults, schema_of
from data_pipeline.transform.registry import VERBS, compile_steps, split_steps
from data_pipeline_tests.specs import shelf_spec
from data_pipeline_tests.transform.sample import SCHEMA

THERE = "sku, brand, store, stock, daily_sales, source_sheet, source_row"


def faults_of(*steps: dict[str, Any]) -> list[tuple[str, str]]:
    return find_step_faults([StepSpec(**step) for step in steps], schema_of(shelf_spec().columns))[0]


@pytest.mark.parametrize("use", VERBS)
def test_every_example_is_sound(use: str) -> None:
    assert find_step_faults([StepSpec(use=use, **EXAMPLES[use])], SCHEMA)[0] == []


def test_all_faults_are_told_with_what_is_allowed() -> None:
    faults = faults_of(
        {"use": "trimm", "columns": ["brand"]},
        {"use": "trim", "columns": ["brnd", "stock_"], "blank_is_nul": True},
        {"use": "case", "columns": ["brand"]},
        {"use": "case", "columns": ["brnd"], "to": "lower"},
        {"use": "trim", "columns": ["stock"]},
        {"use": "filter", "where": "stokc > 0"},
        {"use": "filter", "where": "stock"},
        {"use": "filter", "where": "stock IN (SELECT 1)"},
        {"use": "derive", "columns": {"source_row": "stock + 1"}},
        {"use": "derive", "columns": {"x": "brand + 1"}},
    )

    assert [path for path, _ in faults] == [
        "steps.0.use", "steps.1.blank_is_nul", "steps.1.columns", "steps.1.columns", "steps.2.to", "steps.3.columns",
        "steps.4", "steps.5.where", "steps.6", "steps.7.where", "steps.8", "steps.9",
    ]  # fmt: skip
    words = dict(faults)
    assert words["steps.1.columns"] == f"unknown column 'stock_' (is 'stock' meant?); there are: {THERE}"
    assert words["steps.0.use"].startswith("unknown verb 'trimm' (is 'trim' meant?); known: aggregate, anomaly_score")
    assert words["steps.1.blank_is_nul"] == (
        "unknown option 'blank_is_nul' (is 'blank_is_null' meant?); known: columns, blank_is_null"
    )
    assert words["steps.2.to"] == "Field required"
    assert words["steps.4"] == "expected 'stock' to be a text, found integer."
    assert words["steps.5.where"] == f"unknown column 'stokc' (is 'stock' meant?); there are: {THERE}"
    assert words["steps.6"] == "expected a condition, found 'stock', which is not true or false."
    assert "found '(SELECT 1)'" in words["steps.7.where"]
    assert words["steps.8"] == "column name 'source_row' belongs to the product"
    assert words["steps.9"].startswith("expected an expression that fits its columns, found 'brand + 1'")


@pytest.mark.parametrize(
    ("step", "paths"),
    [
        ({"use": "mask", "columns": ["brnd"], "first": -1}, ["first", "columns"]),
        ({"use": "map_values", "column": "brnd", "values": 3}, ["values", "column"]),
        ({"use": "map_values", "column": "brand", "values": 3}, ["values"]),
        ({"use": "drop_duplicates", "columns": ["skuu", "source_file"], "keep": "some"}, ["keep", "columns"]),
        ({"use": "aggregate", "by": ["brnd"], "totals": {"n": {"how": "most"}}}, ["totals.n.how"]),
        ({"use": "derive", "columns": {"x": "stock +"}}, ["columns"]),
    ],
    ids=lambda value: value["use"] if isinstance(value, dict) else None,
)
def test_a_faulty_option_hides_no_unknown_column_beside_it(step: dict[str, Any], paths: list[str]) -> None:
    """As far as the sound options can be read by themselves."""
    assert [path for path, _ in faults_of(step)] == [f"steps.0.{path}" for path in paths]


def test_columns_that_are_declared_but_faulty_are_known_to_steps() -> None:
    steps = [StepSpec(use="trim", columns=["colour", "size"])]

    faults, _ = find_step_faults(steps, schema_of(shelf_spec().columns), doubtful=frozenset({"colour"}))

    assert faults == [("steps.0.columns", f"unknown column 'size'; there are: {THERE}")]


def test_what_follows_from_a_fault_is_not_told_again() -> None:
    faults = faults_of(
        {"use": "derive", "columns": {"profit": "price - cost"}},
        {"use": "filter", "where": "profit > 0"},
        {"use": "derrive", "columns": {"other": "stock"}},
        {"use": "filter", "where": "other > 0"},
    )

    assert [path for path, _ in faults] == ["steps.0.columns.profit", "steps.0.columns.profit", "steps.2.use"]


def test_the_columns_after_the_last_step_are_known() -> None:
    steps = [
        StepSpec(use="rename", columns={"stock": "pieces"}),
        StepSpec(use="derive", columns={"is_low": "pieces < 3"}),
        StepSpec(use="drop_duplicates", columns=["sku", "source_file"]),
    ]

    faults, after = find_step_faults(steps, schema_of(shelf_spec().columns), by_store=True)

    assert faults == []
    assert (after["pieces"], after["is_low"], after["store"]) == (pl.Int64, pl.Boolean, pl.String)
    assert "source_version" in after


def test_after_an_aggregate_nothing_can_be_rejected() -> None:
    grouped = {"use": "aggregate", "by": ["brand"], "totals": {"rows": {"how": "rows"}}}

    faults = faults_of(grouped, {"use": "derive", "columns": {"share": "1 / rows"}})

    assert faults == [("steps.1", "rows of an aggregate come from no file; after it nothing can be rejected")]


def test_steps_are_taken_on_chunks_until_one_needs_the_whole_date() -> None:
    specs = [
        StepSpec(use="trim", columns=["brand"]),
        StepSpec(use="drop_duplicates", columns=["sku"]),
        StepSpec(use="case", columns=["brand"], to="upper"),
    ]

    on_chunks, on_dates = split_steps(compile_steps(specs))

    assert [step.use for step in on_chunks] == ["trim"]
    assert [(step.position, step.use) for step in on_dates] == [(2, "drop_duplicates"), (3, "case")]


def test_a_step_that_is_declared_wrongly_is_never_run() -> None:
    with pytest.raises(SpecError, match="steps.0.to: Field required"):
        compile_steps([StepSpec(use="case", columns=["brand"])])
