"""Cells of a table -> one spelling of each and a digest, whichever library read them."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Cells = Mapping[tuple[int, int], str]
"""Texts that are not blank, by row as the sender's program counts it and by column from 0."""

# Leading zeros are no spelling of a number: 007 is a text.
NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00:00")


@dataclass(frozen=True)
class Shape:
    """Size and digest of a table."""

    rows: int
    columns: int
    digest: str

    def __str__(self) -> str:
        """As the manifest writes it."""
        return f"{self.rows}x{self.columns} {self.digest}"


def spell(text: str) -> str:
    """One spelling of a workbook's value: numbers in their shortest form, dates without midnight, one line end.

    >>> [spell(text) for text in ("1.50", "1E-3", "007", "2020-01-02T00:00:00", "a")]
    ['1.5', '0.001', '007', '2020-01-02', 'a']
    """
    if NUMBER.fullmatch(text):
        return repr(float(text) + 0.0).removesuffix(".0")
    return MIDNIGHT.sub(r"\1", text.replace("\r\n", "\n").replace("\r", "\n"))


def collect(rows: Iterable[tuple[int, Sequence[str]]], *, is_text: bool) -> dict[tuple[int, int], str]:
    """The cells of numbered rows; those of a text file stay as they are."""
    found = {}
    for number, texts in rows:
        for column, text in enumerate(texts):
            if text:
                found[number, column] = text if is_text else spell(text)
    return found


def describe(cells: Cells) -> Shape:
    """Rows that hold something, columns up to the last that does, and a digest of places and texts."""
    digest = hashlib.sha256()
    for (row, column), text in sorted(cells.items()):
        digest.update(f"{row}\t{column}\t{text!r}\n".encode())
    rows = len({row for row, _ in cells})
    columns = max((column for _, column in cells), default=-1) + 1
    return Shape(rows, columns, digest.hexdigest()[:16])


def mark_ragged(fields: int) -> str:
    """What stands for a record of another number of fields than most, which nobody can put into columns."""
    return f"[{fields} fields]"
