"""Accepted rows of a date + reference files -> a checked candidate for its snapshot. Changes nothing."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import polars as pl

from data_pipeline.aggregate.completeness import compare_stores, read_roster
from data_pipeline.aggregate.conservation import BatchCount, find_losses
from data_pipeline.errors import RequestError, StoreError
from data_pipeline.flow.date_steps import step_day
from data_pipeline.flow.prepare import prepare_all
from data_pipeline.flow.steps import read_counts
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.references import load_references
from data_pipeline.model.batches import FileFault
from data_pipeline.model.findings import Finding
from data_pipeline.model.processing import Knowledge
from data_pipeline.model.rows import SLICE_ROWS, Rows
from data_pipeline.model.snapshots import Candidate, Manifest, ManifestInput
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.tables import ReferenceTable
from data_pipeline.persist import tracking
from data_pipeline.persist.parts import open_part
from data_pipeline.persist.tracking import Row
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.transform.registry import compile_steps


def compute_candidate(workspace: Workspace, pipeline: Pipeline, business_date: dt.date) -> Candidate:
    """Computes the snapshot that the current batches of a date give, and proves that no row was lost.

    Raises: RequestError when there is no accepted batch.
    """
    spec = pipeline.spec
    pipeline_id = workspace.pipeline_id(pipeline)
    with workspace.database.transaction() as connection:
        day = {"pipeline_id": pipeline_id, "business_date": business_date}
        batches = tracking.rows_of(connection, "list_current_batches", **day)
        jobs = tracking.rows_of(connection, "list_file_jobs", pipeline=spec.name, business_date=business_date)
        names = tracking.load_store_names(connection, spec.identity.chain_prefixes)
        aliases = tracking.load_aliases(connection)
    if not batches:
        raise RequestError(
            f"{spec.name} {business_date}: no readable delivery. See: data-pipeline status --date {business_date}"
        )
    refuse_aborted(jobs, f"{spec.name} {business_date}")
    restore_parts(workspace, pipeline, batches)
    references = load_needed_references(workspace, spec)
    by_store = spec.identity.store_column is not None
    parts = [open_rows(workspace, batch, by_store=by_store) for batch in batches]
    stepped = step_day(workspace, pipeline, business_date, parts, references)
    options = {} if spec.process is None else spec.process.options
    knowledge = Knowledge(references=references, store_names=names, options=options)
    rows, findings, label = process(pipeline, stepped.rows, knowledge)
    losses = find_losses(
        [count_batch(batch) for batch in batches],
        rows,
        grain=spec.grain,
        measures=spec.measures,
        by_store=by_store,
        steps=stepped.proof,
    )
    roster, roster_findings = read_roster(spec.roster, references)
    beside = {**hash_references(references, aliases), **stepped.sources}
    return Candidate(
        manifest=describe_sources(pipeline, business_date, batches, beside, label=label),
        rows=rows,
        completeness=compare_stores((batch["store"] for batch in batches), roster),
        findings=(*collect_findings(batches), *stepped.findings, *findings, *roster_findings),
        batch_ids=tuple(batch["id"] for batch in batches),
        losses=tuple(losses),
        rejects=stepped.rejects,
    )


def describe_sources(
    pipeline: Pipeline, business_date: dt.date, batches: Sequence[Row], beside: dict[str, str], *, label: str
) -> Manifest:
    """Everything that the snapshot follows from."""
    return Manifest(
        pipeline=pipeline.name,
        business_date=business_date,
        inputs=tuple(as_input(batch) for batch in batches),
        reference=beside,
        spec_hash=pipeline.spec.content_hash,
        rule_set=label,
        code_version=f"{version('data_pipeline')}+{pipeline.code_hash[:12]}",
    )


def process(pipeline: Pipeline, rows: Rows, knowledge: Knowledge) -> tuple[Rows, Sequence[Finding], str]:
    """What the pipeline's own processor makes of all rows together, its findings and label; without one they are the
    snapshot, in chunks still."""
    if pipeline.spec.process is None:
        # Hundreds of small batches are opened once, not with every pass.
        held = Rows.of(rows.collect()) if rows.height <= SLICE_ROWS else rows
        return held, (), "no processor"
    made = pipeline.load_processor()(rows.collect(), knowledge)
    return Rows.of(made.rows), made.findings, made.label


def load_needed_references(workspace: Workspace, spec: PipelineSpec) -> dict[str, ReferenceTable]:
    """All reference files; a pipeline that looks at none needs no reference folder."""
    named = any(step.options.reference_files for step in compile_steps(spec.steps))
    if spec.roster is None and spec.process is None and not named:
        return {}
    return load_references(workspace.settings.reference_dir, workspace.sandbox)


def refuse_aborted(jobs: Sequence[Row], what: str) -> None:
    """Raises: RequestError when the newest version of a delivery breaks a rule without which nothing is published."""
    for job in jobs:
        if job["status"] == "failed" and job["error_code"] == "RULE_ABORTS_DATE":
            raise RequestError(f"{what}: nothing is published until this is mended: {job['error_message']}")


def restore_parts(workspace: Workspace, pipeline: Pipeline, batches: Sequence[Row]) -> None:
    """Judges again, from the landed bytes, what is missing in staging: that folder holds nothing that cannot be made.

    Raises: StoreError when the landed bytes are gone too or can no longer be read.
    """
    lost = [batch for batch in batches if not (workspace.home / batch["part_path"]).exists()]
    landed = [workspace.landing.get(batch["content_sha256"], batch["file_name"]) for batch in lost]
    named = [(file, batch["file_name"]) for file, batch in zip(landed, lost, strict=True)]
    if not lost:
        return
    specs = (workspace.judging_spec(pipeline),)
    for batch, result in zip(
        lost, prepare_all(workspace.sandbox, named, specs, settings=workspace.settings), strict=True
    ):
        if isinstance(result, FileFault) or not (workspace.home / batch["part_path"]).exists():
            raise StoreError(
                f"{batch['file_name']}: its rows are gone from {batch['part_path']} and cannot be made again."
            )


def open_rows(workspace: Workspace, batch: Row, *, by_store: bool) -> Rows:
    """A batch's accepted rows with their provenance; where a file is of one store, it is the one that was decided."""
    decided = {"store": pl.lit(batch["store"])} if by_store else {}
    source = {"source_file": pl.lit(batch["file_name"]), "source_version": pl.lit(batch["version"], pl.Int64)}
    return open_part(workspace.home / batch["part_path"]).map(lambda rows: rows.with_columns(**decided, **source))


