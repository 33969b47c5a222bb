"""Row's XML -> its cells one by one: exact and slow, for what counts alone cannot tell."""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

LAST_ROW = 1_048_576  # of any sheet
PLACE = re.compile(rb"""<(?:\w+:)?c[^<>]*?\sr=["']([A-Z]+)(\d+)["']""")
SOUND = re.compile(r"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", re.DOTALL)
TEXT = re.compile(r"<(?:\w+:)?[vt](?:\s(?:[^<>]*[^<>/])?)?>(.*?)</(?:\w+:)?[vt]>", re.DOTALL)
ATTRIBUTE = re.compile(r"""\s([rst])=["']([^"']*)["']""")


class Cell(NamedTuple):
    """One cell as it is stored."""

    column: int
    """From 1."""
    type: str
    """As in the XML: s points at a shared text, n or nothing is a number, d an ISO date."""
    style: int
    text: str
    """Its value as stored, references to characters unresolved; '' if it holds nothing."""


def split_rows(text: str, prefix: str) -> list[str]:
    """The row elements of a run."""
    return [f"<{prefix}row{row}" for row in text.split(f"<{prefix}row")[1:]]


def scan_cells(row: str, prefix: str) -> Iterator[Cell]:
    """Every cell of a row element; one that does not say where it is follows its predecessor."""
    column = 0
    for attributes, content in find_cells(prefix).findall(row):
        stated = dict(ATTRIBUTE.findall(attributes))
        column = find_column(stated["r"].rstrip("0123456789")) if "r" in stated else column + 1
        text = "".join(TEXT.findall(SOUND.sub("", content))) if content else ""
        yield Cell(column, stated.get("t", ""), int(stated.get("s", 0)), text)


def find_last_place(row: bytes, prefix: str) -> re.Match[bytes] | None:
    """Where the last cell of a row says it is."""
    at = row.rfind(f"<{prefix}c ".encode())
    return PLACE.match(row, at) if at >= 0 else None


@functools.cache
def find_cells(prefix: str) -> re.Pattern[str]:
    """Attributes and content of every cell element."""
    return re.compile(rf"<{prefix}c((?:\s[^<>]*?)?)(?:/>|>(.*?)</{prefix}c>)", re.DOTALL)


@functools.cache
def find_column(letters: str) -> int:
    """A column's position from 1: A is 1, AA is 27."""
    return functools.reduce(lambda column, letter: column * 26 + ord(letter) - ord("A") + 1, letters, 0)


def name_column(column: int) -> str:
    """A column's letters; its position counts from 1."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
