"""A declaration as it was written -> the spec, or every fault of it at once, each with its key path.

A validator that stops at the first kind of fault makes its user mend a file five times. So what is faulty in itself is
left out, and the rest is still asked whether it fits together.
"""

import copy
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from data_pipeline.model.contradictions import Fault, Path, find_contradictions
from data_pipeline.model.spec import PipelineSpec

FindMeaningless = Callable[[PipelineSpec, frozenset[str]], list[Fault]]
"""The spec, and columns that are declared but faulty -> faults."""

# What stands in for a part that is faulty itself or missing, so that the others can be looked at.
STAND_IN: Mapping[str, Any] = {"name": "x", "title": "", "description": "", "columns": [], "grain": [],
                              "process": {"processor": "x:x"}}  # fmt: skip


def read_spec(
    declared: Any, find_meaningless: FindMeaningless = lambda _, __: []
) -> tuple[PipelineSpec | None, list[Fault]]:
    """The spec and no fault, or None and all of them; `find_meaningless` says what only layers above can know."""
    try:
        spec = PipelineSpec.model_validate(declared, context={"is_lenient": True})
    except ValidationError as error:
        faults = expand(error)
        if isinstance(declared, dict):
            faults += find_more(declared, [detail["loc"] for detail in error.errors()], find_meaningless)
        return None, faults
    faults = find_contradictions(spec) + find_meaningless(spec, frozenset())
    return (None, faults) if faults else (spec, [])


def find_more(declared: dict[str, Any], faulty: list[Path], find_meaningless: FindMeaningless) -> list[Fault]:
    """What does not fit together in the parts that are not faulty in themselves."""
    rest, kept, names = leave_out(declared, faulty)
    try:
        spec = PipelineSpec.model_validate(rest, context={"is_lenient": True})
    except ValidationError as error:
        more = expand(error)
    else:
        more = find_contradictions(spec, also_known=names) + find_meaningless(spec, names)
    return [move_back(path, kept, words) for path, words in more]


def move_back(path: Path, kept: Mapping[str, list[int]], words: str) -> Fault:
    """A fault among the parts that were kept, where its part stands in the declaration."""
    if path[0] in kept and len(path) > 1:
        path = (path[0], kept[str(path[0])][int(path[1])], *path[2:])
    return path, words


def expand(error: ValidationError) -> list[Fault]:
    """Faults with their paths as they are written in the declaration."""
    faults: list[Fault] = []
    for detail in error.errors():
        path = strip_kind(detail["loc"])
        message = detail["msg"]
        if detail["type"] == "extra_forbidden":
            message = f"unknown key; {describe_keys(path)}"
        faults.append((path, message))
    return faults


def strip_kind(path: Path) -> Path:
    """A path without the kind of rule or destination that pydantic puts into it."""
    has_kind = path[:1] in (("rules",), ("destinations",)) and len(path) > 2 and isinstance(path[2], str)
    return (*path[:2], *path[3:]) if has_kind else path


def leave_out(
    declared: dict[str, Any], paths: list[Path]
) -> tuple[dict[str, Any], dict[str, list[int]], frozenset[str]]:
    """The declaration without its faulty parts, where the parts of its lists stood, and the left out columns' names."""
    rest = copy.deepcopy(declared)
    faulty: dict[str, set[int]] = {}
    for path in paths:
        key = str(path[0]) if path else ""
        if len(path) > 1 and isinstance(path[1], int) and isinstance(rest.get(key), list):
            faulty.setdefault(key, set()).add(path[1])
        else:
            rest.pop(key, None)
    kept = {key: [place for place in range(len(rest[key])) if place not in faulty[key]]
            for key in faulty if key in rest}  # fmt: skip
    left_out = [
        column for place, column in enumerate(declared.get("columns") or []) if place in faulty.get("columns", ())
    ]
    names = [column.get("name") for column in left_out if isinstance(column, dict)]
    rest |= {key: [rest[key][place] for place in places] for key, places in kept.items()}
    return {**STAND_IN, **rest}, kept, frozenset(name for name in names if isinstance(name, str))


def describe_keys(path: Path) -> str:
    """Which keys there are where an unknown one stands, and which may have been meant."""
    keys = sorted(find_keys(path[:-1]))
    near = get_close_matches(str(path[-1]), keys, n=1)
    meant = f"is {near[0]!r} meant? " if near else ""
    return f"{meant}known: {', '.join(keys)}"


def find_keys(path: Path) -> set[str]:
    """The keys that a part of the declaration may have."""
    schema = PipelineSpec.model_json_schema()
    parts = [schema]
    for step in path:
        parts = [found for part in parts for found in enter(part, step, schema)]
    return {key for part in parts for key in part.get("properties", {})}


def enter(part: dict[str, Any], step: str | int, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of what lies one step further in."""
    inner = part.get("items", {}) if isinstance(step, int) else part.get("properties", {}).get(step, {})
    choices = inner.get("anyOf") or inner.get("oneOf") or [inner]
    return [schema["$defs"][choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice for choice in choices]
