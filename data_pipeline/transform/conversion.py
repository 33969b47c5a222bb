"""Amounts in several units or currencies -> amounts in one, by a factor for each distinct unit."""

from collections.abc import Callable, Mapping

import polars as pl

from data_pipeline.transform.step import Fault, Outcome, require_type, split_failed

Line = tuple[float, float]
"""Factor and offset: converted = amount x factor + offset."""


def take_units(rows: pl.DataFrame, unit: str | None, unit_column: str | None) -> pl.Series:
    """The unit of every row, stripped; blank is ''."""
    if unit_column is None:
        return pl.repeat(unit, rows.height, dtype=pl.String, eager=True)
    require_type(rows, [unit_column], "text")
    return rows[unit_column].fill_null("").str.strip_chars()


def convert(
    rows: pl.DataFrame,
    amounts: pl.Series,
    units: pl.Series,
    *,
    lines: Mapping[str, Line],
    fault: tuple[str, Callable[[str], str]],
    write: Callable[[pl.Series], list[pl.Series]],
) -> Outcome:
    """Converts every amount; rows with an amount whose unit has no line fail, blank amounts stay blank.

    `write` makes the new columns of the converted amounts; `fault` is the column at fault and its words.
    """
    factors = look_up(units, {unit: line[0] for unit, line in lines.items()})
    offsets = look_up(units, {unit: line[1] for unit, line in lines.items()})
    is_failed = factors.is_null() & amounts.is_not_null()
    changed = rows.with_columns(write(amounts.cast(pl.Float64) * factors + offsets))
    column, explain = fault
    return split_failed(rows, changed, Fault(is_failed, column, explain))


def look_up(keys: pl.Series, values: Mapping[str, float]) -> pl.Series:
    """The number for each key, null where there is none."""
    known = pl.Series(list(values), dtype=pl.String)
    numbers = pl.Series(list(values.values()), dtype=pl.Float64)
    return keys.replace_strict(known, numbers, default=None, return_dtype=pl.Float64)
