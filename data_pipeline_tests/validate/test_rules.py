"""Rules of rules: which rows each kind rejects, and with what words."""

import datetime as dt
from typing import Any

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_pipeline.errors import FileRejected
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.validate.judge import Judged, judge
from data_pipeline.validate.rules.contacts import PLAIN_EMAIL, PLAIN_URL, is_url
from data_pipeline_tests.tables import raw_table

COLUMNS = [
    {"name": "sku", "header": "SKU", "type": "text"},
    {"name": "qty", "header": "Qty", "type": "integer", "nullable": True},
    {"name": "price", "header": "Harga", "type": "number", "nullable": True},
    {"name": "mail", "header": "Mail", "type": "text", "nullable": True},
    {"name": "sent", "header": "Sent", "type": "date", "nullable": True},
    {"name": "arrived", "header": "Arrived", "type": "datetime", "nullable": True},
]
TABLE = """
SKU  | Qty | Harga | Mail          | Sent       | Arrived
A-1  | 5   | 10.0  | a@toko.co.id  | 2026-01-05 | 2026-01-06T08:00:00Z
A-22 | 0   |       |               |            |
B-3  | 50  | 0.5   | sari@         | 2026-01-09 | 2026-01-06T08:00:00Z
"""


def declare(*rules: dict[str, Any]) -> PipelineSpec:
    """A pipeline with these rules that lets every file through."""
    source = {"reject_file_over_percent": 100}
    named = [{"name": f"r{position}", **rule} for position, rule in enumerate(rules)]
    return PipelineSpec.model_validate(
        {"name": "orders", "title": "Orders", "description": "Of goods.", "columns": COLUMNS, "rules": named,
         "process": {"processor": "a:b"}, "grain": ["sku"], "source": source}
    )  # fmt: skip


def ask(*rules: dict[str, Any], table: str = TABLE) -> Judged:
    """What becomes of the table's rows."""
    return judge(raw_table(table), declare(*rules), name="orders.csv")


def reasons(judged: Judged) -> list[tuple[Any, ...]]:
    """Row, code and column of every reason."""
    return judged.rejects.select("row_number", "error_code", "column_name").rows()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"kind": "range", "column": "qty", "minimum": 1, "maximum": 50}, [(3, "OUT_OF_RANGE", "Qty")]),
        ({"kind": "date_range", "column": "sent", "last": dt.date(2026, 1, 8)}, [(4, "OUT_OF_RANGE", "Sent")]),
        ({"kind": "date_range", "column": "arrived", "first": dt.date(2026, 1, 7)},
         [(2, "OUT_OF_RANGE", "Arrived"), (4, "OUT_OF_RANGE", "Arrived")]),
        ({"kind": "pattern", "column": "sku", "pattern": "[A-Z]-[0-9]"}, [(3, "WRONG_PATTERN", "SKU")]),
        ({"kind": "enum", "column": "qty", "values": [5, 50]}, [(3, "NOT_IN_LIST", "Qty")]),
        ({"kind": "enum", "column": "mail", "values": ["a@toko.co.id"]}, [(4, "NOT_IN_LIST", "Mail")]),
        ({"kind": "length", "column": "sku", "maximum": 3}, [(3, "WRONG_LENGTH", "SKU")]),
        ({"kind": "email", "column": "mail"}, [(4, "INVALID_EMAIL", "Mail")]),
        ({"kind": "required", "column": "price"}, [(3, "MISSING_VALUE", "Harga")]),
        ({"kind": "required", "column": "price", "where": "qty > 0"}, []),
        ({"kind": "condition", "condition": "cast(arrived as date) >= sent"}, [(4, "CONDITION_BROKEN", None)]),
        ({"kind": "unique", "columns": ["arrived"]}, [(4, "DUPLICATE_KEY", "Arrived")]),
        ({"kind": "range", "column": "qty", "maximum": 9, "where": "sku <> 'B-3'"}, []),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_rule_rejects_the_rows_that_break_it(rule: dict[str, Any], expected: list[Any]) -> None:
    judged = ask(rule)

    assert reasons(judged) == expected
    assert judged.accepted.height == 3 - len(expected)


