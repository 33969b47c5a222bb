"""Text of a cell -> what it can be read as, before any pipeline says what it should be."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_pipeline.model.reading import DateOrder, DecimalMark
from data_pipeline.model.statistics import KINDS
from data_pipeline.parsing.texts import is_plain, strip

BLANK = len(KINDS)
INTEGER, NUMBER, DATE, TIME, BOOLEAN, ERROR, TEXT = range(len(KINDS))

SIGNIFICANT_DIGITS = 15  # that a spreadsheet program keeps
CODES = rf"^(?:0\d|[+-]?\d{{{SIGNIFICANT_DIGITS + 1},}}$)"
TIMES = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
DAYS = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
DAYS_AND_TIMES = rf"^({DAYS})(?:[ T]{TIMES}(?:Z|[+-]\d{{2}}:?\d{{2}})?)?$"
DAY_FORMATS = {"ymd": "%Y-%m-%d", "dmy": "%d-%m-%Y", "mdy": "%m-%d-%Y"}
BOOLEANS = ("true", "false", "yes", "no", "ya", "tidak", "benar", "salah")
LETTERS_FROM = ":"  # behind digits, signs and points: what begins so is no number that is one of ours
ERRORS = r"^#(?:N/A|GETTING_DATA|[A-Z0-9/]+[!?])$"


@dataclass(frozen=True)
class CellKinds:
    """What each of some texts can be read as, in their order.

    Units: numbers as the file means them, NaN for other kinds; days since 1970, NaN too; lengths are characters.
    """

    kinds: NDArray[np.int64]
    """Positions in KINDS, or BLANK."""
    numbers: NDArray[np.float64]
    days: NDArray[np.float64]
    lengths: NDArray[np.int64]


def classify(texts: pl.Series, *, decimal_mark: DecimalMark, date_order: DateOrder) -> CellKinds:
    """The kind of every text; null is a blank cell.

    Most cells are plain numbers or plain texts and told by comparing; a pattern costs ten times as much.
    """
    text = pl.col("text")
    may_be = (texts < LETTERS_FROM).fill_null(value=False)
    numbers, is_whole, has_zeros = read_numbers(texts, may_be, decimal_mark)
    is_number = (np.abs(numbers) < 10**SIGNIFICANT_DIGITS) & ~has_zeros
    is_code = has_zeros & is_whole
    others = np.flatnonzero(~is_number)
    rest = texts if len(others) == len(texts) else texts.filter(pl.Series(~is_number))
    are_plain = is_plain(rest)
    stripped = (rest if are_plain else strip(rest)).to_frame("text")
    may_be_more = text.str.len_bytes() <= max(map(len, BOOLEANS))  # blank ones too
    if not are_plain or may_be.any():
        may_be_more |= is_from(text, "+", ":") | is_from(text, "#", "$")  # digits, signs and points; errors
    doubtful = stripped.select(may_be_more).to_series() & pl.Series(~is_code[others])
    at = others[doubtful.to_numpy()]
    kinds = np.where(is_whole, INTEGER, NUMBER)
    days = np.full_like(numbers, np.nan)
    kinds[others], numbers[others] = TEXT, np.nan
    if len(at):
        kinds[at], numbers[at], days[at] = match(stripped.filter(doubtful), decimal_mark, date_order)
    lengths = texts.str.len_chars().cast(pl.Int64).fill_null(0).to_numpy()
    return CellKinds(kinds, numbers, days, lengths)


def read_numbers(
    texts: pl.Series, may_be: pl.Series, decimal_mark: DecimalMark
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Numbers, NaN for other texts; which are whole; and which begin with 0 and a digit."""
    text = pl.col("text")
    numbers = np.full(len(texts), np.nan)
    is_whole, has_zeros = np.zeros((2, len(texts)), dtype=np.bool_)
    if not may_be.any():
        return numbers, is_whole, has_zeros
    read = (
        texts.to_frame("text")
        .filter(may_be)
        .select(
            number=read_number(text, decimal_mark).fill_null(np.nan),
            is_whole=text.cast(pl.Int64, strict=False).is_not_null(),
            has_zeros=is_from(text, "00", "0:"),
        )
    )
    at = may_be.to_numpy()
    numbers[at], is_whole[at], has_zeros[at] = (read[name].to_numpy() for name in read.columns)
    return numbers, is_whole, has_zeros


def match(
    stripped: pl.DataFrame, decimal_mark: DecimalMark, date_order: DateOrder
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Kinds, numbers and days of texts that nothing is known of but that no blanks surround them."""
    text = pl.col("text")
    day = text.str.extract(DAYS_AND_TIMES).str.replace_all("[/.]", "-")
    formats = sorted({DAY_FORMATS["ymd"], DAY_FORMATS[date_order]})
    read = stripped.select(
        number=read_number(text, decimal_mark).fill_null(np.nan),
        day=pl.coalesce(day.str.to_date(one, strict=False) for one in formats).to_physical().cast(pl.Float64),
        is_whole=text.cast(pl.Int64, strict=False).is_not_null(),
        is_code=text.str.contains(CODES),
        is_time=text.str.contains(f"^{TIMES}$"),
        is_boolean=text.str.to_lowercase().is_in(BOOLEANS),
        is_error=text.str.contains(ERRORS),
        is_blank=text == "",
    )
    found = {name: read[name].to_numpy() for name in read.columns}
    days = read["day"].fill_null(np.nan).to_numpy()
    is_number = np.isfinite(found["number"]) & ~found["is_code"]
    kinds = {
        BLANK: found["is_blank"],
        INTEGER: is_number & found["is_whole"],
        NUMBER: is_number,
        DATE: ~np.isnan(days),
        TIME: found["is_time"],
        BOOLEAN: found["is_boolean"],
        ERROR: found["is_error"],
    }
    chosen = np.select(list(kinds.values()), list(kinds), default=TEXT)
    return chosen, np.where(is_number, found["number"], np.nan), days


def is_from(text: pl.Expr, first: str, end: str) -> pl.Expr:
    """Whether a text lies between two others, the second not included."""
    return text.is_between(pl.lit(first), pl.lit(end), closed="left")


def read_number(text: pl.Expr, decimal_mark: DecimalMark) -> pl.Expr:
    """Double of a text, infinities and NaN among them; null if it is none."""
    if decimal_mark == ",":
        text = pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(",", ".", literal=True))
    return text.cast(pl.Float64, strict=False)
