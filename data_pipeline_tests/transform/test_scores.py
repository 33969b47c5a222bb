"""Scores of anomaly and quality, worked by hand."""

import datetime as dt

import polars as pl
import pytest

from data_pipeline.transform.step import Known
from data_pipeline_tests.tables import table
from data_pipeline_tests.transform.sample import compile_verb

Scores = list[tuple[float | None, bool | None]]


def score(values: list[float | None], known: Known | None = None, **options: object) -> Scores:
    rows = pl.DataFrame({"value": values}, schema={"value": pl.Float64})
    made = compile_verb("anomaly_score", column="value", **options).apply(rows, known or Known())
    return made.rows.select(pl.col("anomaly_score").round(6), "is_anomaly").rows()


def test_the_baseline_scores_as_the_predecessor_did() -> None:
    """Source: ../shared/domain/sensor_readings.md; 8.0 is not above 8."""
    scores = score([45.5, 82.3, 80.0, 1000.0, None])

    assert scores == [(4.55, False), (8.23, True), (8.0, False), (100.0, True), (None, None)]


def test_the_z_score_is_in_standard_deviations_of_the_group() -> None:
    """Mean of 1, 2, 3, 4, 10 is 4, their standard deviation sqrt(50 / 4) = 3.535534."""
    scores = score([1, 2, 3, 4, 10], method="z_score", threshold=1.5)

    assert scores == [(-0.848528, False), (-0.565685, False), (-0.282843, False), (0.0, False), (1.697056, True)]


def test_the_robust_score_does_not_let_an_outlier_hide_itself() -> None:
    """Median 3, distances 2, 1, 0, 1, 97, their median 1: 97 / 1.482602 = 65.425506."""
    scores = score([1, 2, 3, 4, 100], method="mad")

    assert scores[0] == (-1.34898, False)
    assert scores[4] == (65.425506, True)


def test_the_quartile_score_is_in_widths_of_the_quartiles() -> None:
    """Quartiles of 1, 2, 3, 4, 10 are 2 and 4: 10 is three widths above, 1 half a width below."""
    scores = score([1, 2, 3, 4, 10], method="iqr")

    assert scores == [(-0.5, False), (0.0, False), (0.0, False), (0.0, False), (3.0, True)]


@pytest.mark.parametrize("method", ["z_score", "mad", "iqr"])
def test_equal_values_are_no_anomalies_and_small_groups_have_no_score(method: str) -> None:
    assert score([0.1, 0.1, 0.1, None], method=method) == [(0.0, False)] * 3 + [(None, None)]
    assert score([1, 100], method=method) == [(None, None)] * 2
    assert score([], method=method) == []


def test_another_value_than_all_others_is_flagged_without_a_number() -> None:
    assert score([5, 5, 5, 5, 6], method="iqr") == [(0.0, False)] * 4 + [(None, True)]


def test_every_group_has_its_own_usual_value() -> None:
    rows = table("sensor | value:number\nA | 1\nB | 100\nA | 1\nB | 100\nA | 1\nB | 100")

    made = compile_verb("anomaly_score", column="value", method="mad", by=["sensor"]).apply(rows, Known())

    assert made.rows["is_anomaly"].to_list() == [False] * 6


MONDAY = dt.date(2026, 1, 5)
HISTORY = pl.DataFrame(
    [(MONDAY - dt.timedelta(days=days), "A", value) for days, value in
     ((7, 10.0), (14, 12.0), (21, 14.0), (1, 500.0), (2, 500.0), (3, 500.0))]
    + [(MONDAY - dt.timedelta(days=7), "B", 1.0)],
    schema=["business_date", "sensor", "value"],
    orient="row",
)  # fmt: skip


def test_the_seasonal_score_compares_with_the_same_weekday() -> None:
    """Mondays 10, 12, 14: median 12, median distance 2, so 22 is 10 / (2 x 1.482602) = 3.372449 above."""
    rows = table("sensor | value:number\nA | 22\nA | 23\nB | 1\nC | 1\nA |")
    known = Known(history=HISTORY, business_date=MONDAY)

    made = compile_verb("anomaly_score", column="value", method="seasonal", by=["sensor"]).apply(rows, known)

    assert made.rows.select(pl.col("anomaly_score").round(6), "is_anomaly").rows() == [
        (3.372449, False), (3.709694, True), (None, None), (None, None), (None, None),
    ]  # fmt: skip


def test_without_a_past_there_is_no_seasonal_score() -> None:
    assert score([5.0], method="seasonal") == [(None, None)]
    assert score([5.0], Known(history=HISTORY.drop("value"), business_date=MONDAY), method="seasonal") == [(None, None)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"filled": ["a", "n"]}, [1.0, 0.5, 0.0]),
        ({"valid": {"fair": "n > 1"}}, [1.0, 0.0, 0.0]),
        ({"filled": ["a"], "valid": {"fair": "n > 1"}, "weights": {"a": 3}}, [1.0, 0.0, 0.0]),
        ({"filled": ["n"], "valid": {"is_x": "a = 'x'"}, "weights": {"n": 3}}, [1.0, 0.75, 0.0]),
    ],
)
def test_quality_is_the_share_of_what_is_there_and_right(options: dict[str, object], expected: list[float]) -> None:
    rows = table("a | n:integer\nx | 2\n' ' | 1\n |")

    assert compile_verb("quality_score", **options).apply(rows, Known()).rows["quality_score"].to_list() == expected
