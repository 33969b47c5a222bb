"""A pipeline's declaration -> a Great Expectations suite; a published snapshot -> its verdict with Data Docs.

The suite judges snapshots, never rows on their way: it names 200 failing rows at most and is an order slower.
Importing Great Expectations takes seconds, so it is imported where it is used.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from data_pipeline.model.contradictions import NUMBERS
from data_pipeline.model.rules import RangeRule
from data_pipeline.model.spec import PipelineSpec

DOCS = "pages"


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
    for column in published:
        if column.type in NUMBERS and (column.minimum, column.maximum) != (None, None):
            limits = {"min_value": column.minimum, "max_value": column.maximum}
            planned.append(("ExpectColumnValuesToBeBetween", {"column": column.name, **limits}))
    return planned


def validate_snapshot(rows: pl.DataFrame, spec: PipelineSpec, *, folder: Path, batch_name: str) -> Verdict:
    """Runs the suite over a snapshot and adds its page to the Data Docs below `folder`."""
    import great_expectations as gx  # seconds
    import pandas as pd
    from great_expectations.checkpoint.actions import UpdateDataDocsAction
    from great_expectations.core.result_format import ResultFormat

    context = open_context(folder)
    suite = gx.ExpectationSuite(
        name=f"{spec.name}_snapshot",
        expectations=[getattr(gx.expectations, kind)(**arguments) for kind, arguments in plan_expectations(spec)],
    )
    source = context.data_sources.add_pandas(spec.name)
    batch = source.add_dataframe_asset(f"snapshot {batch_name}").add_batch_definition_whole_dataframe(batch_name)
    definition = gx.ValidationDefinition(name=f"{spec.name} {batch_name}", data=batch, suite=context.suites.add(suite))
    checkpoint = gx.Checkpoint(
        name=spec.name,
        validation_definitions=[context.validation_definitions.add(definition)],
        actions=[UpdateDataDocsAction(name="docs")],
        # The summary shows values that fail.
        result_format=ResultFormat.BOOLEAN_ONLY if spec.sensitive_columns else ResultFormat.SUMMARY,
    )
    outcome = context.checkpoints.add(checkpoint).run(
        batch_parameters={"dataframe": pd.DataFrame(rows.to_dict(as_series=False))}
    )
    results = [one for result in outcome.run_results.values() for one in result.results]
    failed = tuple(str(one.expectation_config) for one in results if not one.success)
    return Verdict(bool(outcome.success), len(results), failed, folder / DOCS / "index.html")


def open_context(folder: Path) -> Any:
    """A context that keeps results and their pages, and nothing else: a date must not meet what another left."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    def keep_in(name: str) -> dict[str, str]:
        return {"class_name": "TupleFilesystemStoreBackend", "base_directory": str((folder / name).resolve())}

    defaults = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    defaults.stores[defaults.validation_results_store_name]["store_backend"] = keep_in("results")
    defaults.data_docs_sites = {
        "local_site": {
            "class_name": "SiteBuilder",
            "store_backend": keep_in(DOCS),
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        }
    }
    config = DataContextConfig(store_backend_defaults=defaults, analytics_enabled=False)
    config.progress_bars = ProgressBarsConfig(globally=False)
    return gx.get_context(mode="ephemeral", project_config=config)
