"""What the flow returned, told in Dagster's words: metadata, check results, plots over time.

Stays out: computing anything.
https://docs.dagster.io/guides/build/assets/metadata-and-tags
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
import polars as pl

from data_pipeline.aggregate.measures import sum_rows
from data_pipeline.flow.deliveries import Delivery
from data_pipeline.flow.stage import StagedBatch
from data_pipeline.model.findings import Finding, describe_codes
from data_pipeline.model.rows import Rows
from data_pipeline.model.snapshots import Candidate

RowsResult = dg.MaterializeResult[None] | dg.AssetCheckResult
SnapshotResult = dg.Output[Candidate] | dg.AssetCheckResult
Metadata = dict[str, dg.MetadataValue | int | float | str | bool]

SHOWN_ROWS = 50


def check_staging(staged: Sequence[StagedBatch], key: dg.AssetKey, name: str) -> dg.AssetCheckResult:
    """Rows read = accepted + rejected, in every file of the run."""
    unbalanced = [
        batch.file_name
        for batch in staged
        if batch.prepared and batch.prepared.rows_read != batch.prepared.rows_accepted + batch.prepared.rows_rejected
    ]
    return dg.AssetCheckResult(
        asset_key=key, check_name=name, passed=not unbalanced, metadata={"unbalanced_files": ", ".join(unbalanced)}
    )


def describe_staging(staged: Sequence[StagedBatch]) -> Metadata:
    """Counts of a staging run and a line per file."""
    prepared = [batch.prepared for batch in staged if batch.prepared]
    findings = [finding for one in prepared for finding in one.findings]
    return {
        "dagster/partition_row_count": sum(one.rows_accepted for one in prepared),
        "rows_read": sum(one.rows_read for one in prepared),
        "rows_rejected": sum(one.rows_rejected for one in prepared),
        "files": len(staged),
        "files_failed": sum(batch.fault is not None for batch in staged),
        "by_file": dg.MetadataValue.md("\n".join(map(describe_batch, staged)) or "nothing was waiting"),
        "findings": describe_findings(findings),
    }


def describe_batch(batch: StagedBatch) -> str:
    """One file in one line of Markdown."""
    if batch.fault is not None:
        return f"- **{batch.file_name}** failed: {batch.fault.code}: {batch.fault.message}"
    if batch.prepared is None:
        return f"- {batch.file_name}"
    counts = f"{batch.prepared.rows_accepted} accepted, {batch.prepared.rows_rejected} rejected"
    return f"- {batch.file_name} ({batch.store}, version {batch.version}): {counts}"


def describe_rejects(staged: Sequence[StagedBatch]) -> Metadata:
    """How many rows and files go back to their senders."""
    return {
        "rows_rejected": sum(batch.prepared.rows_rejected for batch in staged if batch.prepared),
        "files_failed": sum(batch.fault is not None for batch in staged),
        "where": "table batch_errors",
    }


def describe_findings(findings: Sequence[Finding]) -> dg.MetadataValue:
    """Codes with their number, then the first findings in words."""
    codes = ", ".join(f"{code}: {count}" for code, count in describe_codes(list(findings)).items())
    lines = [f"- {finding.code}: {finding.message}" for finding in findings[:SHOWN_ROWS]]
    return dg.MetadataValue.md("\n".join([codes or "none", "", *lines]))


def check_conservation(candidate: Candidate) -> dg.AssetCheckResult:
    """No row lost, doubled or changed in weight between the files and the snapshot."""
    losses = dg.MetadataValue.md("\n".join(f"- {loss}" for loss in candidate.losses) or "none")
    return dg.AssetCheckResult(check_name="conserved", passed=not candidate.losses, metadata={"losses": losses})


def check_completeness(candidate: Candidate) -> dg.AssetCheckResult:
    """Every store of the roster is in; a warning, since a day is published as it grows."""
    completeness = candidate.completeness
    return dg.AssetCheckResult(
        check_name="complete",
        passed=completeness.is_final,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "stores_in": len(completeness.stores_in),
            "stores_missing": ", ".join(completeness.stores_missing) or "none",
            "stores_unexpected": ", ".join(completeness.stores_unexpected) or "none",
        },
    )


def describe_candidate(candidate: Candidate, measures: Mapping[str, Sequence[str]]) -> Metadata:
    """What a snapshot is made of."""
    manifest = candidate.manifest
    return {
        "dagster/partition_row_count": candidate.rows.height,
        "stores": len(candidate.completeness.stores_in),
        "stores_missing": len(candidate.completeness.stores_missing),
        "is_final": candidate.completeness.is_final,
        "manifest_hash": manifest.hash,
        "manifest": dg.MetadataValue.json(manifest.model_dump(mode="json")),
        "rule_set": manifest.rule_set,
        "findings": describe_findings(candidate.findings),
        **sum_columns(candidate.rows, measures),
    }


def sum_columns(rows: Rows, measures: Mapping[str, Sequence[str]]) -> Metadata:
    """Totals worth a plot over time: every measure, and every column that by its name is a quantity or a cost."""
    named = [name for name in rows.columns if name.endswith(("_qty", "_cost")) and not name.startswith("unit_")]
    totals = sum_rows(rows, {**{name: (name,) for name in named}, **measures})
    return {f"total_{name}": total for name, total in totals.items()}


def describe_table(table: pl.DataFrame) -> Metadata:
    """A small table as Dagster shows it."""
    rows = [
        dg.TableRecord({name: str(value) for name, value in row.items()}) for row in table.head(SHOWN_ROWS).to_dicts()
    ]
    shown = dg.MetadataValue.table(rows, schema=dg.TableSchema([dg.TableColumn(name) for name in table.columns]))
    return {"dagster/partition_row_count": table.height, "preview": shown}


def describe_files(folder: Path, files: Sequence[Path], snapshot: pl.DataFrame) -> Metadata:
    """Where the order files are."""
    return {
        "folder": dg.MetadataValue.path(str(folder)),
        "files": len(files),
        "snapshot_id": snapshot["snapshot_id"][0] if snapshot.height else "",
    }


def describe_deliveries(found: Sequence[Delivery]) -> Metadata:
    """A line per destination."""
    lines = [
        f"- {one.destination}: {one.status}, {one.rows_delivered} rows, {one.rows_refused} refused, "
        f"{one.rows_left_out} left out by its condition"
        for one in found
    ]
    return {
        "destinations": len(found),
        "rows_refused": sum(one.rows_refused for one in found),
        "by_destination": dg.MetadataValue.md("\n".join(lines)),
    }
