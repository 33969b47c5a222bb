"""Rules of the order of day and month: evidence decides for a whole column, and nothing else does."""

import datetime as dt
import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.model.reading import DateOrder
from data_pipeline.parsing.dates import DateFormat, DateVote, are_two_days, decide_date_orders, parse_dates, vote_dates

MANY_TEXTS = 10_000
SECONDS = 0.2  # of CPU time, ten times what it takes


def read_dates(texts: list[str], fmt: DateFormat) -> list[dt.date | None]:
    """What the texts are in a format."""
    return parse_dates(pl.Series(texts, dtype=pl.String), fmt).to_list()


def decide_dates(columns: dict[str, list[str]], *, declared: DateOrder | None = None) -> dict[str, DateFormat]:
    """The formats of columns with such texts."""
    return decide_date_orders({name: vote_dates(texts) for name, texts in columns.items()}, declared=declared)


def test_no_texts_are_no_votes() -> None:
    assert vote_dates(pl.Series([None], dtype=pl.String)) == DateVote()


def test_dates_vote_for_the_order_that_alone_reads_them() -> None:
    texts = ["2026-01-05", "2026/1/5", "31/12/2026", "31.12.2026", "12/31/2026", "3/4/2026", "03-03-2026", "31/12/26"]

    found = vote_dates([*texts, "x", "99/99/2026", "05-01/2026", "", "2026-02-30", "20260105"])

    assert found == DateVote(ymd=2, dmy=2, mdy=1, ambiguous=1, either=1, short_years=1, others=5)


def test_a_columns_own_dates_decide_its_order() -> None:
    found = decide_dates({"Tanggal": ["31/12/2026", "03/04/2026"], "Date": ["12/31/2026"]})

    assert read_dates(["03/04/2026", "12/31/2026", "2026-01-05"], found["Tanggal"]) == [
        dt.date(2026, 4, 3), None, dt.date(2026, 1, 5)
    ]  # fmt: skip
    assert read_dates(["03/04/2026"], found["Date"]) == [dt.date(2026, 3, 4)]
    assert found["Tanggal"].evidence == "1 texts can only have the day in front, 0 only the month"


def test_ambiguous_dates_follow_all_other_columns_or_are_not_read() -> None:
    followed = decide_dates({"A": ["03/04/2026"], "B": ["31.12.2026"]})["A"]
    alone = decide_dates({"A": ["03/04/2026"]})["A"]
    torn = decide_dates({"A": ["03/04/2026"], "B": ["31.12.2026"], "C": ["12/31/2026"]})["A"]

    texts = ["03/04/2026", "03/03/2026", "2026-01-05"]
    clear = [dt.date(2026, 3, 3), dt.date(2026, 1, 5)]
    assert read_dates(texts, followed) == [dt.date(2026, 4, 3), *clear]
    assert read_dates(texts, alone) == read_dates(texts, torn) == [None, *clear]
    assert are_two_days(pl.Series(texts)).to_list() == [True, False, False]


def test_contradictory_dates_follow_the_majority_and_reinterpret_nothing() -> None:
    found = decide_dates({"A": ["31/12/2026", "30/12/2026", "12/31/2026", "03/04/2026"]})["A"]
    tied = decide_dates({"A": ["31/12/2026", "12/31/2026"]})["A"]

    assert read_dates(["31/12/2026", "12/31/2026", "03/04/2026"], found) == [dt.date(2026, 12, 31), None, None]
    assert read_dates(["31/12/2026", "12/31/2026"], tied) == [None, None]


@pytest.mark.parametrize(
    ("order", "text", "day"),
    [
        ("dmy", "31/12/26", dt.date(2026, 12, 31)),
        ("mdy", "12/31/69", dt.date(2069, 12, 31)),
        ("dmy", "1.2.70", dt.date(1970, 2, 1)),
        ("ymd", "26-01-05", dt.date(2026, 1, 5)),
        ("dmy", "26-13-05", None),
    ],
)
def test_years_of_two_digits_are_read_only_in_a_declared_order(
    order: DateOrder, text: str, day: dt.date | None
) -> None:
    assert read_dates([text], decide_dates({"A": [text]}, declared=order)["A"]) == [day]
    assert read_dates([text], decide_dates({"A": [text, "31/12/2026"]})["A"]) == [None]


def decide_short(*columns: list[str]) -> list[DateFormat]:
    """The formats of columns whose years of two digits are declared to stand last."""
    votes = {str(place): vote_dates(texts, short_years_last=True) for place, texts in enumerate(columns)}
    return list(decide_date_orders(votes, declared=None, short_years_last=True).values())


def test_years_of_two_digits_that_stand_last_decide_the_order_too() -> None:
    texts = ["31/12/26", "12/31/26", "3/4/26", "03.03.26", "31/02/26", "2026-01-05"]

    assert vote_dates(texts, short_years_last=True) == DateVote(ymd=1, dmy=1, mdy=1, ambiguous=1, either=1, others=1)
    day_first, month_first, follows = decide_short(["31/12/26", "3/4/26"], ["12/31/26"], ["3/4/26"])
    assert read_dates(["3/4/26", "31/12/26", "3/4/2026"], day_first) == [
        dt.date(2026, 4, 3), dt.date(2026, 12, 31), dt.date(2026, 4, 3)
    ]  # fmt: skip
    assert read_dates(["3/4/26", "31/12/26"], month_first) == [dt.date(2026, 3, 4), None]
    assert read_dates(["3/4/26"], follows) == [None], "the other columns contradict each other"
    [_, follows] = decide_short(["31/12/26"], ["3/4/26"])
    assert read_dates(["3/4/26"], follows) == [dt.date(2026, 4, 3)]


def test_years_of_two_digits_that_nothing_orders_are_not_read() -> None:
    [alone], [torn] = decide_short(["3/4/26"]), decide_short(["31/12/26", "12/31/26"])

    assert read_dates(["3/4/26", "3/3/26"], alone) == [None, dt.date(2026, 3, 3)]
    assert read_dates(["31/12/26", "12/31/26", "3/4/26"], torn) == [None, None, None]
    assert are_two_days(pl.Series(["3/4/26", "3/3/26", "31/12/26"])).to_list() == [True, False, False]


@pytest.mark.parametrize("text", ["2026-02-30", "31/04/2026", "1/2/3", "2026-01-05 10:00", "5 Jan 2026", "31/12-2026"])
def test_what_is_no_day_is_not_read(text: str) -> None:
    assert read_dates([text], DateFormat("dmy", "", is_ambiguous=False)) == [None]


@pytest.mark.parametrize("order", ["%d/%m/%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y-%m-%d"])
@given(st.dates(dt.date(1000, 1, 1)))
def test_a_day_is_read_as_it_was_written_or_not_at_all(order: str, day: dt.date) -> None:
    text = day.strftime(order)

    assert read_dates([text], decide_dates({"A": [text]})["A"]) in ([day], [None])


def test_many_distinct_dates_are_judged_at_once() -> None:
    days = [(dt.date(2000, 1, 1) + dt.timedelta(number)).strftime("%d/%m/%Y") for number in range(MANY_TEXTS)]

    begin = time.process_time()
    dates = vote_dates(days)

    assert time.process_time() - begin < SECONDS
    assert dates.dmy > 0
