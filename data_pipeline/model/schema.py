"""PipelineSpec -> JSON Schema of a pipeline.yaml, for editors that complete and check while one is written."""

import ast
import functools
import inspect
import json
import sys
from types import ModuleType
from typing import Any

from data_pipeline.model import destinations, reading, rules, spec

TITLE = "pipeline.yaml of data_pipeline"
MODULES: tuple[ModuleType, ...] = (spec, rules, reading, destinations)


def publish_schema() -> dict[str, Any]:
    """The schema with what the code says of every key."""
    schema = spec.PipelineSpec.model_json_schema()
    texts = read_descriptions()
    for name, part in {"PipelineSpec": schema, **schema.get("$defs", {})}.items():
        for key, field in part.get("properties", {}).items():
            text = find_description(texts, name, key)
            if text is not None:
                field["description"] = text
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": TITLE}


def write_schema() -> str:
    """The schema as a file."""
    return json.dumps(publish_schema(), indent=2, ensure_ascii=False) + "\n"


def find_description(texts: dict[tuple[str, str], str], name: str, key: str) -> str | None:
    """What the code says of a key, in the class itself or in one that it is made of."""
    owner = next((getattr(module, name) for module in MODULES if hasattr(module, name)), None)
    lineage = [base.__name__ for base in owner.__mro__] if isinstance(owner, type) else []
    return next((texts[base, key] for base in lineage if (base, key) in texts), None)


@functools.cache
def read_descriptions() -> dict[tuple[str, str], str]:
    """(class, key) -> the text below the key; Python keeps it in the source alone."""
    found = {}
    for module in MODULES:
        tree = ast.parse(inspect.getsource(sys.modules[module.__name__]))
        for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
            for field, below in zip(owner.body, owner.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    text = getattr(below, "value", None)
                    if isinstance(below, ast.Expr) and isinstance(text, ast.Constant):
                        found[owner.name, field.target.id] = " ".join(str(text.value).split())
    return found
