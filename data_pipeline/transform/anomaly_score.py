"""Scores how unusual a number is, and flags those beyond a threshold."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import polars as pl
from pydantic import Field

from data_pipeline.transform.step import NAME, NOTHING, Known, Scope, StepOptions, require_type

Method = Literal["baseline", "z_score", "mad", "iqr", "seasonal"]

THRESHOLDS: Mapping[Method, float] = {"baseline": 8.0, "z_score": 3.0, "mad": 3.5, "iqr": 1.5, "seasonal": 3.5}
# So that the score of normally distributed numbers is in standard deviations. Iglewicz and Hoaglin, 1993.
MEDIAN_TO_DEVIATION, MEAN_TO_DEVIATION = 1.4826022185056018, 1.2533141373155003


class Options(StepOptions):
    """Which numbers, against what they are held, and what counts as too much."""

    column: str
    """Column of numbers."""
    method: Method = "baseline"
    """`baseline`: value x multiplier. Distance from the group's `z_score`: mean, `mad`: median, `iqr`: quartiles;
    `seasonal`: from the median of the same weekday's rows in earlier snapshots."""
    by: tuple[str, ...] = ()
    """Columns that make a group, such as the sensor; without them all rows are one."""
    multiplier: float = 0.1
    """For `baseline`."""
    threshold: float | None = None
    """A row is flagged when its score is above it, on either side; without it 8 for `baseline`, 3 standard deviations
    for `z_score`, 3.5 robust ones for `mad` and `seasonal`, 1.5 widths of the quartiles for `iqr`."""
    least: int = Field(3, ge=2)
    """Values that a group must have to be compared with; smaller ones get no score."""
    days: int = Field(56, ge=7)
    """For `seasonal`: how many days to look back."""
    score: str = Field("anomaly_score", pattern=NAME)
    """Column for the score."""
    flag: str = Field("is_anomaly", pattern=NAME)
    """Column for the flag."""

    @property
    def scope(self) -> Scope:
        """Only `baseline` looks at a row alone."""
        return "row" if self.method == "baseline" else "date"

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Numbers and group."""
        return {"column": (self.column,), "by": self.by}

    @property
    def new_columns(self) -> Sequence[str]:
        """Score and flag."""
        return (self.score, self.flag)

    @property
    def history_days(self) -> int:
        """For `seasonal`."""
        return self.days if self.method == "seasonal" else 0


def apply(rows: pl.DataFrame, options: Options, known: Known = NOTHING) -> pl.DataFrame:
    """Adds score and flag; both are null where the value is, or where nothing is there to compare it with.

    Units: score as the method says; where all values of a group are equal, another value has an infinite score, which
    is written as null and flagged.
    Source: ../shared/domain/sensor_readings.md, for `baseline`.
    Example:
        >>> rows = pl.DataFrame({"value": [45.5, 82.3, 80.0]})
        >>> apply(rows, Options(column="value")).select(pl.col("anomaly_score").round(4), "is_anomaly").rows()
        [(4.55, False), (8.23, True), (8.0, False)]
    """
    require_type(rows, [options.column], "number")
    value = pl.col(options.column).cast(pl.Float64)
    if options.method == "baseline":
        scored = rows.with_columns((value * options.multiplier).alias("@score"))
    elif options.method == "seasonal":
        scored = score_seasonally(rows, options, known)
    else:
        scored = score_in_group(rows, value, options)
    limit = THRESHOLDS[options.method] if options.threshold is None else options.threshold
    size = pl.col("@score") if options.method == "baseline" else pl.col("@score").abs()
    is_finite = pl.col("@score").is_finite()
    flagged = scored.with_columns(
        (size > limit).alias(options.flag), pl.when(is_finite).then("@score").alias(options.score)
    )
    return flagged.drop("@score")


def score_in_group(rows: pl.DataFrame, value: pl.Expr, options: Options) -> pl.DataFrame:
    """Scores against the other rows of the group."""
    groups: list[str | pl.Expr] = [*options.by] or [pl.lit(1)]
    count = value.count().over(groups)
    if options.method == "iqr":
        low, high = (value.quantile(part, "linear").over(groups) for part in (0.25, 0.75))
        below, above = (low - value).clip(lower_bound=0), (value - high).clip(lower_bound=0)
        score = relate(above - below, high - low)
    elif options.method == "mad":
        distance = value - value.median().over(groups)
        score = relate(distance, spread(distance, lambda of: of.over(groups)))
    else:
        distance = value - value.mean().over(groups)
        # The mean of equal doubles may differ from them in its last digit.
        is_flat = (value.max() == value.min()).over(groups)
        score = pl.when(is_flat & value.is_not_null()).then(0.0).otherwise(relate(distance, value.std().over(groups)))
    return rows.with_columns(pl.when(count >= options.least).then(score).alias("@score"))


def score_seasonally(rows: pl.DataFrame, options: Options, known: Known) -> pl.DataFrame:
    """Scores against the group's values of the same weekday in earlier snapshots."""
    history, day = known.history, known.business_date
    if history is None or day is None or not {options.column, *options.by} <= set(history.columns):
        return rows.with_columns(pl.lit(None, pl.Float64).alias("@score"))
    same_weekday = history.filter(pl.col("business_date").dt.weekday() == day.isoweekday())
    past = same_weekday.select(*options.by, pl.col(options.column).cast(pl.Float64).alias("@past"))
    groups: list[str | pl.Expr] = [*options.by] or [pl.lit(1).alias("@all")]
    centred = past.with_columns((pl.col("@past") - pl.col("@past").median().over(groups)).alias("@distance"))
    usual = centred.group_by(groups).agg(
        pl.col("@past").median().alias("@usual"),
        spread(pl.col("@distance"), lambda of: of).alias("@spread"),
        pl.col("@past").count().alias("@count"),
    )
    keys = list(options.by) or ["@all"]
    with_keys = rows if options.by else rows.with_columns(groups)
    known_keys = usual.with_columns(pl.col(key).cast(with_keys.schema[key]) for key in keys)
    joined = with_keys.join(known_keys, on=keys, how="left", nulls_equal=True, maintain_order="left", validate="m:1")
    score = relate(pl.col(options.column).cast(pl.Float64) - pl.col("@usual"), pl.col("@spread"))
    scored = joined.with_columns(pl.when(pl.col("@count") >= options.least).then(score).alias("@score"))
    return scored.select(*rows.columns, "@score")


def spread(distance: pl.Expr, within: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Robust standard deviation of distances from a median; by their mean where half of them are 0."""
    by_median = within(distance.abs().median()) * MEDIAN_TO_DEVIATION
    by_mean = within(distance.abs().mean()) * MEAN_TO_DEVIATION
    return pl.when(by_median > 0).then(by_median).otherwise(by_mean)


def relate(distance: pl.Expr, width: pl.Expr) -> pl.Expr:
    """Distance in widths; none is 0 widths even where the width is 0."""
    return pl.when(distance == 0).then(0.0).otherwise(distance / width)