def test_a_row_gets_all_its_reasons() -> None:
    judged = ask(
        {"kind": "email", "column": "mail"},
        {"kind": "range", "column": "qty", "maximum": 9},
        {
            "kind": "condition",
            "condition": "cast(arrived as date) >= sent",
            "message": "it arrived before it was sent.",
        },
    )

    assert reasons(judged) == [
        (4, "INVALID_EMAIL", "Mail"), (4, "OUT_OF_RANGE", "Qty"), (4, "CONDITION_BROKEN", None)
    ]  # fmt: skip
    assert judged.rejects["error_message"][2] == "it arrived before it was sent."


def test_what_cannot_be_read_breaks_no_other_rule() -> None:
    table = TABLE.replace("| 50  |", "| x5  |")

    judged = ask({"kind": "range", "column": "qty", "maximum": 9}, {"kind": "enum", "column": "qty", "values": [0, 5]},
                 {"kind": "condition", "condition": "qty < 9"}, table=table)  # fmt: skip

    assert reasons(judged) == [(4, "UNREADABLE_CELL", "Qty")]


@pytest.mark.parametrize(("severity", "code"), [("reject_file", "RULE_REFUSES_FILE"), ("abort", "RULE_ABORTS_DATE")])
def test_a_file_is_refused_only_above_both_thresholds(severity: str, code: str) -> None:
    rule = {"kind": "range", "column": "qty", "minimum": 1, "severity": severity}

    with pytest.raises(FileRejected, match="1 of 3 rows break rule 'r0'") as refused:
        ask(rule)

    assert refused.value.code == code
    for tolerance in ({"over_rows": 1}, {"over_percent": 40}):
        assert reasons(ask({**rule, **tolerance})) == [(3, "OUT_OF_RANGE", "Qty")]
    with pytest.raises(FileRejected):
        ask({**rule, "over_percent": 33})


def test_a_threshold_without_a_file_at_stake_is_a_fault() -> None:
    with pytest.raises(ValidationError, match="over_rows and over_percent go with severity reject_file or abort only"):
        declare({"kind": "range", "column": "qty", "over_rows": 3})


@given(st.from_regex(PLAIN_EMAIL, fullmatch=True))
def test_what_passes_as_a_plain_address_is_one_to_the_library(text: str) -> None:
    validate_email(text.strip("\n"), check_deliverability=False)


@given(st.from_regex(PLAIN_URL, fullmatch=True))
def test_what_passes_as_a_plain_web_address_is_one_to_the_library(text: str) -> None:
    assert is_url(text.strip("\n"), None)


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("email", ["a.b+c@toko.co.id", "é@toko.com", "a@xn--toko-9ua.com"], ["a@b", "a b@c.com", "@c.com", "a@@c.com"]),
        (
            "url",
            ["http://localhost:80/a?b=c#d", "https://tökö.id"],
            ["toko.co.id", "ftp://a.com", "http://", "http//a.b"],
        ),
        ("phone", ["+62 21 3456789", "+1 212 555 0100"], ["12", "021 3456789", "+99 123", "call me"]),
    ],
)
def test_forms_are_what_the_libraries_say(kind: str, right: list[str], wrong: list[str]) -> None:
    rows = "\n".join(f"K{place} | {text}" for place, text in enumerate(right + wrong))
    spec = declare({"kind": kind, "column": "mail"}).model_copy(
        update={"columns": (declare().column("sku"), declare().column("mail"))}
    )

    judged = judge(raw_table(f"SKU | Mail\n{rows}"), spec, name="a.csv")

    assert judged.rejects["raw_text"].to_list() == wrong


def test_a_region_spares_the_code_of_the_country() -> None:
    table = TABLE.replace("a@toko.co.id ", "021 3456789 ").replace("sari@ ", "")

    assert reasons(ask({"kind": "phone", "column": "mail", "region": "ID"}, table=table)) == []
