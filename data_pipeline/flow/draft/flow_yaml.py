"""Values -> YAML in flow style, one thing a line, as a person writes a declaration."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

WIDTH = 120
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ./*-")


def quote(value: object) -> str:
    """A scalar; texts that YAML would read otherwise are quoted.

    >>> [quote(value) for value in ("Max. Sales", "no", "12", "a: b", "*.csv", True, 3)]
    ['Max. Sales', '"no"', '"12"', '"a: b"', '"*.csv"', 'true', '3']
    """
    if not isinstance(value, str):
        return json.dumps(value)
    is_plain = value[:1].isalpha() and set(value) <= PLAIN and value == value.strip()
    if is_plain and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())


def flow(value: object) -> str:
    """A value in one line.

    >>> flow({"name": "key_once", "columns": ["sku", "no"]})
    '{name: key_once, columns: [sku, "no"]}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quote(key)}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    return quote(value)


def flow_list(lead: str, value: Mapping[str, Any], *, comment: str = "") -> list[str]:
    """A mapping behind its lead, with a comment; broken at its commas where it is too long."""
    note = f"  # {' '.join(comment.split())}" if comment else ""
    line = f"{lead}{flow(value)}"
    if len(line) + len(note) <= WIDTH:
        return [line + note]
    lines, rest = [f"  {note.strip()}"] if note else [], line
    indent = " " * (len(lead) + 2)
    while len(rest) > WIDTH and (at := rest.rfind(", ", len(indent) + 1, WIDTH)) > 0 and is_between(rest, at):
        lines, rest = [*lines, rest[: at + 1]], indent + rest[at + 2 :]
    return [*lines, rest]


def is_between(line: str, at: int) -> bool:
    """Whether a place of a line is not inside a quoted text."""
    return line[:at].replace('\\"', "").count('"') % 2 == 0
