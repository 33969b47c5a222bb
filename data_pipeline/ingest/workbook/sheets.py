"""Sheets of a workbook, the one that is meant, and how a number of it is written as text."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import polars as pl

from data_pipeline.errors import FileRejected

Opened = TypeVar("Opened")


@dataclass(frozen=True)
class SheetInfo:
    """One sheet of a workbook, counted from 1 as its tabs are."""

    name: str
    position: int
    is_hidden: bool
    has_cells: bool = True
    """False: a chart, a dialog or macros."""


def choose_sheet(
    sheets: Sequence[SheetInfo],
    wanted: str | int | None,
    *,
    open_sheet: Callable[[SheetInfo], Opened],
    has_content: Callable[[Opened], bool],
    name: str,
) -> tuple[SheetInfo, Opened]:
    """The sheet that is wanted, or the first visible one with content; without any content, the first visible one.

    Raises: FileRejected when there is none.
    """
    with_cells = [sheet for sheet in sheets if sheet.has_cells]
    if wanted is None:
        candidates = [sheet for sheet in with_cells if not sheet.is_hidden] or with_cells
    else:
        candidates = [sheet for sheet in with_cells if is_wanted(sheet, wanted)]
    if not candidates:
        raise sheet_not_found(name, wanted, with_cells)
    opened: Iterator[tuple[SheetInfo, Opened]] = ((sheet, open_sheet(sheet)) for sheet in candidates)
    first = next(opened)
    return first if has_content(first[1]) else next((pair for pair in opened if has_content(pair[1])), first)


def is_wanted(sheet: SheetInfo, wanted: str | int) -> bool:
    """Whether a declared name or position means this sheet; no two names differ in case alone."""
    if isinstance(wanted, int):
        return sheet.position == wanted
    return sheet.name.strip().casefold() == wanted.strip().casefold()


def sheet_not_found(name: str, wanted: str | int | None, sheets: Sequence[SheetInfo]) -> FileRejected:
    """The refusal of a workbook without the sheet that its pipeline reads."""
    known = ", ".join(f"{sheet.position}: {sheet.name!r}" for sheet in sheets) or "none"
    expected = "a sheet with cells" if wanted is None else f"a sheet {wanted!r}"
    return FileRejected(
        "SHEET_NOT_FOUND", f"{name}: expected {expected}; the workbook has {known}. Send the workbook that has it."
    )


def build_frame(rows: list[list[str]]) -> pl.DataFrame:
    """Rows, all of one width, as one text column per position."""
    columns = zip(*rows, strict=True)
    return pl.DataFrame({str(index): pl.Series(column, dtype=pl.String) for index, column in enumerate(columns)})


def write_number(value: float) -> str:
    """A double in its shortest form, without exponent: 6, 0.07, 0.00001, 12345678901234567000; NAN and INF as text."""
    if not math.isfinite(value):
        return str(value).upper()
    text = repr(value + 0.0)  # no -0.0
    if "e" in text:
        text = f"{Decimal(text):f}"
    return text.removesuffix(".0")
