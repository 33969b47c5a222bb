"""Judged chunks -> what is known of a file as a whole: counts, sums, hashes, witnesses, findings."""

import datetime as dt
import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import polars as pl

from data_pipeline.aggregate.measures import keep_measurable, sum_measures
from data_pipeline.flow.cells_digest import CellsDigest
from data_pipeline.flow.columns import Columns
from data_pipeline.flow.steps import Stepped, add_counts, tell_counts
from data_pipeline.model.findings import Finding
from data_pipeline.model.processing import StepCount
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.statistics import FieldStatistics
from data_pipeline.model.tables import RawTable
from data_pipeline.validate.judge import Judged


class Tally:
    """Adds up a file's chunks; the result does not depend on where it was cut."""

    def __init__(self, spec: PipelineSpec) -> None:
        self._spec = spec
        self._sums: dict[str, list[float]] = {}
        self._meaning, self._unread = CellsDigest(), hashlib.sha256()
        self._findings: list[Finding] = []
        self.stores: Counter[str] = Counter()
        self._days: Counter[str] = Counter()
        self._columns = Columns()
        self.rows_accepted = self.rows_failed = 0
        self.steps: tuple[StepCount, ...] = ()

    def add(self, table: RawTable, judged: Judged, stepped: Stepped | None = None) -> None:
        """Counts a chunk in; without steps, the accepted rows are those that are kept."""
        rows = judged.accepted if stepped is None else stepped.rows
        counts, failed = ((), 0) if stepped is None else (stepped.counts, stepped.rejected_records)
        self.steps = add_counts([*self.steps, *counts])
        self.rows_failed += failed
        self._columns.add(table)
        self._meaning.add(judged.values)
        unread = judged.rejects.select("record_index", "error_code", "column_name", "raw_text")
        self._unread.update(unread.write_csv(include_header=False).encode())
        for name, total in sum_measures(rows, keep_measurable(self._spec.measures, rows.columns)).items():
            self._sums.setdefault(name, []).append(total)
        self.stores.update(count_values(judged, self._spec.identity.store_column))
        self._days.update(count_values(judged, self._spec.identity.day_column))
        self._findings += judged.findings
        self.rows_accepted += judged.accepted.height - failed

    @property
    def cells_sha256(self) -> str:
        """Hash of what the declared cells mean: equal for two files that say the same in another encoding."""
        return hashlib.sha256(self._meaning.digest() + self._unread.digest()).hexdigest()

    @property
    def measures(self) -> dict[str, float]:
        """The file's sums."""
        return {name: math.fsum(totals) for name, totals in self._sums.items()}

    @property
    def sales_dates(self) -> dict[str, int]:
        """How many records name each day; texts that are no day of our times, such as 0000-00-00, are not counted."""
        counts = {"day": list(self._days), "rows": list(self._days.values())}
        named = pl.DataFrame(counts, schema={"day": pl.String, "rows": pl.Int64})
        days = named.with_columns(pl.col("day").str.to_date("%Y-%m-%d", strict=False))
        real = days.filter(pl.col("day").is_between(dt.date(1990, 1, 1), dt.date(2100, 1, 1)))
        return {day.isoformat(): rows for day, rows in real.group_by("day").sum().sort("day").iter_rows()}

    @property
    def statistics(self) -> list[FieldStatistics]:
        """What the cells of every column look like, rejected rows too; how many were looked at is in their `count`."""
        return self._columns.statistics

    @property
    def findings(self) -> list[Finding]:
        """What was found, each kind of thing once."""
        return merge_findings(self._findings)

    def summarise(self, *, name: str) -> dict[str, Any]:
        """What a Prepared says of the file's records; the findings name the file."""
        return {
            "cells_sha256": self.cells_sha256,
            "rows_accepted": self.rows_accepted,
            "measures": self.measures,
            "stores": dict(self.stores),
            "sales_dates": self.sales_dates,
            "findings": [*self.findings, *tell_counts(self.steps, name=name)],
            "statistics": self.statistics,
        }


def count_values(judged: Judged, column: str | None) -> dict[str, int]:
    """How many records name each value of a column; blank ones are not counted."""
    if column is None or column not in judged.values.columns:
        return {}
    named = judged.values[column].drop_nulls()
    if named.dtype.is_temporal():
        counted = named.cast(pl.Date).alias("day").value_counts(sort=True)
        return dict(counted.select(pl.col("day").cast(pl.String), "count").iter_rows())
    return dict(named.filter(named != "").value_counts(sort=True).iter_rows())


def merge_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of one file's chunks: of the same kind in the same column, the first with the rows of all."""
    merged: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        kind = (finding.code, str(finding.details.get("column", finding.details.get("rule", ""))))
        first = merged.get(kind)
        if first is None:
            merged[kind] = finding
        elif finding.rows is not None:
            rows = (first.rows or 0) + finding.rows
            words = first.message.partition(" (in all: ")[0]
            merged[kind] = first.model_copy(update={"rows": rows, "message": f"{words} (in all: {rows} rows)"})
    return list(merged.values())
