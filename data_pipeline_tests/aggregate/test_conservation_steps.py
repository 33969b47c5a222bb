"""Rules of conservation for pipelines with steps: every row that a step drops, adds or rejects is reckoned with."""

import dataclasses

import polars as pl
import pytest

from data_pipeline.aggregate.conservation import BatchCount, DaySteps, find_losses
from data_pipeline.model.processing import StepCount
from data_pipeline.model.rows import Rows
from data_pipeline_tests.tables import table

ROWS = table("""
    store  | sku | stock:integer
    Padang | 1   | 3
    Padang | 2   | 5
    Aceh   | 1   | 7
""")
FILTERED = StepCount(step=1, use="filter", rows_in=4, rows_out=2, removed=2, added=0, rejected=0)
PADANG = BatchCount("1. Padang.xlsx (version 1)", "Padang", 5, 4, 1, {"stock": 8.0}, (FILTERED,))
ACEH = BatchCount("28. Aceh.xlsx (version 1)", "Aceh", 1, 1, 0, {"stock": 7.0})
MERGED = StepCount(step=2, use="drop_duplicates", rows_in=2, rows_out=1, removed=1, added=0, rejected=0)


def losses(rows: pl.DataFrame, steps: DaySteps | None = None, *batches: BatchCount) -> list[str]:
    measures = {"stock": ["stock"]}
    made = Rows.of(rows)
    return find_losses(batches or (PADANG, ACEH), made, grain=["store", "sku"], measures=measures, steps=steps)


def test_what_a_files_steps_dropped_is_no_loss() -> None:
    assert losses(ROWS) == []


def test_what_a_files_steps_did_not_tell_of_is_one() -> None:
    silent = dataclasses.replace(PADANG, steps=())

    assert losses(ROWS, None, silent, ACEH) == ["Padang: 4 rows accepted, 2 rows in the snapshot"]


def test_what_a_dates_steps_dropped_and_rejected_is_no_loss() -> None:
    """Three rows: one is rejected, one merged."""
    steps = DaySteps(before=ROWS, after=ROWS.head(1), counts=(MERGED,), rows_rejected=1)

    assert losses(ROWS.head(1), steps) == []


@pytest.mark.parametrize(
    ("before", "after", "published", "expected"),
    [
        (ROWS.head(2), ROWS.head(0), ROWS.head(0), [
            "Aceh: 1 rows accepted, 0 rows in the snapshot",
            "sum of stock: 15.0 in the files, 8.0 in the snapshot",
        ]),
        (ROWS, ROWS.head(2), ROWS.head(2), ["steps: 3 rows - 1 rejected - 1 removed + 0 added, 2 rows after them"]),
        (ROWS, ROWS.head(1), ROWS.tail(1), [
            "Aceh: 0 rows accepted, 1 rows in the snapshot",
            "Padang: 1 rows accepted, 0 rows in the snapshot",
            "sum of stock: 3.0 in the files, 7.0 in the snapshot",
        ]),
    ],
    ids=["lost when loaded", "lost in the steps", "lost by the processor"],
)  # fmt: skip
def test_a_row_lost_anywhere_is_told(
    before: pl.DataFrame, after: pl.DataFrame, published: pl.DataFrame, expected: list[str]
) -> None:
    steps = DaySteps(before=before, after=after, counts=(MERGED,), rows_rejected=1)

    assert losses(published, steps) == expected


def test_measures_that_a_later_step_makes_are_compared_from_there_on() -> None:
    unweighed = [dataclasses.replace(batch, measures={}) for batch in (PADANG, ACEH)]
    steps = DaySteps(before=ROWS.drop("stock"), after=ROWS, counts=(), rows_rejected=0)

    changed = losses(ROWS.with_columns(pl.col("stock") + 1), steps, *unweighed)

    assert changed == ["sum of stock: 15.0 in the files, 18.0 in the snapshot"]


def test_groups_without_a_store_are_counted_together() -> None:
    grouped = ROWS.group_by("sku", maintain_order=True).agg(pl.col("stock").sum())
    merged = MERGED.model_copy(update={"use": "aggregate"})
    steps = DaySteps(before=ROWS, after=grouped, counts=(merged,), rows_rejected=0)

    lost = find_losses([PADANG, ACEH], Rows.of(grouped.head(1)), grain=["sku"], measures={}, steps=steps)

    assert lost == ["2 rows accepted, 1 rows in the snapshot"]
