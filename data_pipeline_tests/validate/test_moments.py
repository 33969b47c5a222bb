"""Rules of moments: read as they are written, in UTC, or not at all."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.parsing.dates import DateFormat, decide_date_orders, vote_dates
from data_pipeline.validate.moments import parse_moments, take_days

MOMENTS = dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
DMY = DateFormat("dmy", "", is_ambiguous=False)


def read(texts: list[str], fmt: DateFormat = DMY) -> list[dt.datetime | None]:
    """What the texts are."""
    return parse_moments(pl.Series(texts, dtype=pl.String), fmt).to_list()


def utc(*parts: int) -> dt.datetime:
    """A moment."""
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05T08:30:00Z", utc(2026, 1, 5, 8, 30)),
        ("2026-01-05T08:30:00.25+07:00", utc(2026, 1, 5, 1, 30, 0, 250000)),
        ("2026-01-05 08:30", utc(2026, 1, 5, 8, 30)),
        ("2026-01-05", utc(2026, 1, 5)),
        ("5/1/2026 8:30", utc(2026, 1, 5, 8, 30)),
        ("05/01/2026 08.30", utc(2026, 1, 5, 8, 30)),
        ("05/01/2026 23:59:59", utc(2026, 1, 5, 23, 59, 59)),
        ("05.01.2026  08.30.15", utc(2026, 1, 5, 8, 30, 15)),
    ],
)
def test_a_moment_is_read_in_utc(text: str, moment: dt.datetime) -> None:
    assert read([text]) == [moment]


@pytest.mark.parametrize(
    "text",
    ["", "2026-02-30T08:30:00Z", "31/02/2026 08:30", "05/01/2026 24:00", "05/01/2026 08:60", "2026-01-05T25:00:00Z",
     "08:30", "0000-00-00 00:00:00", "2026-01-05T08:30:60Z", "2026-01-05T08:30:00 Z", "20260105T083000Z", "tomorrow"],
)  # fmt: skip
def test_what_is_no_moment_is_not_read(text: str) -> None:
    assert read([text]) == [None]


@given(st.datetimes(MOMENTS[0], MOMENTS[1], timezones=st.just(dt.UTC)))
def test_a_program_writes_what_is_read(moment: dt.datetime) -> None:
    assert read([moment.isoformat(), moment.isoformat().replace("+00:00", "Z")]) == [moment, moment]


def test_the_days_of_moments_decide_their_order() -> None:
    texts = pl.Series(["31/12/2026 08.30", " 05/01/2026 10:00 ", "x"])
    fmt = decide_date_orders({"at": vote_dates(take_days(texts))}, declared=None)["at"]

    assert (fmt.order, fmt.is_ambiguous) == ("dmy", False)
    assert read(["05/01/2026 10:00"], fmt) == [utc(2026, 1, 5, 10)]
    alone = decide_date_orders({"at": vote_dates(["05/01/2026"])}, declared=None)["at"]
    assert read(["05/01/2026 10:00"], alone) == [None]
