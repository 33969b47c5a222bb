"""Converts amounts of money into one currency."""

from collections.abc import Mapping, Sequence
from typing import Self

import polars as pl
from pydantic import Field, model_validator

from data_pipeline.errors import StoreError
from data_pipeline.model.reading import DecimalMark
from data_pipeline.parsing.numbers import NumberFormat, parse_numbers
from data_pipeline.transform.conversion import convert, take_units
from data_pipeline.transform.step import NOTHING, Known, Outcome, Scope, StepOptions, require_type


class Options(StepOptions):
    """Which amounts, in which currency they are and should be, and what it costs."""

    column: str
    """Column of amounts."""
    to: str = Field(pattern="^[A-Z]{3}$")
    """The currency wanted, by ISO 4217."""
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")
    """The currency of all amounts; or else `currency_column`."""
    currency_column: str | None = None
    """Text column with each row's currency, in any case; afterwards it holds `to`."""
    rates: dict[str, float] = {}
    """How many `to` one unit of a currency is; or else `file`."""
    file: str | None = None
    """Reference file with the columns `currency` and `rate`; the snapshot's manifest names its hash."""
    file_decimal_mark: DecimalMark = "."
    """How the file writes rates."""
    decimals: int = Field(2, ge=0, le=10)
    """Digits that the result is rounded to, half to even."""
    into: str | None = None
    """New column for the result; without it the amounts are replaced."""

    @model_validator(mode="after")
    def check_sources(self) -> Self:
        """One way to say the currency, and one to say the rates."""
        if (self.currency is None) == (self.currency_column is None):
            raise ValueError("expected either currency or currency_column")
        if bool(self.rates) == (self.file is not None):
            raise ValueError("expected either rates or file")
        if any(rate <= 0 for rate in self.rates.values()):
            raise ValueError("expected rates above 0")
        return self

    @property
    def scope(self) -> Scope:
        """Reference files are read once for a date."""
        return "row" if self.file is None else "date"

    @property
    def reference_files(self) -> Sequence[str]:
        """That of the rates."""
        return () if self.file is None else (self.file,)

    @property
    def may_reject(self) -> bool:
        """A currency may have no rate."""
        return True

    @property
    def named_columns(self) -> Mapping[str, Sequence[str]]:
        """Amounts and currencies."""
        currencies = {} if self.currency_column is None else {"currency_column": (self.currency_column,)}
        return {"column": (self.column,), **currencies}

    @property
    def new_columns(self) -> Sequence[str]:
        """The result's, if it is another."""
        return () if self.into is None else (self.into,)


def apply(rows: pl.DataFrame, options: Options, known: Known = NOTHING) -> Outcome:
    """Converts amounts; a row whose currency has no rate fails.

    Units: the result is in `to`.
    Example:
        >>> rows = pl.DataFrame({"price": [2.5, 1.0, None], "currency": ["usd", "XYZ", "IDR"]})
        >>> made = apply(rows, Options(column="price", currency_column="currency", to="IDR", rates={"USD": 16250}))
        >>> made.rows.rows()
        [(40625.0, 'IDR'), (None, 'IDR')]
        >>> made.failures["@message"].to_list()
        ["expected a currency with a rate to IDR, found 'XYZ'. Correct it, or add its rate."]
    """
    require_type(rows, [options.column], "number")
    rates = {options.to: 1.0, **(options.rates or read_rates(options, known))}
    currencies = take_units(rows, options.currency, options.currency_column).str.to_uppercase()

    def write(converted: pl.Series) -> list[pl.Series]:
        amounts = converted.round(options.decimals, mode="half_to_even").alias(options.into or options.column)
        named = [] if options.currency_column is None else [options.currency_column]
        return [amounts, *(pl.repeat(options.to, rows.height, eager=True).alias(name) for name in named)]

    return convert(
        rows,
        rows[options.column],
        currencies,
        lines={currency: (rate, 0.0) for currency, rate in rates.items()},
        fault=(options.currency_column or options.column, lambda text: explain(text, options.to)),
        write=write,
    )


def explain(text: str, to: str) -> str:
    """What is wrong with a currency."""
    return f"expected a currency with a rate to {to}, found {text!r}. Correct it, or add its rate."


def read_rates(options: Options, known: Known) -> dict[str, float]:
    """Currency -> rate of the reference file. Raises: StoreError when a rate is none, or a currency has two."""
    table = known.take_reference(str(options.file), ["currency", "rate"]).drop_nulls("currency")
    form = NumberFormat(options.file_decimal_mark, None, "declared", is_ambiguous=False)
    rates = parse_numbers(table["rate"].fill_null(""), form)
    currencies = table["currency"].str.to_uppercase()
    wrong = table.filter(rates.is_null() | (rates <= 0) | currencies.is_duplicated())
    if wrong.height:
        currency, rate = wrong.row(0)
        raise StoreError(
            f"reference file {options.file!r}: expected one rate above 0 for {currency!r}, found {rate!r}. Mend it."
        )
    return dict(zip(currencies, rates, strict=True))