def count_batch(batch: Row) -> BatchCount:
    """What judging and the file's own steps counted; rows that the date's steps reject count as accepted here."""
    return BatchCount(
        label=f"{batch['file_name']} (version {batch['version']})",
        store=batch["store"],
        rows_read=batch["record_count"],
        rows_accepted=batch["processed_count"] + batch["step_failed_count"],
        rows_rejected=batch["failed_count"] - batch["step_failed_count"],
        measures=batch["measures"],
        steps=read_counts(Finding.model_validate(finding) for finding in batch["findings"]),
    )


def as_input(batch: Row) -> ManifestInput:
    """A batch as the manifest names it."""
    return ManifestInput(
        store=batch["store"],
        file_name=batch["file_name"],
        version=batch["version"],
        content_sha256=batch["content_sha256"],
        cells_sha256=batch["cells_sha256"],
        rows=batch["processed_count"] + batch["step_failed_count"],
    )


def hash_references(references: Mapping[str, ReferenceTable], aliases: Mapping[str, str]) -> dict[str, str]:
    """Hash of everything beside the rows that a result depends on."""
    taught = hashlib.sha256(json.dumps(aliases, sort_keys=True).encode()).hexdigest()
    return {**{name: table.sha256 for name, table in sorted(references.items())}, "store aliases": taught}


def collect_findings(batches: Sequence[Row]) -> list[Finding]:
    """What judging noted about the files."""
    return [Finding.model_validate(finding) for batch in batches for finding in batch["findings"]]
