"""Rows through the declared steps: what is left, what failed, and what every step did to their number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from data_pipeline.errors import ConservationError
from data_pipeline.model.findings import Finding
from data_pipeline.model.processing import StepCount
from data_pipeline.transform.registry import Step
from data_pipeline.transform.step import NOTHING, PLACE, Known, map_distinct

FAILURES = ("@column", "@raw", "@message", "@record")


@dataclass(frozen=True)
class Stepped:
    """Rows after some steps.

    Shape: `failures` has the columns of PLACE that the rows had, then `@column`, `@raw`, `@message`, and `@record`, the
    row as it stood before the step, as JSON; one row for every reason.
    """

    rows: pl.DataFrame
    failures: pl.DataFrame
    counts: tuple[StepCount, ...]
    rejected_records: int
    """Records with at least one failure; nothing of them is in `rows`."""
    rejected_rows: int
    """Rows that went in of these records."""


def run_steps(rows: pl.DataFrame, steps: Sequence[Step], known: Known = NOTHING) -> Stepped:
    """Applies steps in order. A record of which anything fails goes back whole, as if it had never been accepted.

    So rows that went in - rejected - removed + added = rows, exactly, whatever was made of a record before it failed.
    Raises: ConservationError when a step does not account for its rows.
    """
    kept, gone, rejected_rows = rows, [], 0
    while True:
        after, failures, counts = run_once(kept, steps, known)
        if failures is None:
            break
        gone.append(failures)
        place = [name for name in PLACE if name in rows.columns]
        failed = failures.select(place).unique()
        # A join looks at all keys of a row; nearly all differ in the last already.
        near = kept.select(place).filter(pl.col(place[-1]).is_in(failed[place[-1]].implode(), nulls_equal=True))
        lost = near.join(failed, on=place, how="semi", nulls_equal=True).height
        if not lost:
            raise ConservationError(
                f"{failures.height} rows failed that come from no record, so they cannot be rejected"
            )
        rejected_rows += lost
        if not any(step.verb.change != "none" or step.options.scope == "date" for step in steps):
            # Nobody else's outcome depends on those that failed.
            counts = tuple(leave_out(count, lost) for count in counts)
            break
        kept = kept.join(failed, on=place, how="anti", maintain_order="left", nulls_equal=True)
    found = pl.concat(gone) if gone else no_failures(rows)
    records = found.select([name for name in PLACE if name in rows.columns]).n_unique() if found.height else 0
    return Stepped(after, found, counts, records, rejected_rows)


def run_once(
    rows: pl.DataFrame, steps: Sequence[Step], known: Known
) -> tuple[pl.DataFrame, pl.DataFrame | None, tuple[StepCount, ...]]:
    """Rows, failures or None, and counts, those that failed included."""
    counts, failures = [], []
    for step in steps:
        outcome = step.apply(rows, known)
        count = StepCount(
            step=step.position,
            use=step.use,
            rows_in=rows.height,
            rows_out=outcome.rows.height,
            removed=outcome.removed,
            added=outcome.added,
            rejected=outcome.failed,
        )
        if not count.is_whole:
            raise ConservationError(f"step {step.position} ({step.use}) does not account for its rows: {count}")
        counts.append(count)
        if outcome.failures is not None:
            failures.append(describe_failures(outcome.failures, step))
        rows = outcome.rows
    return rows, pl.concat(failures) if failures else None, tuple(counts)


def describe_failures(failures: pl.DataFrame, step: Step) -> pl.DataFrame:
    """Where each comes from, what is wrong in which step, and the row as it stood."""
    place = [name for name in PLACE if name in failures.columns]
    record = pl.struct(pl.exclude("^@.*$", *place)).struct.json_encode()
    words = failures["@message"]
    words = map_distinct(words, lambda told: f"processing step {step.position} ({step.use}): {told}")
    if step.message is not None:
        words = pl.repeat(step.message, failures.height, eager=True)
    return failures.select(*place, "@column", "@raw", words.alias("@message"), record.alias("@record"))


def no_failures(rows: pl.DataFrame) -> pl.DataFrame:
    """Typed, empty."""
    place = {name: rows.schema[name] for name in PLACE if name in rows.columns}
    return pl.DataFrame(schema={**place, **dict.fromkeys(FAILURES, pl.String)})


def leave_out(count: StepCount, rejected: int) -> StepCount:
    """A step's count without the records that failed in any step; only for steps that keep the number of rows."""
    kept = count.rows_in - rejected
    return count.model_copy(update={"rows_in": kept, "rows_out": kept, "rejected": 0})


def add_counts(counts: Iterable[StepCount]) -> tuple[StepCount, ...]:
    """The counts of several chunks or files, step by step."""
    totals: dict[int, StepCount] = {}
    for count in counts:
        before = totals.get(count.step)
        if before is None:
            totals[count.step] = count
            continue
        fields = ("rows_in", "rows_out", "removed", "added", "rejected")
        totals[count.step] = before.model_copy(
            update={field: getattr(before, field) + getattr(count, field) for field in fields}
        )
    return tuple(totals[step] for step in sorted(totals))


def tell_counts(counts: Iterable[StepCount], *, name: str) -> list[Finding]:
    """A finding for every step that dropped or added rows; its details are what conservation reckons with."""
    return [finding for count in counts if (finding := tell_count(count, name)) is not None]


def tell_count(count: StepCount, name: str) -> Finding | None:
    """What a step did, if it did anything to the number of rows."""
    where = f"{name}: step {count.step} ({count.use})"
    details = count.model_dump()
    if count.added:
        message = f"{where} made {count.rows_out} rows of {count.rows_in}"
        return Finding(code="ROWS_ADDED", message=message, severity="info", rows=count.added, details=details)
    if count.removed and count.use == "filter":
        message = f"{where} left out {count.removed} of {count.rows_in} rows"
        return Finding(code="ROWS_FILTERED", message=message, severity="info", rows=count.removed, details=details)
    if count.removed:
        message = f"{where} merged {count.rows_in} rows into {count.rows_out}"
        return Finding(code="ROWS_MERGED", message=message, severity="info", rows=count.removed, details=details)
    return None


def read_counts(findings: Iterable[Finding]) -> tuple[StepCount, ...]:
    """The counts that findings hold."""
    return tuple(
        StepCount.model_validate(finding.details)
        for finding in findings
        if finding.code in ("ROWS_FILTERED", "ROWS_MERGED", "ROWS_ADDED")
    )
