"""Rules of decimal marks: evidence decides for a whole column, and nothing else does."""

import math
import re
import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.model.reading import DecimalMark
from data_pipeline.parsing.numbers import NumberFormat, NumberVote, decide_decimal_marks, parse_numbers, vote_numbers

MANY_TEXTS = 10_000
SECONDS = 0.2  # of CPU time, ten times what it takes
POINT = NumberFormat(".", ",", "", is_ambiguous=False)
COMMA = NumberFormat(",", ".", "", is_ambiguous=False)


def read_numbers(texts: list[str], fmt: NumberFormat) -> list[float | None]:
    """What the texts are in a format."""
    return parse_numbers(pl.Series(texts, dtype=pl.String), fmt).to_list()


def decide(
    columns: dict[str, list[str]], *, declared: DecimalMark | None = None, delimiter: str = ";"
) -> dict[str, NumberFormat]:
    """The formats of columns with such texts."""
    votes = {name: vote_numbers(texts) for name, texts in columns.items()}
    return decide_decimal_marks(votes, declared=declared, delimiter=delimiter)


@pytest.mark.parametrize(
    ("texts", "vote"),
    [
        (["1", "-5", "+007", "1e5", "1 234", "1'234"], "integers"),
        (["1.5", "1,234.50", "1,234,567", ".5", "5.", "0.123", "1234.567", "1.234e5", "1 234.5"], "points"),
        (["1,5", "1.234,50", "1.234.567", ",5", "5,", "0,123", "1234,567", "1,234e5", "1\u00a0234,567"], "commas"),
        (["1.234", "1,234", "-12.345", "999,000"], "ambiguous"),
        (["x", "NaN", "inf", "12,5 %", "1.234.56", "12,34,567", "1,2,3", "1.2.3", "--1", "٣", "Rp 5", "0.000.000"],
         "others"),
    ],
    ids=["integers", "points", "commas", "ambiguous", "others"],
)  # fmt: skip
def test_a_text_votes_for_the_format_that_alone_reads_it(texts: list[str], vote: str) -> None:
    found = vote_numbers([*texts, "", "  ", *texts])

    expected = {"integers": 0, "points": 0, "commas": 0, "ambiguous": 0, "others": 0} | {vote: len(texts)}
    assert {name: getattr(found, name) for name in expected} == expected


def test_no_texts_are_no_votes() -> None:
    assert vote_numbers([]) == NumberVote(groups={",": 0, ".": 0, " ": 0, "'": 0})


def test_a_columns_own_texts_decide_and_read_its_ambiguous_ones() -> None:
    found = decide({"Harga": ["1,5", "1.234", "7"], "Diskon": ["0.5", "1.234"]})

    assert (found["Harga"].decimal_mark, found["Diskon"].decimal_mark) == (",", ".")
    assert read_numbers(["1,5", "1.234", "7"], found["Harga"]) == [1.5, 1234.0, 7.0]
    assert read_numbers(["0.5", "1.234"], found["Diskon"]) == [0.5, 1.234]
    assert found["Harga"].evidence == "0 texts have a decimal point, 1 a decimal comma"


def test_an_ambiguous_column_follows_all_others_of_its_file() -> None:
    found = decide({"Harga": ["1.234"], "Diskon": ["0,5"], "Stok": ["7"]})["Harga"]

    assert found == NumberFormat(",", ".", "every column that shows a decimal mark has ','", is_ambiguous=False)
    assert read_numbers(["1.234"], found) == [1234.0]


@pytest.mark.parametrize("others", [{}, {"A": ["0,5"], "B": ["0.5"]}, {"A": ["7"]}], ids=["none", "two", "mute"])
def test_without_unanimous_others_ambiguous_texts_are_not_read(others: dict[str, list[str]]) -> None:
    found = decide({"Harga": ["1.234", "7"], **others})["Harga"]

    assert read_numbers(["1.234", "1,234", "7"], found) == [None, None, 7.0]


def test_a_contradictory_column_follows_its_majority_and_reinterprets_nothing() -> None:
    """'1,234' is 1.234 to the majority and 1234 to the minority: nobody knows whose it is."""
    found = decide({"Harga": ["1,5", "2,5", "2.5", "1,234", "1.234"]})["Harga"]

    assert (found.decimal_mark, found.is_ambiguous) == (",", True)
    assert read_numbers(["1,5", "2.5", "1,234", "1.234", "1.234,5", "1,234.5"], found) == [
        1.5, None, None, None, 1234.5, None
    ]  # fmt: skip


def test_a_declared_mark_leaves_no_doubt() -> None:
    found = decide({"Harga": ["1.234", "1.5"]}, declared=",")["Harga"]

    assert found == NumberFormat(",", ".", "declared", is_ambiguous=False)
    assert read_numbers(["1.234", "1.5"], found) == [1234.0, None]


def test_the_group_mark_is_the_one_that_the_column_shows() -> None:
    found = decide({"A": ["1 234,5", "1\u202f234"], "B": ["1'234.5"], "C": ["1 234"]})

    assert [found[name].group_mark for name in "ABC"] == [" ", "'", " "]
    assert read_numbers(["1 234,5", "1\u202f234", "1.234"], found["A"]) == [1234.5, 1234.0, None]
    assert read_numbers(["1'234.5", "1’234"], found["B"]) == [1234.5, 1234.0]


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "nan", "inf", "-Infinity", "1e999", "1,2,3", "12,34", "1234,567", "0,123,456", ",123", "1,23.5",
     "1,234.5,6", "5-", "0x10", "1_000", "٣", "1 000", "--1", "."],
)  # fmt: skip
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert read_numbers([text], POINT) == [None]


@given(st.floats(-1e12, 1e12, allow_subnormal=False), st.sampled_from([POINT, COMMA]), st.booleans())
def test_a_number_is_read_as_it_was_written(number: float, fmt: NumberFormat, has_groups: bool) -> None:
    text = f"{number:,.4f}" if has_groups else f"{number:.4f}"
    written = text if fmt is POINT else text.translate(str.maketrans(",.", ".,"))

    assert read_numbers([written], fmt) == [float(text.replace(",", ""))]


@given(st.lists(st.text("0123456789.,-+ '", max_size=9), max_size=6))
def test_no_text_is_read_as_two_numbers_without_being_ambiguous(texts: list[str]) -> None:
    """The law behind the votes: what both formats read differently votes for neither."""
    for text in texts:
        readings = {number for fmt in (POINT, COMMA) for number in read_numbers([text.strip()], fmt)} - {None}
        vote = vote_numbers([text])
        assert len(readings) < 2 or vote.ambiguous == 1
        assert not (vote.points or vote.commas) or len(readings) == 1 or " " in text or "'" in text


@given(st.text("0123456789.,+-eE _xnaif٣１", max_size=8))
def test_what_is_read_looks_like_a_number(text: str) -> None:
    """Polars reads the plain ones; should it learn to read more, such as 1_000, this says so."""
    plain = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
    grouped = r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?"

    looks = re.fullmatch(f"{plain}|{grouped}", text.strip(), re.ASCII) is not None
    (number,) = read_numbers([text.strip()], POINT)
    assert (number is not None) == (looks and math.isfinite(float(text.replace(",", ""))))


def test_many_distinct_numbers_are_judged_at_once() -> None:
    prices = [f"{number}.{number % 97}" for number in range(MANY_TEXTS)]

    begin = time.process_time()
    numbers = vote_numbers(prices)

    assert time.process_time() - begin < SECONDS
    assert numbers.points > 0
