"""Texts of a column -> moments in UTC; one without an offset is taken for UTC, a day alone for its midnight."""

import polars as pl

from data_pipeline.parsing.dates import DateFormat, parse_dates
from data_pipeline.parsing.texts import read_rest

MOMENT = pl.Datetime("us", "UTC")
# RFC 3339, as programs write it: https://www.rfc-editor.org/rfc/rfc3339#section-5.6
RFC_3339 = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
# As people and spreadsheets write it: 5/1/2026 8:30, 05/01/2026 08.30.15
DAY = r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}"
TIME = (
    r"(?P<hour>[01]?[0-9]|2[0-3])[:.](?P<minute>[0-5][0-9])(?:[:.](?P<second>[0-5][0-9])(?:\.(?P<part>[0-9]{1,6}))?)?"
)
DAY_AND_TIME = rf"^(?P<day>{DAY})(?:[T ]+{TIME})?$"


def take_days(texts: pl.Series) -> pl.Series:
    """The days of texts that are days or moments, '' for others; by them the order of day and month is decided."""
    return texts.str.strip_chars().str.extract(rf"^({DAY})(?:[T ]|$)").fill_null("")


def parse_moments(texts: pl.Series, fmt: DateFormat) -> pl.Series:
    """Moments of stripped texts; null when blank, unreadable or ambiguous."""
    exact = texts.set(~texts.str.contains(RFC_3339), None)
    # %+ is RFC 3339: https://docs.rs/chrono/latest/chrono/format/strftime/
    moments = exact.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    return read_rest(moments, texts, lambda rest: parse_days_and_times(rest, fmt))


def parse_days_and_times(texts: pl.Series, fmt: DateFormat) -> pl.Series:
    """Moments of texts without an offset."""
    parts = texts.str.extract_groups(DAY_AND_TIME).struct.unnest()
    days = parse_dates(parts["day"].fill_null(""), fmt)
    units = {unit: pl.col(unit).cast(pl.Int64).fill_null(0) for unit in ("hour", "minute", "second")}
    micro = pl.col("part").fill_null("").str.pad_end(6, "0").cast(pl.Int64)
    time = parts.select(pl.duration(hours=units["hour"], minutes=units["minute"], seconds=units["second"],
                                    microseconds=micro, time_unit="us")).to_series()  # fmt: skip
    return days.cast(pl.Datetime("us")).dt.replace_time_zone("UTC") + time
