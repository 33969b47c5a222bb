"""A pipeline's declaration -> a Great Expectations suite; a published snapshot -> its verdict with Data Docs.

The suite judges snapshots, never rows on their way: it names 200 failing rows at most and is an order slower.
Importing Great Expectations takes seconds, so it is imported where it is used.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from data_pipeline.model.spec import PipelineSpec, RangeRule


@dataclass(frozen=True)
class Verdict:
    """What a suite said of a snapshot."""

    success: bool
    count: int
    failed: tuple[str, ...]
    docs: Path


def plan_expectations(spec: PipelineSpec) -> list[tuple[str, dict[str, Any]]]:
    """Class name and arguments of every expectation that the declaration implies.

    Rejecting rules must hold without exception; rules that only warn are left to the findings.
    """
    published = [column for column in spec.columns if column.published]
    planned: list[tuple[str, dict[str, Any]]] = [("ExpectTableRowCountToBeBetween", {"min_value": 1})]
    planned += [("ExpectColumnToExist", {"column": column.name}) for column in published]
    planned += [("ExpectColumnValuesToNotBeNull", {"column": c.name}) for c in published if not c.nullable]
    planned.append(("ExpectCompoundColumnsToBeUnique", {"column_list": list(spec.grain)}))
    for rule in spec.rules:
        if isinstance(rule, RangeRule) and rule.severity == "reject_row":
            bounds = {"min_value": rule.minimum, "max_value": rule.maximum}
            planned.append(("ExpectColumnValuesToBeBetween", {"column": rule.column, **bounds}))
    return planned


def validate_snapshot(rows: pl.DataFrame, spec: PipelineSpec, *, folder: Path, batch_name: str) -> Verdict:
    """Runs the suite over a snapshot and writes Data Docs below `folder`."""
    import great_expectations as gx  # seconds
    import pandas as pd
    from great_expectations.checkpoint.actions import UpdateDataDocsAction
    from great_expectations.data_context.types.base import ProgressBarsConfig

    folder.mkdir(parents=True, exist_ok=True)
    context = gx.get_context(mode="file", project_root_dir=str(folder))
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    planned = plan_expectations(spec)
    suite = gx.ExpectationSuite(
        name=f"{spec.name}_snapshot",
        expectations=[getattr(gx.expectations, kind)(**arguments) for kind, arguments in planned],
    )
    context.suites.add_or_update(suite)
    source = context.data_sources.add_or_update_pandas(spec.name)
    snapshot = f"snapshot {batch_name}"
    if snapshot in {asset.name for asset in source.assets}:
        source.delete_asset(snapshot)
    batch = source.add_dataframe_asset(snapshot).add_batch_definition_whole_dataframe(batch_name)
    definition = gx.ValidationDefinition(name=f"{spec.name} {batch_name}", data=batch, suite=suite)
    # Adds this day's page to the docs; rebuilding all of them would take longer every day.
    checkpoint = gx.Checkpoint(
        name=spec.name,
        validation_definitions=[context.validation_definitions.add_or_update(definition)],
        actions=[UpdateDataDocsAction(name="docs")],
        result_format="SUMMARY",
    )
    outcome = context.checkpoints.add_or_update(checkpoint).run(
        batch_parameters={"dataframe": pd.DataFrame(rows.to_dict(as_series=False))}
    )
    results = [one for result in outcome.run_results.values() for one in result.results]
    failed = tuple(str(one.expectation_config) for one in results if not one.success)
    docs = folder / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"
    return Verdict(bool(outcome.success), len(results), failed, docs)
