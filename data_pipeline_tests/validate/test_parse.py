"""Rules of a cell: a value, blank, zero as written and unreadable are four things that never merge."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from data_pipeline.model.reading import DecimalMark
from data_pipeline.model.spec import ColumnSpec, ColumnType
from data_pipeline.parsing.dates import DateFormat
from data_pipeline.parsing.numbers import NumberFormat
from data_pipeline.parsing.texts import strip
from data_pipeline.validate.formats import Formats
from data_pipeline.validate.parse import ERROR_CELLS, NOT_A_NUMBER, explain_unreadable, parse_column

BLANK = "(blank)"
UNREADABLE = "(unreadable)"


def formats(mark: DecimalMark) -> Formats:
    """Numbers with this mark, dates as ISO has them."""
    return Formats(
        {"stock": NumberFormat(mark, None, "", is_ambiguous=False)},
        {"stock": DateFormat("ymd", "", is_ambiguous=False)},
    )


def declare(kind: ColumnType, *, nullable: bool = False) -> ColumnSpec:
    return ColumnSpec(name="stock", header="Stok", type=kind, nullable=nullable)


def read_all(texts: list[str | None], kind: ColumnType, *, mark: DecimalMark = ".") -> list[Any]:
    """What each cell is: its value, BLANK or UNREADABLE."""
    stripped = strip(pl.Series(texts, dtype=pl.String))
    values, blanks = parse_column(declare(kind), stripped, formats(mark)), stripped == ""
    states = list(zip(values, blanks, values.is_null() & ~blanks, strict=True))
    for value, is_blank, is_unreadable in states:
        assert [value is not None, is_blank, is_unreadable].count(True) == 1, "a cell is exactly one thing"
    return [BLANK if is_blank else UNREADABLE if is_unreadable else value for value, is_blank, is_unreadable in states]


def read(text: str | None, kind: ColumnType, *, mark: DecimalMark = ".") -> Any:
    """What one cell is."""
    return read_all([text], kind, mark=mark)[0]


@pytest.mark.parametrize(
    ("kind", "value", "zero"),
    [("integer", "5", 0), ("number", "5", 0.0), ("text", "5", "0")],
    ids=lambda case: str(case),
)
def test_value_blank_zero_and_unreadable_never_merge(kind: ColumnType, value: str, zero: object) -> None:
    states = read_all([value, "", "0", "#REF!"], kind)

    assert states == [type(zero)(value), BLANK, zero, UNREADABLE]  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6", 6.0),
        ("6.0", 6.0),
        ("0.07000000000000001", 0.07000000000000001),
        ("1e-05", 1e-05),
        ("1E+2", 100.0),
        ("-8", -8.0),
        ("+5", 5.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("00012", 12.0),
        (" 7 ", 7.0),
        ("\u00a07", 7.0),
        ("0", 0.0),
        ("-0", 0.0),
        ("12,5", UNREADABLE),
        ("1,234", UNREADABLE),
        ("1.234,56", UNREADABLE),
        ("1.234.567", UNREADABLE),
        ("1 000", UNREADABLE),
        ("1e400", UNREADABLE),
        ("-1e400", UNREADABLE),
        ("1.5e", UNREADABLE),
        ("--1", UNREADABLE),
        ("1_0", UNREADABLE),
        ("0x1F", UNREADABLE),
        ("50%", UNREADABLE),
        ("Rp 5", UNREADABLE),
        ("TRUE", UNREADABLE),
        ("1\n2", UNREADABLE),
        ("\u0663", UNREADABLE),
        ("\u22125", UNREADABLE),
        ("", BLANK),
        ("  ", BLANK),
        ("\u00a0", BLANK),
        (None, BLANK),
    ],
    ids=ascii,
)
def test_a_number_is_plain_digits_with_the_files_decimal_mark(text: str | None, value: object) -> None:
    assert read(text, "number") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12,5", 12.5),
        ("6,0", 6.0),
        (",5", 0.5),
        ("5", 5.0),
        ("1e-05", 1e-05),
        ("12.5", UNREADABLE),
        ("1.000", UNREADABLE),
        ("1.234,56", UNREADABLE),
        ("1,2,3", UNREADABLE),
    ],
)
def test_a_file_with_decimal_commas_has_no_decimal_points(text: str, value: object) -> None:
    """1.000 may be a thousand or one: nobody guesses."""
    assert read(text, "number", mark=",") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6", 6),
        ("6.0", 6),
        ("6.", 6),
        ("1e3", 1000),
        ("-3", -3),
        ("0042", 42),
        ("9007199254740991", 2**53 - 1),
        ("6.5", UNREADABLE),
        ("12,5", UNREADABLE),
        ("0.07000000000000001", UNREADABLE),
        ("1e-05", UNREADABLE),
        ("9007199254740994", UNREADABLE),
        ("1e300", UNREADABLE),
        ("", BLANK),
    ],
)
def test_an_integer_may_be_written_with_decimals_that_are_zero(text: str, value: object) -> None:
    assert read(text, "integer") == value


def test_an_integer_that_a_double_cannot_hold_is_unreadable() -> None:
    """2 ** 53 + 1 becomes 2 ** 53 on the way through a double."""
    assert read_all(["9007199254740993", "-9007199254740993"], "integer") == [UNREADABLE] * 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2025-11-24", dt.date(2025, 11, 24)),
        (" 2025-11-24 ", dt.date(2025, 11, 24)),
        ("2024-02-29", dt.date(2024, 2, 29)),
        ("0000-00-00", UNREADABLE),
        ("2025-02-29", UNREADABLE),
        ("2025-11-24 10:00", UNREADABLE),
        ("24-11-2025", UNREADABLE),
        ("24/11/2025", UNREADABLE),
        ("20251124", UNREADABLE),
        ("45985", UNREADABLE),
        ("", BLANK),
    ],
)
def test_a_date_is_an_iso_day(text: str, value: object) -> None:
    assert read(text, "date") == value


def test_a_day_of_another_form_is_unreadable() -> None:
    assert read_all(["+2025-01-05", "99-01-01", "2025-13-01"], "date") == [UNREADABLE] * 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0042", "0042"),
        ("6941845859993 ", "6941845859993"),
        ("  Citra\u00a0Séra ", "Citra\u00a0Séra"),
        ("NAN", "NAN"),
        ("-", "-"),
        ("0", "0"),
        ("#REF!", UNREADABLE),
        ("", BLANK),
        (" \u00a0", BLANK),
        (None, BLANK),
    ],
    ids=ascii,
)
def test_a_text_is_trimmed_and_nothing_else(text: str | None, value: object) -> None:
    assert read(text, "text") == value


def test_every_error_cell_is_unreadable_as_text() -> None:
    assert read_all(["#N/A", "#SPILL!", "#CALC!"], "text") == [UNREADABLE] * 3


@pytest.mark.parametrize("kind", ["text", "integer", "number", "date"])
def test_a_blank_that_is_allowed_stays_a_blank(kind: ColumnType) -> None:
    """As the empty text, or as null: never 0."""
    (value,) = parse_column(declare(kind, nullable=True), strip(pl.Series([" "])), formats("."))

    assert value == ("" if kind == "text" else None)


@pytest.mark.parametrize("kind", ["integer", "number"])
def test_a_token_for_no_number_is_unreadable_in_any_case(kind: ColumnType) -> None:
    texts = [text for token in NOT_A_NUMBER for text in (token, token.upper(), f" {token.capitalize()} ")]

    assert read_all(texts, kind) == [UNREADABLE] * len(texts)
    assert {explain_unreadable(declare(kind), text.strip())[0] for text in texts} == {"NOT_A_NUMBER"}


@pytest.mark.parametrize("kind", ["text", "integer", "number", "date"])
def test_an_error_of_the_spreadsheet_is_unreadable_in_every_column(kind: ColumnType) -> None:
    assert read_all(list(ERROR_CELLS), kind) == [UNREADABLE] * len(ERROR_CELLS)
    assert {explain_unreadable(declare(kind), error)[0] for error in ERROR_CELLS} == {"ERROR_CELL"}


@pytest.mark.parametrize(
    ("kind", "text", "code", "words"),
    [
        ("integer", "12,5", "UNREADABLE_CELL", "expected an integer, found '12,5'. Use whole units."),
        ("number", "1.234,56", "UNREADABLE_CELL",
         "expected a number, found '1.234,56'. Write digits without thousands marks or units."),
        ("number", "NAN", "NOT_A_NUMBER",
         "expected a number, found 'NAN'. Write the number, or 0 if it is zero."),
        ("text", "#REF!", "ERROR_CELL", "expected text, found the spreadsheet error '#REF!'. Mend the formula."),
        ("integer", "#DIV/0!", "ERROR_CELL",
         "expected an integer, found the spreadsheet error '#DIV/0!'. Mend the formula."),
    ],
)  # fmt: skip
def test_an_unreadable_cell_is_explained_to_its_sender(kind: ColumnType, text: str, code: str, words: str) -> None:
    assert explain_unreadable(declare(kind), text) == (code, words)


def test_an_unreadable_day_is_explained_as_a_day() -> None:
    _, words = explain_unreadable(declare("date"), "24/11/2025")

    assert "thousands marks" not in words
