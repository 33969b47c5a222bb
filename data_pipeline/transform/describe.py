"""The registry -> docs/processors.md."""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from data_pipeline.transform.examples import EXAMPLES
from data_pipeline.transform.registry import VERBS, Verb

INTRODUCTION = """# Processors

`steps:` of a `pipeline.yaml` is a list of verbs with their options; the accepted rows go through them in order. What
comes out is what `process` gets, or the snapshot where there is none:

    steps:
      - {use: trim, columns: [brand]}
      - {use: filter, where: "stock > 0"}

* A row that a step cannot work on goes back to its sender as `PROCESSING_ERROR`, and with it all that was made of its
  record. The other rows go on. A missing value stays missing.
* A step that drops or adds rows says how many: `ROWS_FILTERED`, `ROWS_MERGED`, `ROWS_ADDED` ([findings](findings.md)).
  Nothing is published unless rows accepted - dropped + added = rows published.
* Steps work on each file as it is read, until the first that needs all rows of the date; from there on they run when
  the snapshot is computed. A changed reference file then gives another snapshot without reading any file again.
* Conditions and expressions are SQL over the columns of a row: `price > 0 AND brand IN ('A', 'B')`,
  `CASE WHEN stock > 0 THEN 'in' ELSE 'out' END`, `CAST(code AS INTEGER)`, `ROUND(price / 3, 2)`. Nothing else is
  possible in them: no subquery, no aggregate, no file.
* All faults of a declaration are told at once, with what is allowed, before any row is read.

This page is written by `python -m data_pipeline_tests.transform.test_describe`.
"""
CHANGES = {
    "none": "no row comes or goes, but for those that fail",
    "filters": "rows are left out",
    "merges": "several rows become one",
    "adds": "a row may become several",
}


def describe_verbs() -> str:
    """The page: every verb with its options and an example.

    Example:
        >>> "## trim" in describe_verbs()
        True
    """
    return "\n".join([INTRODUCTION, *(describe_verb(name, verb) for name, verb in VERBS.items())])


def describe_verb(name: str, verb: Verb) -> str:
    """One verb's section."""
    options = verb.options.model_validate(EXAMPLES[name])
    scope = "each file as it is read" if options.scope == "row" else "all rows of the date"
    why = str(inspect.getdoc(vars(type(options))["scope"])) if "scope" in vars(type(options)) else ""
    rows = [describe_option(verb, field) for field in verb.options.model_fields]
    table = ["| option | value | default | meaning |", "|---|---|---|---|", *rows]
    example = yaml.safe_dump(
        [{"use": name, **EXAMPLES[name]}], sort_keys=False, allow_unicode=True, default_flow_style=None, width=100
    )
    works = f"Works on {scope}" + (f" ({why.removesuffix('.')})" if why else "") + f"; {CHANGES[verb.change]}."
    return "\n".join(
        [f"## {name}", "", str(inspect.getdoc(verb.module)), works, "", *table, "", textwrap.indent(example, "    ")]
    )


def describe_option(verb: Verb, field: str) -> str:
    """One row of the table."""
    schema = verb.options.model_json_schema()
    shown = schema["properties"][field]
    required = field in schema.get("required", ())
    default = "" if required else f"`{yaml.safe_dump(shown.get('default'), default_flow_style=True).split(chr(10))[0]}`"
    meaning = " ".join(read_docstrings(verb.options)[field].split())
    cells = [f"`{field}`", name_value(shown, schema.get("$defs", {})), default, meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def name_value(shown: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    """A JSON Schema in the words of the page."""
    if "$ref" in shown:
        fields = named[shown["$ref"].rpartition("/")[2]]["properties"]
        return "{" + ", ".join(f"{key}: {name_value(value, named)}" for key, value in fields.items()) + "}"
    if "anyOf" in shown:
        kinds = [name_value(one, named) for one in shown["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in shown:
        return ", ".join(f"`{value}`" for value in shown["enum"])
    if "const" in shown:
        return f"`{shown['const']}`"
    if shown["type"] == "array":
        return f"list of {name_value(shown['items'], named)}"
    if shown["type"] == "object":
        values = shown.get("additionalProperties") or next(iter(shown["patternProperties"].values()))
        return f"text: {name_value(values, named)}"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}[shown["type"]]


def read_docstrings(options: type) -> dict[str, str]:
    """Field -> what stands below it in the source, of the class and of those it is made of."""
    found: dict[str, str] = {}
    for part in reversed(options.__mro__):
        if not part.__module__.startswith("data_pipeline."):
            continue
        [node] = ast.parse(textwrap.dedent(inspect.getsource(part))).body
        body = node.body if isinstance(node, ast.ClassDef) else []
        for field, below in zip(body, body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                found[ast.unparse(field.target)] = str(below.value.value)
    return found
