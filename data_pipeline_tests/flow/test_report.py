"""Rules of what is shown of a published date: all of it is declared."""

from pathlib import Path

import pytest

from data_pipeline.errors import SpecError
from data_pipeline.flow.report import is_beside_files, summarise
from data_pipeline.pipelines.catalog import Pipeline, find_pipeline
from data_pipeline_tests.specs import shelf_spec
from data_pipeline_tests.tables import table

ROWS = table("""
    store  | sku | stock:integer | brand
    Padang | 1   | 3             | A
    Aceh   | 1   | 0             | B
    Padang | 2   | 4             | A
""")


def declare(*by: str, **show: str) -> Pipeline:
    """A pipeline with that summary."""
    return Pipeline(shelf_spec(summary={"by": by, "show": show}), Path("shelf"))


def test_a_summary_has_one_line_a_group_and_what_is_declared() -> None:
    pipeline = declare(
        "store", skus="count(distinct sku)", filled="count(*) filter (where stock > 0)", pieces="sum(stock)"
    )

    shown = summarise(ROWS, pipeline)

    assert shown.columns == ["store", "skus", "filled", "pieces"]
    assert shown.rows() == [("Aceh", 1, 0, 0), ("Padang", 2, 2, 7)]


def test_a_summary_by_store_stands_beside_files_of_stores() -> None:
    assert is_beside_files(declare("store", rows="count(*)"))
    assert not is_beside_files(declare("brand", rows="count(*)"))
    assert not is_beside_files(find_pipeline("po_snapshots"))


def test_without_a_summary_nothing_is_summed() -> None:
    plain = Pipeline(shelf_spec(), Path("shelf"))

    assert summarise(ROWS, plain).width == 0
    assert not is_beside_files(plain)


@pytest.mark.parametrize("pipeline", [declare("shelf", rows="count(*)"), declare("store", pieces="sum(weight)")],
                         ids=["group", "aggregate"])  # fmt: skip
def test_a_summary_of_columns_that_are_not_published_names_the_pipeline(pipeline: Pipeline) -> None:
    with pytest.raises(SpecError, match="^pipeline 'shelf', summary: cannot be had of the snapshot: "):
        summarise(ROWS, pipeline)
