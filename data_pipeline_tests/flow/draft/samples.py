"""Samples drawn as text, and what a draft says of them."""

from pathlib import Path
from typing import Any

import polars as pl
import yaml

from data_pipeline.flow.draft.compose import Draft, compose
from data_pipeline.flow.draft.survey import survey_file
from data_pipeline.generate.workbook import write_workbook
from data_pipeline.model.faults import read_spec
from data_pipeline.model.reading import Limits
from data_pipeline.model.spec import PipelineSpec
from data_pipeline_tests.flow.days import EXPORTED


def write_sample(path: Path, text: str) -> Path:
    """A text file, its lines without their indentation."""
    lines = [line.strip() for line in text.strip().splitlines()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_book(path: Path, rows: pl.DataFrame, *, texts: tuple[str, ...]) -> Path:
    """A workbook of these rows; the other columns hold numbers."""
    write_workbook(path, rows.cast(pl.String), text_columns=texts, created=EXPORTED)
    return path


def draft_from(path: Path, name: str = "drafted", rivals: tuple[str, ...] = ()) -> tuple[Draft, PipelineSpec]:
    """The draft, and the spec that it declares."""
    draft = compose(name, survey_file(path, path.name, Limits()), rivals)
    spec, faults = read_spec(yaml.safe_load(draft.text))

    assert faults == []
    assert spec is not None
    return draft, spec


def describe_columns(spec: PipelineSpec) -> dict[str, str]:
    """Name -> type, with a question mark where it may be blank."""
    return {column.name: column.type + ("?" if column.nullable else "") for column in spec.columns}


def find_rules(spec: PipelineSpec, kind: str) -> list[dict[str, Any]]:
    """The rules of a kind as they are declared."""
    return [rule.model_dump(exclude_defaults=True, exclude={"kind"}) for rule in spec.rules if rule.kind == kind]
