"""What stands in the README of a drafted pipeline: what was guessed, from what, and what to check."""

from data_pipeline.flow.draft.compose import Draft
from data_pipeline.flow.draft.example import Example
from data_pipeline.model.inspection import Inspection
from data_pipeline.model.spec import ColumnSpec, PipelineSpec

TEMPLATE = """# {title}

Drafted from `{file}` ({records:,} records). Nothing here was asked of a person yet: read `pipeline.yaml` from top to
bottom once, and change what is not so. Every section is explained in docs/pipelines.md of the product.

## What was decided, and why

{decisions}

## What to check

{checks}

## Columns

| header | column | type | may be blank |
|---|---|---|---|
{columns}

## What came of the sample

{outcome}

## Example

`examples/rows.csv` holds the first records of the sample, `examples/expected.csv` the rows of the snapshot that they
give: {example}. When a rule, a type or a step changes, so does what is expected; change it by hand, so that
it says what is right and not what happens.

## Run it

    data-pipeline inspect FILE --pipeline {name}
    data-pipeline process --pipeline {name} --date YYYY-MM-DD --input-dir FOLDER
"""
CHECKS = (
    "title and description: a shop manager reads them in the catalogue.",
    "types: a column of codes must be text, or leading zeros are lost; one that holds decimals tomorrow is no integer.",
    "required columns: what was never blank in the sample must not be blank; add `nullable: true` where it may be.",
    "`unit` of every number, such as pieces or IDR: a file cannot say it.",
    "rules: those that were guessed only warn.",
)


def write_readme(draft: Draft, spec: PipelineSpec, seen: Inspection, example: Example) -> str:
    """The page for one draft."""
    return TEMPLATE.format(
        title=spec.title,
        name=spec.name,
        file=escape(seen.file),
        records=seen.records,
        decisions=list_points(draft.decisions),
        checks=list_points([*draft.doubts, *CHECKS]),
        columns="\n".join(map(describe_column, spec.columns)),
        outcome=describe_outcome(seen),
        example=f"{example.accepted} accepted, {example.rejected} rejected",
    )


def list_points(texts: tuple[str, ...] | list[str]) -> str:
    """One point a line."""
    return "\n".join(f"* {escape(text)}" for text in texts)


def describe_column(column: ColumnSpec) -> str:
    """A column as a row of the table."""
    return f"| {escape(column.header)} | {column.name} | {column.type} | {'yes' if column.nullable else 'no'} |"


def describe_outcome(seen: Inspection) -> str:
    """How the draft judges the whole sample."""
    if seen.verdict is None or seen.fault is not None:
        return f"The draft refuses it: {escape(seen.fault.message if seen.fault else 'it was not judged')}"
    codes = "".join(f"\n* {code}: {count}" for code, count in seen.verdict.codes.items())
    return f"{seen.verdict.accepted:,} rows accepted, {seen.verdict.rejected:,} rejected.{codes}"


def escape(text: str) -> str:
    """A text that a table's cell can hold in one line."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown.replace("|", "\\|")
