"""Rules of how numbers and dates are written: decided once for a column, by evidence, and never guessed."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from data_pipeline.model.reading import Dialect, Encoding, TextOrigin
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.validate.judge import Judged, judge
from data_pipeline_tests.specs import declare_shelf
from data_pipeline_tests.tables import raw_table


def judge_text(prices: list[str], others: list[str], *, delimiter: str = ",", **reading: Any) -> Judged:
    """Judges a text file of prices, other numbers and days."""
    days = ["2026-01-05"] * len(prices)
    drawing = "\n".join(
        [
            "SKU | Price | Other | Day",
            *(" | ".join(row) for row in zip(map(str, range(len(days))), prices, others, days, strict=True)),
        ]
    )
    table = raw_table(drawing)
    origin = TextOrigin(Encoding("utf-8"), Dialect(delimiter, '"', "doubled", "\n", 4))
    table = dataclasses.replace(table, origin=dataclasses.replace(table.origin, text=origin))
    return judge(table, declare(**reading), name="a.csv")


def declare(**reading: Any) -> PipelineSpec:
    """A list with two numbers and a day."""
    columns = [
        {"name": "sku", "header": "SKU", "type": "text"},
        {"name": "price", "header": "Price", "type": "number"},
        {"name": "other", "header": "Other", "type": "number"},
        {"name": "day", "header": "Day", "type": "date"},
    ]
    changed = {"columns": columns, "rules": [], "identity": {}, "measures": {}, "grain": ["sku"], "outputs": []}
    source = {"reject_file_over_percent": 100, "reading": reading}
    return PipelineSpec.model_validate(declare_shelf(**changed, source=source))


def reasons(judged: Judged) -> list[tuple[str, str]]:
    """Code and text of every rejected cell."""
    return judged.rejects.select("error_code", "raw_text").rows()


def test_a_column_that_shows_its_decimal_mark_is_read_with_it() -> None:
    judged = judge_text(["1.234,5", "1.234", "7"], ["1.5", "2", "3"])

    assert judged.accepted["price"].to_list() == [1234.5, 1234.0, 7.0]
    assert judged.accepted["other"].to_list() == [1.5, 2.0, 3.0]


def test_a_column_that_shows_none_follows_the_others_of_its_file() -> None:
    judged = judge_text(["1.234", "7"], ["0,5", "2"], delimiter=";")

    assert judged.accepted["price"].to_list() == [1234.0, 7.0]


def test_where_nothing_tells_the_cell_is_not_read_and_says_why() -> None:
    judged = judge_text(["1.234", "7"], ["1", "2"])

    assert judged.accepted["price"].to_list() == [7.0]
    assert reasons(judged) == [("AMBIGUOUS_NUMBER", "1.234")]


@pytest.mark.parametrize(("mark", "price"), [(".", 1.234), (",", 1234.0)])
def test_a_declared_mark_decides(mark: str, price: float) -> None:
    assert judge_text(["1.234"], ["1"], decimal_mark=mark).accepted["price"].to_list() == [price]


def test_a_cell_that_speaks_against_its_column_is_never_read_otherwise() -> None:
    judged = judge_text(["1,5", "2,25", "3.75"], ["1", "2", "3"], delimiter=";")

    assert judged.accepted["price"].to_list() == [1.5, 2.25]
    assert reasons(judged) == [("UNREADABLE_CELL", "3.75")]


def test_what_was_decided_is_told() -> None:
    [told] = [one for one in judge_text(["1,5"], ["1"], delimiter=";").findings if one.code == "FORMATS_DECIDED"]

    assert set(told.details) == {"price", "other", "day"}


def test_iso_days_are_read_whatever_the_order() -> None:
    judged = judge_text(["1"], ["2"], date_order="mdy")

    assert judged.accepted["day"].to_list() == [dt.date(2026, 1, 5)]


def judge_days(days: list[str], *, blank_as: tuple[str, ...] = (), **reading: Any) -> Judged:
    """Judges a column of days, of moments beside them, and of numbers, all of which may be blank."""
    names = {"day": "date", "at": "datetime", "price": "number"}
    columns = [
        {"name": name, "header": name, "type": kind, "nullable": True, "blank_as": blank_as}
        for name, kind in names.items()
    ]
    sku = {"name": "sku", "header": "SKU", "type": "text"}
    changed = {"columns": [sku, *columns], "rules": [], "identity": {}, "measures": {}, "grain": ["sku"], "outputs": []}
    source = {"reject_file_over_percent": 100, "reading": reading}
    spec = PipelineSpec.model_validate(declare_shelf(**changed, source=source))
    lines = [f"{number} | {day} | {day} | " for number, day in enumerate(days)]
    return judge(raw_table("\n".join(["SKU | day | at | price", *lines])), spec, name="a.csv")


def test_years_of_two_digits_that_stand_last_are_read_by_evidence() -> None:
    days = ["31/12/25", "3/4/26"]

    plain, declared = judge_days(days), judge_days(days, short_years="last")

    assert [code for code, _ in reasons(plain)] == [
        "UNREADABLE_CELL",
        "UNREADABLE_CELL",
        "AMBIGUOUS_DATE",
        "AMBIGUOUS_DATE",
    ]
    assert declared.accepted["day"].to_list() == [dt.date(2025, 12, 31), dt.date(2026, 4, 3)]
    assert reasons(judge_days(["3/4/26"], short_years="last")) == [("AMBIGUOUS_DATE", "3/4/26")] * 2


def test_what_the_sender_writes_for_nothing_is_blank() -> None:
    nothing = "0000-00-00 00:00:00"
    days = ["2026-01-05", f" {nothing} ", "0000-00-00"]

    judged = judge_days(days, blank_as=(nothing,))

    assert judged.accepted.select("sku", "day", "at").rows()[1] == ("1", None, None)
    assert {text for _, text in reasons(judged)} == {"0000-00-00"}
    assert {code for code, _ in reasons(judge_days(days))} == {"UNREADABLE_CELL"}


def test_a_blank_by_another_name_is_missing_where_a_value_is_needed() -> None:
    columns = [{"name": "sku", "header": "SKU", "type": "text", "blank_as": ["-"]}]
    changed = {"columns": columns, "rules": [], "identity": {}, "measures": {}, "grain": ["sku"], "outputs": []}
    spec = PipelineSpec.model_validate(declare_shelf(**changed, source={"reject_file_over_percent": 100}))

    judged = judge(raw_table("SKU\n1\n-"), spec, name="a.csv")

    assert judged.accepted["sku"].to_list() == ["1"]
    assert reasons(judged) == [("MISSING_VALUE", "-")]
