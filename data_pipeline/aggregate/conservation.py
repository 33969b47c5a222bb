"""Proof that no row was lost, doubled or changed in weight between the files and the snapshot."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data_pipeline.aggregate.measures import sum_measures


@dataclass(frozen=True)
class BatchCount:
    """What one batch brought, as judged when it was read."""

    label: str
    store: str
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    measures: Mapping[str, float]


def find_losses(
    batches: Sequence[BatchCount],
    rows: pl.DataFrame,
    *,
    grain: Sequence[str],
    measures: Mapping[str, Sequence[str]],
    by_store: bool = True,
) -> list[str]:
    """Every way in which the snapshot's rows and the batches' counts differ; empty when nothing was lost or doubled."""
    counted = compare_stores(batches, rows) if by_store else compare_totals(batches, rows)
    return [
        *compare_judging(batches),
        *counted,
        *compare_measures(batches, rows, measures),
        *compare_grain(rows, grain),
    ]


def compare_judging(batches: Sequence[BatchCount]) -> list[str]:
    """Rows read = accepted + rejected, for every batch."""
    return [
        f"{batch.label}: {batch.rows_read} rows read, {batch.rows_accepted} accepted + {batch.rows_rejected} rejected"
        for batch in batches
        if batch.rows_read != batch.rows_accepted + batch.rows_rejected
    ]


def compare_totals(batches: Sequence[BatchCount], rows: pl.DataFrame) -> list[str]:
    """Rows accepted = snapshot rows."""
    accepted = sum(batch.rows_accepted for batch in batches)
    return [] if accepted == rows.height else [f"{accepted} rows accepted, {rows.height} rows in the snapshot"]


def compare_stores(batches: Sequence[BatchCount], rows: pl.DataFrame) -> list[str]:
    """Rows accepted = snapshot rows, for every store."""
    published = dict(rows["store"].value_counts().iter_rows()) if rows.height else {}
    accepted: dict[str, int] = {}
    for batch in batches:
        accepted[batch.store] = accepted.get(batch.store, 0) + batch.rows_accepted
    return [
        f"{store}: {accepted.get(store, 0)} rows accepted, {published.get(store, 0)} rows in the snapshot"
        for store in sorted({*accepted, *published}, key=str)
        if accepted.get(store, 0) != published.get(store, 0)
    ]


def compare_measures(
    batches: Sequence[BatchCount], rows: pl.DataFrame, measures: Mapping[str, Sequence[str]]
) -> list[str]:
    """The sum of every measure is the same in the files and in the snapshot."""
    published = sum_measures(rows, measures)
    losses = []
    for name in measures:
        delivered = math.fsum(batch.measures[name] for batch in batches)
        # Sums of doubles depend on their order in the last digits, and only there.
        if not math.isclose(delivered, published[name], rel_tol=1e-12, abs_tol=1e-6):
            losses.append(f"sum of {name}: {delivered!r} in the files, {published[name]!r} in the snapshot")
    return losses


def compare_grain(rows: pl.DataFrame, grain: Sequence[str]) -> list[str]:
    """Each key of the grain occurs once."""
    doubled = int(rows.select(pl.struct(grain).is_duplicated().sum()).item())
    return [f"{doubled} rows share their {' + '.join(grain)} with another"] if doubled else []
