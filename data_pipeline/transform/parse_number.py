"""Reads numbers out of texts."""

from typing import Literal

import polars as pl

from data_pipeline.model.reading import DecimalMark
from data_pipeline.parsing.numbers import NumberFormat, parse_numbers, take_integers
from data_pipeline.parsing.texts import strip
from data_pipeline.transform.step import ColumnsOptions, Fault, Outcome, require_type, split_failed


class Options(ColumnsOptions):
    """Which texts, how they are written, and what follows when one is no number."""

    decimal_mark: DecimalMark = "."
    """What stands before the decimals."""
    group_mark: Literal[",", ".", " ", "'"] | None = None
    """What stands between thousands; without it the other of comma and point."""
    whole: bool = False
    """Whether only whole numbers are meant."""
    otherwise: Literal["reject", "null"] = "reject"
    """What follows when a text is no number."""

    @property
    def may_reject(self) -> bool:
        """Unless told otherwise."""
        return self.otherwise == "reject"


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Turns texts into numbers, blanks into null.

    Example:
        >>> rows = pl.DataFrame({"price": ["1.234,5", "7", "", "12x"]})
        >>> made = apply(rows, Options(columns=("price",), decimal_mark=","))
        >>> made.rows["price"].to_list(), made.failures["@message"].to_list()
        ([1234.5, 7.0, None], ["expected a number with decimal mark ',', found '12x'. Correct it."])
    """
    require_type(rows, options.columns, "text")
    other = "," if options.decimal_mark == "." else "."
    form = NumberFormat(options.decimal_mark, options.group_mark or other, "declared", is_ambiguous=False)
    numbers, faults = [], []
    for column in options.columns:
        texts = strip(rows[column])
        number = parse_numbers(texts, form)
        if options.whole:
            number = take_integers(number)
        numbers.append(number.alias(column))
        faults.append(Fault(number.is_null() & (texts != ""), column, lambda text: explain(text, options)))
    return split_failed(rows, rows.with_columns(numbers), *(faults if options.may_reject else ()))


def explain(text: str, options: Options) -> str:
    """What is wrong with a text."""
    kind = "a whole number" if options.whole else "a number"
    return f"expected {kind} with decimal mark {options.decimal_mark!r}, found {text.strip()!r}. Correct it."
