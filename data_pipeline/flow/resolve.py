"""A pipeline's spec -> the same with what its rules refer to: values of reference files, the folder's own code.

Kept results are found by the hash of the spec that judged them. What a rule refers to is filled in first, so that a
changed reference file or function judges files anew.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data_pipeline.errors import StoreError
from data_pipeline.ingest.references import load_references
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.rules import CustomRule, ReferenceRule
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.tables import ReferenceTable
from data_pipeline.pipelines.catalog import Pipeline


def resolve(pipeline: Pipeline, reference_dir: Path, sandbox: Sandbox) -> PipelineSpec:
    """The spec by which files are judged now.

    Raises: StoreError when a reference file or its column is missing: every row would break the rule.
    """
    spec = pipeline.spec
    if not any(isinstance(rule, ReferenceRule | CustomRule) for rule in spec.rules):
        return spec
    references: dict[str, ReferenceTable] = {}
    if any(isinstance(rule, ReferenceRule) for rule in spec.rules):
        references = load_references(reference_dir, sandbox)
    filled: list[Any] = []
    for rule in spec.rules:
        if isinstance(rule, ReferenceRule):
            filled.append(rule.model_copy(update={"known": list_known(rule, references)}))
        elif isinstance(rule, CustomRule):
            filled.append(rule.model_copy(update={"code": pipeline.code_hash, "folder": str(pipeline.folder)}))
        else:
            filled.append(rule)
    return spec.model_copy(update={"rules": tuple(filled)})


def list_known(rule: ReferenceRule, references: Mapping[str, ReferenceTable]) -> tuple[str, ...]:
    """What the file lists, each once, as it is compared."""
    table = references.get(rule.file)
    columns = [] if table is None else table.with_header().columns
    if table is None or rule.file_column not in columns:
        found = ", ".join(columns) if table else ", ".join(sorted(references)) or "no file"
        what = f"column {rule.file_column!r} in reference file {rule.file!r}"
        raise StoreError(f"rule {rule.name!r}: expected {what}, found {found}. Restore it and judge again.")
    values = table.with_header()[rule.file_column].drop_nulls().str.strip_chars().str.to_lowercase()
    return tuple(values.filter(values != "").unique().sort())
