"""One line of JSON Lines -> its values as texts, by key."""

import json
from typing import Any


def is_object(line: bytes) -> bool:
    """Whether a line is a JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def read_object(line: str) -> dict[str, str | None] | None:
    """A line's values as text; None when it is no object, or says one key twice."""
    try:
        pairs = json.loads(line, object_pairs_hook=Pairs, parse_float=Literal, parse_int=Literal, parse_constant=str)
        if not isinstance(pairs, Pairs) or len({key for key, _ in pairs}) < len(pairs):
            return None
        return {key: as_text(value) for key, value in pairs}
    except (ValueError, RecursionError):
        return None


class Pairs(list[tuple[str, Any]]):
    """An object's keys and values as they come."""


class Literal(str):
    """A number as it is written: 1.50 is not 1.5, and 1e400 no number that a double holds."""


def as_text(value: object) -> str | None:
    """A value as a cell would hold it; what is nested, as JSON."""
    return value if value is None or isinstance(value, str) else write_nested(value)


def write_nested(value: object) -> str:
    """JSON of a value; of a key that is said twice the last counts, as everywhere."""
    if isinstance(value, Literal):
        return value
    if isinstance(value, Pairs):
        inner = {key: f"{json.dumps(key, ensure_ascii=False)}: {write_nested(one)}" for key, one in value}
        return f"{{{', '.join(inner.values())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(write_nested, value))}]"
    return json.dumps(value, ensure_ascii=False)
