"""A date's loaded rows through the steps that need all of them: reference files, earlier snapshots, the hash key."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data_pipeline.aggregate.conservation import DaySteps
from data_pipeline.flow.rejects import as_date_rejects
from data_pipeline.flow.steps import run_steps, tell_counts
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.findings import Finding
from data_pipeline.model.rows import Rows, concat_rows
from data_pipeline.model.tables import ReferenceTable
from data_pipeline.persist import tracking
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.transform.registry import Step, compile_steps, split_steps
from data_pipeline.transform.step import Known

BATCH = "@batch"


@dataclass(frozen=True)
class SteppedDay:
    """What the steps made of a date's rows; without such steps they are in chunks still."""

    rows: Rows
    proof: DaySteps | None
    """None when there are no such steps."""
    rejects: pl.DataFrame | None
    findings: tuple[Finding, ...]
    sources: Mapping[str, str]
    """Hash of what the result depends on beside rows and reference files; part of the manifest."""


def step_day(
    workspace: Workspace,
    pipeline: Pipeline,
    business_date: dt.date,
    parts: Sequence[Rows],
    references: Mapping[str, ReferenceTable],
) -> SteppedDay:
    """Takes the rows of all parts through the steps from the first on that needs them together."""
    _, steps = split_steps(compile_steps(pipeline.spec.steps))
    if not steps:
        return SteppedDay(concat_rows(parts), None, None, (), {})
    numbered = [part.collect().with_columns(pl.lit(batch, pl.Int64).alias(BATCH)) for batch, part in enumerate(parts)]
    rows = pl.concat(numbered, how="diagonal")
    history, sources = load_history(workspace, pipeline, business_date, steps)
    secret = workspace.settings.hash_key
    key = None if secret is None else secret.get_secret_value().encode()
    if key is not None and any(step.use == "hash" for step in steps):
        sources["hash key"] = hmac.new(key, b"fingerprint for manifests", hashlib.sha256).hexdigest()
    files = {file for step in steps for file in step.options.reference_files if file in references}
    known = Known(
        references={file: references[file].with_header() for file in files},
        history=history,
        business_date=business_date,
        secret=key,
    )
    stepped = run_steps(rows, steps, known)
    return SteppedDay(
        rows=Rows.of(stepped.rows.drop(BATCH, strict=False)),
        proof=DaySteps(rows, stepped.rows, stepped.counts, stepped.rejected_rows),
        rejects=as_date_rejects(stepped.failures, pipeline.spec),
        findings=tuple(tell_counts(stepped.counts, name=f"{pipeline.name} {business_date}")),
        sources=sources,
    )


def load_history(
    workspace: Workspace, pipeline: Pipeline, business_date: dt.date, steps: Sequence[Step]
) -> tuple[pl.DataFrame | None, dict[str, str]]:
    """What is shown of as many earlier dates as the steps look back on, and its hash; None when nothing is."""
    days = max(step.options.history_days for step in steps)
    if days == 0:
        return None, {}
    span = {"business_date": business_date, "first": business_date - dt.timedelta(days=days)}
    pipeline_id = workspace.pipeline_id(pipeline)
    with workspace.database.transaction() as connection:
        shown = tracking.rows_of(connection, "list_earlier_snapshots", pipeline_id=pipeline_id, **span)
    ids = " ".join(str(row["id"]) for row in shown)
    sources = {"earlier snapshots": hashlib.sha256(ids.encode()).hexdigest()}
    wanted = {column for step in steps for columns in step.options.named_columns.values() for column in columns}
    snapshots = [select_known(workspace.lake.load_version(row["parquet_path"]), wanted) for row in shown]
    return pl.concat(snapshots, how="diagonal_relaxed") if snapshots else None, sources


def select_known(rows: pl.DataFrame, wanted: set[str]) -> pl.DataFrame:
    """The columns of a snapshot that a step may look at."""
    return rows.select("business_date", *sorted(wanted & set(rows.columns) - {"business_date"}))
