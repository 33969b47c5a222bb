"""Numbers that a workbook shows as dates -> ISO text.

A spreadsheet counts days, 1 being 1 January 1900; or, in workbooks that began on a Mac, 0 being 1 January 1904. The
first system counts a 29 February 1900 that never was, so the days before it are one later than the others suggest.
"""

import polars as pl

from data_pipeline.ingest.workbook.date_styles import DateKind

DAY_MS = 86_400_000  # milliseconds: in our times a double tells no finer moments apart
LEAP_DAY = 60  # 29 February 1900
END_OF_DAYS = 2_958_466  # 1 January 10000 in the first system
FROM_1899_TO_1970 = 25_569  # days, from 30 December
FROM_1904_TO_1970 = 24_107


def write_dates(texts: pl.Series, kind: DateKind, *, has_1904_dates: bool) -> pl.Series:
    """Numbers as they are shown: a date, a time of day, both, or a duration; what is no number or no date stays.

    >>> write_dates(pl.Series(["45000", "45000.75", "0.5", "n/a"]), "date", has_1904_dates=False).to_list()
    ['2023-03-15', '2023-03-15T18:00:00', '12:00:00', 'n/a']
    >>> write_dates(pl.Series(["1.5"]), "duration", has_1904_dates=False).to_list()
    ['PT36H00M00S']
    """
    days, ms = pl.col("days"), pl.col("ms")
    first_days = FROM_1899_TO_1970 - FROM_1904_TO_1970 if has_1904_dates else 0
    if kind == "duration":
        is_shown, written = days.is_between(-END_OF_DAYS, END_OF_DAYS), write_durations(ms)
    else:
        is_shown = (days >= 0) & (days < END_OF_DAYS - first_days)
        written = write_moments(ms, kind, has_1904_dates=has_1904_dates)
    frame = pl.DataFrame({"text": texts}).with_columns(
        texts.str.strip_chars().cast(pl.Float64, strict=False).fill_nan(None).alias("days")
    )
    numbers = frame.with_columns(pl.when(is_shown).then((days * DAY_MS).round()).cast(pl.Int64).alias("ms"))
    return numbers.select(pl.coalesce(written, "text").alias(texts.name)).to_series()


def write_moments(ms: pl.Expr, kind: DateKind, *, has_1904_dates: bool) -> pl.Expr:
    """Milliseconds since day 0 as date, time of day, or both."""
    day, rest = ms // DAY_MS, ms % DAY_MS
    if has_1904_dates:
        date = write_date(day - FROM_1904_TO_1970)
        is_time = (day == 0) & (kind == "time")
    else:
        early = pl.when(day == 0).then(pl.lit("1900-01-00")).otherwise(write_date(day + 1 - FROM_1899_TO_1970))
        late = pl.when(day == LEAP_DAY).then(pl.lit("1900-02-29")).otherwise(write_date(day - FROM_1899_TO_1970))
        date = pl.when(day < LEAP_DAY).then(early).otherwise(late)
        is_time = (day == 0) & ((rest > 0) | (kind == "time"))
    moment = pl.concat_str(date, pl.lit("T"), write_time(rest))
    is_date = (rest == 0) & (kind == "date")
    return pl.when(is_time).then(write_time(rest)).when(is_date).then(date).otherwise(moment)


def write_date(days_since_1970: pl.Expr) -> pl.Expr:
    """A day in ISO form."""
    return days_since_1970.cast(pl.Int32).cast(pl.Date).dt.to_string("%Y-%m-%d")


def write_time(ms: pl.Expr) -> pl.Expr:
    """A time of day in ISO form, with milliseconds if it has some."""
    time = (ms * 1_000_000).cast(pl.Time)
    return pl.when(ms % 1000 == 0).then(time.dt.to_string("%H:%M:%S")).otherwise(time.dt.to_string("%H:%M:%S%.3f"))


def write_durations(ms: pl.Expr) -> pl.Expr:
    """Durations in ISO form, in hours, as ODS stores them."""
    length = ms.abs()
    sign = pl.when(ms < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    minutes, rest = length // 60_000, length % 60_000
    fraction = pl.when(rest % 1000 == 0).then(pl.lit("")).otherwise(pl.concat_str(pl.lit("."), pad(rest % 1000, 3)))
    parts = [sign, pl.lit("PT"), pad(minutes // 60), pl.lit("H"), pad(minutes % 60), pl.lit("M")]
    return pl.concat_str(*parts, pad(rest // 1000), fraction, pl.lit("S"))


def pad(number: pl.Expr, digits: int = 2) -> pl.Expr:
    """A whole number with zeros in front."""
    return number.cast(pl.String).str.zfill(digits)
