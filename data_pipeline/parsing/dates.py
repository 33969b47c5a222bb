"""Texts of a column -> its order of day and month, decided once, and the days that they are in it.

Votes are taken over the distinct texts. A text that is two days, such as 03/04/2026, decides nothing and is never
guessed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from data_pipeline.model.reading import DateOrder
from data_pipeline.parsing.texts import read_rest, take_distinct

# What stands between the numbers of a day, and how many digits they have.
SEPARATORS = ("-", "/", ".")
DIGITS = {"%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}"}


@dataclass(frozen=True)
class DateVote:
    """How many distinct texts of a column speak for which order."""

    ymd: int = 0
    """With the year in front, in four digits."""
    dmy: int = 0
    """Read only with the day in front: 31/12/2026."""
    mdy: int = 0
    ambiguous: int = 0
    """Read either way: 03/04/2026."""
    either: int = 0
    """The same day either way: 03/03/2026."""
    short_years: int = 0
    """With a year of two digits, which says nothing about the order unless such years are declared to stand last."""
    others: int = 0
    """No dates."""

    @property
    def is_contradictory(self) -> bool:
        """Whether some texts have the day in front and others the month."""
        return self.dmy > 0 and self.mdy > 0

    @property
    def order(self) -> DateOrder | None:
        """The order of most texts that end with the year; None without evidence, or when as many speak for either."""
        return None if self.dmy == self.mdy else "dmy" if self.dmy > self.mdy else "mdy"


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written; those with a year of four digits in front are always read."""

    order: DateOrder
    evidence: str
    is_ambiguous: bool
    """Whether texts such as 03/04/2026 may mean either day; they are not read then."""
    has_short_years: bool = False
    """Whether years of two digits are read: only in a declared order, or where they are declared to stand last."""


def vote_dates(texts: Iterable[str], *, short_years_last: bool = False) -> DateVote:
    """Counts what the distinct texts of a column speak for; blank ones say nothing."""
    distinct = take_distinct(texts)
    ymd = parse_days(distinct, "ymd")
    dmy, mdy = (parse_in_order(distinct, order, has_short_years=short_years_last) for order in ("dmy", "mdy"))
    is_short = distinct.str.contains("|".join(list_forms("dmy", has_short_year=True)))
    votes = {
        "ymd": ymd.is_not_null(),
        "dmy": dmy.is_not_null() & mdy.is_null(),
        "mdy": mdy.is_not_null() & dmy.is_null(),
        "ambiguous": dmy != mdy,
        "either": dmy == mdy,
        "short_years": is_short & (not short_years_last),
    }
    counts = {name: int(vote.sum()) for name, vote in votes.items()}
    return DateVote(**counts, others=len(distinct) - sum(counts.values()))


def decide_date_orders(
    votes: Mapping[str, DateVote], *, declared: DateOrder | None, short_years_last: bool = False
) -> dict[str, DateFormat]:
    """The format of each column: declared, by its own texts, or as all other columns of the file have it."""
    seen = {order for vote in votes.values() for order, texts in (("dmy", vote.dmy), ("mdy", vote.mdy)) if texts}
    common: DateOrder | None = "dmy" if seen == {"dmy"} else "mdy" if seen == {"mdy"} else None
    formats = {name: decide_date_order(vote, declared=declared, common=common) for name, vote in votes.items()}
    return {name: allow_short_years(fmt) for name, fmt in formats.items()} if short_years_last else formats


def allow_short_years(fmt: DateFormat) -> DateFormat:
    """The same with years of two digits behind day and month; without an order none is read."""
    return replace(fmt, has_short_years=fmt.has_short_years or fmt.order != "ymd")


def decide_date_order(vote: DateVote, *, declared: DateOrder | None, common: DateOrder | None) -> DateFormat:
    """The format of one column; `common` is the order of all columns that show one.

    Years of two digits are read only in a declared order: 25/01/26 may be three days.
    """
    if declared is not None:
        return DateFormat(declared, "declared", is_ambiguous=False, has_short_years=True)
    if vote.dmy or vote.mdy:
        evidence = f"{vote.dmy} texts can only have the day in front, {vote.mdy} only the month"
        return DateFormat(vote.order or "ymd", evidence, is_ambiguous=vote.is_contradictory)
    if common is not None:
        front = "day" if common == "dmy" else "month"
        return DateFormat(common, f"every column that shows an order has the {front} in front", is_ambiguous=False)
    return DateFormat("dmy", "no text shows an order, here or in other columns", is_ambiguous=True)


def parse_dates(texts: pl.Series, fmt: DateFormat) -> pl.Series:
    """Days of stripped texts in a format; null when blank, unreadable or ambiguous.

    With the year in front in four digits they are always read.
    """
    return read_rest(parse_days(texts, "ymd"), texts, lambda rest: parse_ordered_dates(rest, fmt))


def parse_ordered_dates(texts: pl.Series, fmt: DateFormat) -> pl.Series:
    """Days of texts that begin with the day or the month, or, where they are allowed, have a year of two digits."""
    days = parse_in_order(texts, fmt.order, has_short_years=fmt.has_short_years)
    return days.set(are_two_days(texts), None) if fmt.is_ambiguous else days


def are_two_days(texts: pl.Series) -> pl.Series:
    """Which texts are one day in one order and another in the other, also when their years have two digits."""
    dmy, mdy = (parse_in_order(texts, order, has_short_years=True) for order in ("dmy", "mdy"))
    return (dmy != mdy).fill_null(value=False)


def parse_in_order(texts: pl.Series, order: DateOrder, *, has_short_years: bool) -> pl.Series:
    """Days of texts in one order, those with a year of two digits too where they are wanted."""
    days = parse_days(texts, order)
    if not has_short_years:
        return days
    return read_rest(days, texts, lambda rest: parse_days(rest, order, has_short_year=True))


def parse_days(texts: pl.Series, order: DateOrder, *, has_short_year: bool = False) -> pl.Series:
    """Days of texts in one order; years of two digits are those from 1970 to 2069."""
    days = pl.Series(texts.name, [None], dtype=pl.Date).new_from_index(0, len(texts))
    for pattern, form in list_forms(order, has_short_year=has_short_year).items():
        days = read_rest(days, texts, partial(parse_form, pattern=pattern, form=form))
    return days


def list_forms(order: DateOrder, *, has_short_year: bool) -> dict[str, str]:
    """How days look in an order -> how Polars is told so; it alone would take 2026- 1-5 for a day as well."""
    codes = [{"y": "%y" if has_short_year else "%Y"}.get(part, f"%{part}") for part in order]
    return {
        f"^{re.escape(separator).join(DIGITS[code] for code in codes)}$": separator.join(codes)
        for separator in SEPARATORS
    }


def parse_form(texts: pl.Series, *, pattern: str, form: str) -> pl.Series:
    """Days of the texts that look like this."""
    return texts.set(~texts.str.contains(pattern), None).str.to_date(form, strict=False)
