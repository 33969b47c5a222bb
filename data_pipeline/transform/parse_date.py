"""Reads days out of texts."""

from typing import Literal

import polars as pl

from data_pipeline.model.reading import DateOrder
from data_pipeline.parsing.dates import DateFormat, parse_dates
from data_pipeline.parsing.texts import strip
from data_pipeline.transform.step import ColumnsOptions, Fault, Outcome, require_type, split_failed


class Options(ColumnsOptions):
    """Which texts, in which order they name a day, and what follows when one does not."""

    order: DateOrder = "ymd"
    """Order of year, month and day; those with the year in front in four digits are always read."""
    otherwise: Literal["reject", "null"] = "reject"
    """What follows when a text is no day."""

    @property
    def may_reject(self) -> bool:
        """Unless told otherwise."""
        return self.otherwise == "reject"


def apply(rows: pl.DataFrame, options: Options) -> Outcome:
    """Turns texts into days, blanks into null; numbers may be parted by `-`, `/` or `.`, years may have two digits.

    Example:
        >>> rows = pl.DataFrame({"due": ["31/12/2026", "2026-01-05", " ", "31/02/2026"]})
        >>> made = apply(rows, Options(columns=("due",), order="dmy"))
        >>> [str(day) for day in made.rows["due"]], made.failures["@message"].to_list()
        (['2026-12-31', '2026-01-05', 'None'], ["expected a day in the order dmy, found '31/02/2026'. Correct it."])
    """
    require_type(rows, options.columns, "text")
    form = DateFormat(options.order, "declared", is_ambiguous=False, has_short_years=True)
    days, faults = [], []
    for column in options.columns:
        texts = strip(rows[column])
        day = parse_dates(texts, form)
        days.append(day.alias(column))
        faults.append(Fault(day.is_null() & (texts != ""), column, lambda text: explain(text, options.order)))
    return split_failed(rows, rows.with_columns(days), *(faults if options.may_reject else ()))


def explain(text: str, order: str) -> str:
    """What is wrong with a text."""
    return f"expected a day in the order {order}, found {text.strip()!r}. Correct it."
