"""Rows through several steps: what a failure takes with it, and that every count is exact."""

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import ConservationError
from data_pipeline.flow.rejects import add_failures
from data_pipeline.flow.steps import Stepped, add_counts, read_counts, run_steps, tell_counts
from data_pipeline.model.spec import StepSpec
from data_pipeline.transform import trim
from data_pipeline.transform.registry import Step, Verb, compile_steps
from data_pipeline.transform.step import Outcome, StepOptions
from data_pipeline.validate.reasons import REJECTS_SCHEMA
from data_pipeline_tests.specs import shelf_spec
from data_pipeline_tests.tables import raw_table, table

ROWS = table("""
    sku | sizes  | source_sheet | source_row:integer
    A   | 1,2    | S            | 2
    B   | 3,x,5  | S            | 3
    C   |        | S            | 4
    D   | 0      | S            | 5
""")
EXPLODE: dict[str, Any] = {"use": "explode", "column": "sizes"}
PARSE: dict[str, Any] = {"use": "parse_number", "columns": ["sizes"], "whole": True}
FILTER: dict[str, Any] = {"use": "filter", "where": "sizes > 0"}


def step(*steps: dict[str, Any], rows: pl.DataFrame = ROWS) -> Stepped:
    return run_steps(rows, compile_steps([StepSpec(**one) for one in steps]))


def test_a_record_of_which_a_part_fails_goes_back_whole() -> None:
    made = step(EXPLODE, PARSE, FILTER)

    assert made.rows.select("sku", "sizes").rows() == [("A", 1), ("A", 2)]
    assert made.failures.drop("@record").rows() == [
        ("S", 3, "sizes", "x", "processing step 2 (parse_number): expected a whole number with decimal mark '.', "
         "found 'x'. Correct it."),
    ]  # fmt: skip
    assert made.failures["@record"].to_list() == ['{"sku":"B","sizes":"x"}']


def test_counts_are_those_of_the_records_that_were_kept() -> None:
    made = step(EXPLODE, PARSE, FILTER)

    assert [(one.rows_in, one.added, one.removed, one.rows_out) for one in made.counts] == [
        (3, 1, 0, 4), (4, 0, 0, 4), (4, 0, 2, 2),
    ]  # fmt: skip
    assert (made.rejected_records, made.rejected_rows) == (1, 1)
    assert ROWS.height - made.rejected_rows + 1 - 2 == made.rows.height


def test_a_row_that_fails_later_does_not_push_out_its_duplicate() -> None:
    rows = table("sku | n | source_sheet | source_row:integer\nA | x | S | 2\nA | 7 | S | 3")

    made = step({"use": "drop_duplicates", "columns": ["sku"]}, {"use": "parse_number", "columns": ["n"]}, rows=rows)

    assert made.rows["n"].to_list() == [7.0]
    assert made.rejected_records == 1


def test_without_steps_rows_stay_as_they_are() -> None:
    made = step()

    assert_frame_equal(made.rows, ROWS)
    assert (made.failures.height, made.counts, made.rejected_records) == (0, (), 0)


def test_a_verb_that_does_not_account_for_its_rows_is_stopped() -> None:
    class Lossy:
        __name__ = "lossy"
        Options = StepOptions
        apply = staticmethod(lambda rows, options: Outcome(rows.head(1)))

    lossy: Any = Lossy()
    with pytest.raises(ConservationError, match="step 1 .lossy. does not account for its rows"):
        run_steps(ROWS, [Step(1, "lossy", Verb(lossy), StepOptions())])
    assert Verb(trim).change == "none"


def test_findings_hold_the_counts_that_conservation_reckons_with() -> None:
    counts = step(EXPLODE, FILTER | {"where": "sizes <> '0'"}).counts

    told = tell_counts(add_counts([*counts, *counts]), name="a.csv")

    assert [finding.message for finding in told] == [
        "a.csv: step 1 (explode) made 14 rows of 8",
        "a.csv: step 2 (filter) left out 4 of 14 rows",
    ]
    assert [(count.added, count.removed) for count in read_counts(told)] == [(6, 0), (0, 4)]


def test_a_failed_row_is_rejected_with_the_text_that_was_delivered() -> None:
    cells = raw_table("SKU | Toko | Stok\nA | Padang | 1\nB | ' x' | 2")
    failures = pl.DataFrame(
        {
            "source_sheet": ["S"],
            "source_row": [3],
            "@column": ["store"],
            "@raw": ["x"],
            "@message": ["why"],
            "@record": "{}",
        }
    )

    rejects = add_failures(REJECTS_SCHEMA.to_frame(), failures, cells, shelf_spec(), first=100)

    assert rejects.rows() == [
        (101, 3, "PROCESSING_ERROR", "why", "Toko", "x", '{"SKU":"B","Toko":" x","Stok":"2"}'),
    ]
