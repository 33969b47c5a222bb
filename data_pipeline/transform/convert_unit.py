"""Converts amounts into one unit."""

import functools
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Self

import polars as pl
from pydantic import model_validator

from data_pipeline.transform.conversion import Line, convert, take_units
from data_pipeline.transform.step import Outcome, StepOptions, require_type

# What may be asked of the parser of units: names, powers of one digit, products, quotients.
PLAIN_UNIT = re.compile(r"[^\W\d_°µμΩ%]*[°µμΩ%]?[^\W\d]*([\^*/ ]{1,3}([^\W\d]{1,20}|-?[1-9])){0,4}")
MOST_CHARACTERS = 40


class Options(StepOptions):
    """Which amounts, in which unit they are and should be."""

    column: str
    """Column of amounts."""
    to: str
    """The unit wanted, such as kg, m/s or degC. https://pint.readthedocs.io"""
    unit: str | None = None
    """The unit of all amounts; or else `unit_column`."""
    unit_column: str | None = None
    """Text column with each row's unit; afterwards it holds `to`."""
    factors: dict[str, float] = {}
    """Units of your own: how many `to` one of them is. They count before those that everybody knows."""
    into: str | None = None
    """New column for the result; without it the amounts are replaced."""

    @model_validator(mode="after")
    def check_unit(self) -> Self:
        """One way to say the unit."""
        if (self.unit is None) == (self.unit_column is None):
            raise ValueError("expected either unit or unit_column")
        if self.unit is not None and find_line(self.unit, self.to, self.factors) is None:
            raise ValueError(f"no conversion from {self.unit!r} to {self.to!r} is known; declare one in factors")
        return self

    @property
    def may_reject(self) -> bool:
        """Where units differ by row."""
        return self.unit_column is not None

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Amounts and units."""
        units = {} if self.unit_column is None else {"unit_column": (self.unit_column,)}
        return {"column": (self.column,), **units}

    @property
    def new_columns(self) -> Sequence[str]:
        """The result's, if it is another."""
        return () if self.into is None else (self.into,)


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Converts amounts; a row whose unit is unknown, blank or of another kind fails.

    Units: the result is in `to`, a double.
    Example:
        >>> rows = pl.DataFrame({"weight": [1500.0, 2.0, 3.0], "unit": ["g", "carton", "m"]})
        >>> made = apply(rows, Options(column="weight", unit_column="unit", to="kg", factors={"carton": 12.0}))
        >>> made.rows.rows()
        [(1.5, 'kg'), (24.0, 'kg')]
        >>> made.failures["@message"].to_list()
        ["expected a unit that converts to 'kg', found 'm'. Correct it, or declare its factor."]
    """
    require_type(rows, [options.column], "number")
    units = take_units(rows, options.unit, options.unit_column)
    found = {unit: find_line(unit, options.to, options.factors) for unit in units.unique()}
    target = options.into or options.column

    def write(converted: pl.Series) -> list[pl.Series]:
        named = [] if options.unit_column is None else [pl.repeat(options.to, rows.height, eager=True)]
        return [converted.alias(target), *(unit.alias(str(options.unit_column)) for unit in named)]

    return convert(
        rows,
        rows[options.column],
        units,
        lines={unit: line for unit, line in found.items() if line is not None},
        fault=(options.unit_column or options.column, lambda text: explain(text, options.to)),
        write=write,
    )


def explain(text: str, to: str) -> str:
    """What is wrong with a unit."""
    return f"expected a unit that converts to {to!r}, found {text!r}. Correct it, or declare its factor."


def find_line(unit: str, to: str, factors: Mapping[str, float]) -> Line | None:
    """Factor and offset from a unit to another, None when they do not convert."""
    if unit in factors:
        return factors[unit], 0.0
    if unit == to:
        return 1.0, 0.0
    return measure_line(unit, to)


@functools.lru_cache(maxsize=4096)
def measure_line(unit: str, to: str) -> Line | None:
    """The line that a conversion is; None when Pint knows none, or it is a curve as for logarithmic units."""
    if not all(len(one) <= MOST_CHARACTERS and PLAIN_UNIT.fullmatch(one) for one in (unit, to)):
        return None
    # Half a second, and most processes never need it.
    import pint

    registry = open_registry()
    try:
        zero, one, two = (registry.Quantity(Decimal(amount), unit).to(to).magnitude for amount in (0, 1, 2))
    except (pint.PintError, ArithmeticError, AttributeError, TypeError, ValueError):
        return None
    is_line = math.isclose(two - one, one - zero, rel_tol=1e-12) and math.isfinite(one)
    return (float(one - zero), float(zero)) if is_line else None


@functools.cache
def open_registry() -> Any:
    """Every unit that Pint knows."""
    import pint

    return pint.UnitRegistry(non_int_type=Decimal, autoconvert_offset_to_baseunit=True)
