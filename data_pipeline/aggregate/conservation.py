"""Proof that no row was lost, doubled or changed in weight between the files and the snapshot."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data_pipeline.aggregate.measures import keep_measurable, sum_measures
from data_pipeline.model.processing import StepCount
from data_pipeline.model.repeats import count_doubled
from data_pipeline.model.rows import Rows


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


@dataclass(frozen=True)
class Weight:
    """What a table holds, as one pass over it found."""

    rows: int
    stores: Mapping[str, int]
    """Rows of each, where rows say whose they are."""
    sums: Mapping[str, float]


def weigh(rows: Rows, measures: Mapping[str, Sequence[str]]) -> Weight:
    """Counts and adds up, chunk by chunk."""
    count, stores, sums = 0, Counter[str](), {name: [0.0] for name in measures}
    for chunk in rows.chunks():
        count += chunk.height
        if "store" in chunk.columns:
            stores.update(dict(chunk["store"].value_counts().iter_rows()))
        for name, total in sum_measures(chunk, measures).items():
            sums[name].append(total)
    return Weight(count, stores, {name: math.fsum(totals) for name, totals in sums.items()})


def find_losses(
    batches: Sequence[BatchCount],
    rows: Rows,
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
    carried = {name: factors for name, factors in measures.items() if all(name in batch.measures for batch in batches)}
    loaded = weigh(rows if steps is None else Rows.of(steps.before), carried)
    count = compare_stores if by_store else compare_totals
    losses = [*compare_judging(batches), *count(batches, loaded), *compare_measures(batches, loaded)]
    if steps is not None:
        losses += [*compare_steps(steps), *compare_processed(steps.after, rows, measures)]
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


def compare_processed(before: pl.DataFrame, rows: Rows, measures: Mapping[str, Sequence[str]]) -> list[str]:
    """The processor gives as many rows of every store, and the same sums, as went into it."""
    measurable = keep_measurable(measures, before.columns)
    given, made = weigh(Rows.of(before), measurable), weigh(rows, measurable)
    whole = BatchCount("steps", "", given.rows, given.rows, 0, given.sums)
    is_told = "store" in rows.columns
    parts = [BatchCount("steps", store, count, count, 0, {}) for store, count in given.stores.items() if is_told]
    counted = compare_stores(parts, made) if parts else compare_totals([whole], made)
    return [*counted, *compare_measures([whole], made)]


def compare_judging(batches: Sequence[BatchCount]) -> list[str]:
    """Rows read = accepted + rejected, for every batch."""
    return [
        f"{batch.label}: {batch.rows_read} rows read, {batch.rows_accepted} accepted + {batch.rows_rejected} rejected"
        for batch in batches
        if batch.rows_read != batch.rows_accepted + batch.rows_rejected
    ]


def compare_totals(batches: Sequence[BatchCount], found: Weight) -> list[str]:
    """Rows accepted, less those dropped and with those added by their steps = snapshot rows."""
    accepted = sum(batch.rows_kept for batch in batches)
    return [] if accepted == found.rows else [f"{accepted} rows accepted, {found.rows} rows in the snapshot"]


def compare_stores(batches: Sequence[BatchCount], found: Weight) -> list[str]:
    """The same for every store."""
    published = found.stores
    accepted: dict[str, int] = {}
    for batch in batches:
        accepted[batch.store] = accepted.get(batch.store, 0) + batch.rows_kept
    return [
        f"{store}: {accepted.get(store, 0)} rows accepted, {published.get(store, 0)} rows in the snapshot"
        for store in sorted({*accepted, *published}, key=str)
        if accepted.get(store, 0) != published.get(store, 0)
    ]


def compare_measures(batches: Sequence[BatchCount], found: Weight) -> list[str]:
    """The sum of every measure is the same in the files and in the snapshot."""
    losses = []
    for name, published in found.sums.items():
        delivered = math.fsum(batch.measures[name] for batch in batches)
        # Sums of doubles depend on their order in the last digits, and only there.
        if not math.isclose(delivered, published, rel_tol=1e-12, abs_tol=1e-6):
            losses.append(f"sum of {name}: {delivered!r} in the files, {published!r} in the snapshot")
    return losses


def compare_grain(rows: Rows, grain: Sequence[str]) -> list[str]:
    """Each key of the grain occurs once."""
    doubled = count_doubled(rows, grain)
    return [f"{doubled} rows share their {' + '.join(grain)} with another"] if doubled else []
