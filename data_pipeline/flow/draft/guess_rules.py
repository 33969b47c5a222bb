"""Typed columns -> rules that the sample keeps, with room, each with what was seen."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl

from data_pipeline.flow.draft.columns import Column
from data_pipeline.flow.draft.evidence import Key

MOST_VALUES, REPEATED, VALUE_CHARACTERS = 12, 5, 40
ROOM = 3  # a bound is the power of ten above so many times what was seen
MOST_RUNS = 7  # of letters, digits or marks in a pattern
MARKS = frozenset("\\.^$*+?{}[]|()")  # that mean something in a pattern
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
URL = r"^https?://\S+$"


@dataclass(frozen=True)
class Guess:
    """A rule as it is declared, and what was seen."""

    rule: dict[str, Any]
    seen: str


def guess_rules(columns: Sequence[Column], key: Key) -> list[Guess]:
    """A rule of uniqueness that rejects, and others that only warn: a sample shows what is usual, not what may be."""
    names = [column.name for column in key.columns]
    seen = f"{key.repeats} rows repeat it and go back" if key.repeats else "no row repeats it"
    unique = {"kind": "unique", "name": "key_once", "columns": names}
    return [Guess(unique, seen), *(guess for column in columns for guess in guess_rule(column, names))]


def guess_rule(column: Column, key: Sequence[str]) -> Iterator[Guess]:
    """What may be said of one column; nothing of one that is always the same."""
    values = column.values.drop_nulls()
    if column.spec.type in ("integer", "number") and len(values) and not column.is_running_number:
        yield from guess_range(column, values)
    elif column.spec.type == "text" and column.distinct > 1:
        texts = values.filter(values != "")
        yield from guess_values(column, texts) if column.name not in key else guess_form(column, texts)


def guess_range(column: Column, values: pl.Series) -> Iterator[Guess]:
    """Bounds far beyond what was seen."""
    least, most = float(values.min()), float(values.max())  # type: ignore[arg-type]  # numbers
    if least == most == 0:
        return
    bounds = {"minimum": 0 if least >= 0 else -round_up(-least), "maximum": round_up(most) if most > 0 else 0}
    rule = {"kind": "range", "name": f"{column.name}_usual", "column": column.name, **bounds}
    yield Guess({**rule, "severity": "warn"}, f"{least:.15g} to {most:.15g}")


def round_up(number: float) -> int:
    """The power of ten above a positive number with room.

    >>> [round_up(number) for number in (0.02, 8, 103, 51642240)]
    [1, 100, 1000, 1000000000]
    """
    return int(10 ** max(0, math.ceil(math.log10(number * ROOM))))


def guess_values(column: Column, texts: pl.Series) -> Iterator[Guess]:
    """A short list, if every value comes again and again; else their form."""
    values = texts.unique().sort().to_list()
    is_list = len(values) <= MOST_VALUES and len(texts) >= REPEATED * len(values)
    if is_list and all(len(value) <= VALUE_CHARACTERS for value in values):
        rule = {"kind": "enum", "name": f"{column.name}_known", "column": column.name, "values": values}
        yield Guess({**rule, "severity": "warn"}, f"{len(values)} in {len(texts)} rows")
        return
    yield from guess_form(column, texts)


def guess_form(column: Column, texts: pl.Series) -> Iterator[Guess]:
    """Addresses, or codes that all look alike."""
    distinct = texts.unique()
    if len(distinct) < REPEATED:
        return
    for kind, pattern in (("email", EMAIL), ("url", URL)):
        if distinct.str.contains(pattern).all():
            yield Guess({"kind": kind, "name": f"{column.name}_form", "column": column.name, "severity": "warn"}, "all")
            return
    found = find_pattern(distinct.to_list())
    if found is not None:
        rule = {"kind": "pattern", "name": f"{column.name}_form", "column": column.name, "pattern": found}
        yield Guess({**rule, "severity": "warn"}, f"such as {min(distinct)!r}")


def find_pattern(texts: Sequence[str]) -> str | None:
    """A pattern that all texts have in common, if they have digits at the same places.

    >>> find_pattern(["PO-0012/A", "PO-7/B"])
    '[A-Z]{2}-[0-9]{1,4}/[A-Z]{1}'
    >>> find_pattern(["Soap", "Green tea"]) is None
    True
    """
    shapes = {tuple(kind for kind, _ in split_runs(text)) for text in texts}
    if len(shapes) != 1:
        return None
    [shape] = shapes
    if "[0-9]" not in shape or len(shape) > MOST_RUNS or any(kind == " " for kind in shape):
        return None
    lengths = zip(*([length for _, length in split_runs(text)] for text in texts), strict=True)
    bounds = [(min(seen), max(seen)) for seen in lengths]
    return "".join(kind + describe_length(kind, *bound) for kind, bound in zip(shape, bounds, strict=True))


def split_runs(text: str) -> list[tuple[str, int]]:
    """The kinds of characters that follow each other, with how many."""
    return [(kind, len(list(run))) for kind, run in groupby(text, key=classify)]


def classify(character: str) -> str:
    """The class of a character as a pattern writes it; a mark stands for itself."""
    if not character.isascii():
        return " " if not character.isalnum() else r"\w"
    if character.isdigit():
        return "[0-9]"
    if character.isalpha():
        return "[A-Z]" if character.isupper() else "[a-z]"
    return f"\\{character}" if character in MARKS else character


def describe_length(kind: str, least: int, most: int) -> str:
    """How often a class follows."""
    is_mark = kind[0] not in "[" and kind != r"\w"
    if least == most == 1 and is_mark:
        return ""
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"
