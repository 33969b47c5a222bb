"""Proof that no row was lost, doubled or changed in weight between the files and the snapshot."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data_pipeline.aggregate.measures import keep_measurable, sum_measures
from data_pipeline.model.processing import StepCount


@dataclass(frozen=True)
class BatchCount:
    """What one batch brought, as judged when it was read."""

    label: str
    store: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    measures: Mapping[str, float]
    steps: tuple[StepCount, ...] = ()
    """What its steps dropped and added before its rows were kept."""

    @property
    def rows_kept(self) -> int:
        """Rows that must have been loaded from it."""
        return self.rows_accepted + sum(step.added - step.removed for step in self.steps)


@dataclass(frozen=True)
class DaySteps:
    """The rows of a date before and after the steps that need all of them."""

    before: pl.DataFrame
    after: pl.DataFrame
    counts: tuple[StepCount, ...]
    rows_rejected: int
    """Of `before`, all that was made of them."""


def find_losses(
    batches: Sequence[BatchCount],
    rows: pl.DataFrame,
    *,
    grain: Sequence[str],
    measures: Mapping[str, Sequence[str]],
    by_store: bool = True,
    steps: DaySteps | None = None,
) -> list[str]:
    """Every way in which the snapshot's rows and the batches' counts differ; empty when nothing was lost or doubled.

    `by_store`: whether every file is of one store, and its rows say so.
    With steps over the date: from the batches to the first of them, through each of them, and from the last of them to
    the snapshot.
    """
    loaded = rows if steps is None else steps.before
    count = compare_stores if by_store else compare_totals
    losses = [*compare_judging(batches), *count(batches, loaded), *compare_measures(batches, loaded, measures)]
    if steps is not None:
        losses += [*compare_steps(steps), *compare_frames(steps.after, rows, measures)]
    return [*losses, *compare_grain(rows, grain)]


def compare_steps(steps: DaySteps) -> list[str]:
    """Rows before - rejected - removed + added = rows after, over all steps; each step proves its own when it runs."""
    removed, added = (sum(getattr(count, name) for count in steps.counts) for name in ("removed", "added"))
    expected = steps.before.height - steps.rows_rejected - removed + added
    if expected == steps.after.height:
        return []
    return [
        f"steps: {steps.before.height} rows - {steps.rows_rejected} rejected - {removed} removed + {added} added, "
        f"{steps.after.height} rows after them"
    ]


def compare_frames(before: pl.DataFrame, rows: pl.DataFrame, measures: Mapping[str, Sequence[str]]) -> list[str]:
    """The processor gives as many rows of every store, and the same sums, as went into it."""
    if before is rows:
        return []
    weights = sum_measures(before, keep_measurable(measures, before.columns))
    whole = BatchCount("steps", "", before.height, before.height, 0, weights)
    stores = before["store"].value_counts().rows() if {"store"} <= {*before.columns} & {*rows.columns} else []
    parts = [BatchCount("steps", store, count, count, 0, {}) for store, count in stores]
    counted = compare_stores(parts, rows) if parts else compare_totals([whole], rows)
    return [*counted, *compare_measures([whole], rows, measures)]


def compare_judging(batches: Sequence[BatchCount]) -> list[str]:
    """Rows read = accepted + rejected, for every batch."""
    return [
        f"{batch.label}: {batch.rows_read} rows read, {batch.rows_accepted} accepted + {batch.rows_rejected} rejected"
        for batch in batches
        if batch.rows_read != batch.rows_accepted + batch.rows_rejected
    ]


def compare_totals(batches: Sequence[BatchCount], rows: pl.DataFrame) -> list[str]:
    """Rows accepted, less those dropped and with those added by their steps = snapshot rows."""
    accepted = sum(batch.rows_kept for batch in batches)
    return [] if accepted == rows.height else [f"{accepted} rows accepted, {rows.height} rows in the snapshot"]


def compare_stores(batches: Sequence[BatchCount], rows: pl.DataFrame) -> list[str]:
    """The same for every store."""
    published = dict(rows["store"].value_counts().iter_rows()) if rows.height else {}
    accepted: dict[str, int] = {}
    for batch in batches:
        accepted[batch.store] = accepted.get(batch.store, 0) + batch.rows_kept
    return [
        f"{store}: {accepted.get(store, 0)} rows accepted, {published.get(store, 0)} rows in the snapshot"
        for store in sorted({*accepted, *published}, key=str)
        if accepted.get(store, 0) != published.get(store, 0)
    ]


def compare_measures(
    batches: Sequence[BatchCount], rows: pl.DataFrame, measures: Mapping[str, Sequence[str]]
) -> list[str]:
    """The sum of every measure is the same in the files and in the snapshot."""
    carried = {name: factors for name, factors in measures.items() if all(name in batch.measures for batch in batches)}
    published = sum_measures(rows, carried)
    losses = []
    for name in carried:
        delivered = math.fsum(batch.measures[name] for batch in batches)
        # Sums of doubles depend on their order in the last digits, and only there.
        if not math.isclose(delivered, published[name], rel_tol=1e-12, abs_tol=1e-6):
            losses.append(f"sum of {name}: {delivered!r} in the files, {published[name]!r} in the snapshot")
    return losses


def compare_grain(rows: pl.DataFrame, grain: Sequence[str]) -> list[str]:
    """Each key of the grain occurs once."""
    doubled = int(rows.select(pl.struct(grain).is_duplicated().sum()).item())
    return [f"{doubled} rows share their {' + '.join(grain)} with another"] if doubled else []
