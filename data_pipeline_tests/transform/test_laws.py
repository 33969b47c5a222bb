"""Laws that hold for every verb of the registry, tried on its example."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_pipeline.flow.steps import run_steps
from data_pipeline.transform.registry import VERBS
from data_pipeline_tests.transform.sample import KNOWN, SCHEMA, compile_example, sample_rows

ROW_SCOPED = [use for use in VERBS if compile_example(use).options.scope == "row"]
STEADY = [use for use, verb in VERBS.items() if verb.change == "none"]


@pytest.mark.parametrize("use", ROW_SCOPED)
@given(rows=sample_rows(), cut=st.integers(0, 8))
@settings(max_examples=25, deadline=None)
def test_where_a_file_is_cut_changes_nothing(use: str, rows: pl.DataFrame, cut: int) -> None:
    step = compile_example(use)

    whole = run_steps(rows, [step], KNOWN)
    first, second = (run_steps(piece, [step], KNOWN) for piece in (rows[:cut], rows[cut:]))

    assert_frame_equal(pl.concat([first.rows, second.rows]), whole.rows)
    assert_frame_equal(pl.concat([first.failures, second.failures]), whole.failures)
    assert first.rejected_records + second.rejected_records == whole.rejected_records


@pytest.mark.parametrize("use", VERBS)
@given(rows=sample_rows())
@settings(max_examples=25, deadline=None)
def test_every_row_is_accounted_for(use: str, rows: pl.DataFrame) -> None:
    before = rows.clone()

    stepped = run_steps(rows, [compile_example(use)], KNOWN)

    [count] = stepped.counts
    assert rows.height - stepped.rejected_rows - count.removed + count.added == stepped.rows.height
    assert_frame_equal(rows, before)


@pytest.mark.parametrize("use", STEADY)
@given(rows=sample_rows())
@settings(max_examples=25, deadline=None)
def test_rows_keep_their_order_and_are_kept_or_rejected(use: str, rows: pl.DataFrame) -> None:
    stepped = run_steps(rows, [compile_example(use)], KNOWN)

    rejected = set(stepped.failures["source_row"])
    assert stepped.rows["source_row"].to_list() == [row for row in rows["source_row"] if row not in rejected]


@pytest.mark.parametrize("use", VERBS)
@given(rows=sample_rows())
@settings(max_examples=10, deadline=None)
def test_no_rows_give_no_rows_of_the_same_columns(use: str, rows: pl.DataFrame) -> None:
    step = compile_example(use)

    nothing = run_steps(pl.DataFrame(schema=SCHEMA), [step], KNOWN)

    assert nothing.rows.height == nothing.failures.height == 0
    assert nothing.rows.schema == run_steps(rows, [step], KNOWN).rows.schema
