"""SQL of a pipeline.yaml: a row's own values in, one value out, and nothing else is possible."""

import datetime as dt

import polars as pl
import pytest

from data_pipeline.errors import SpecError
from data_pipeline.parsing.expressions import parse_expression
from data_pipeline_tests.tables import table

ROWS = table("a:integer | b | d:date\n1 | 1 | 2026-01-05\n2 | x |\n0 | |2026-02-03")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a IN (1, 2)", [True, True, False]),
        ("a NOT BETWEEN 1 AND 2", [False, False, True]),
        ("b IS NULL", [False, False, True]),
        ("b LIKE '1%' OR a = 0", [True, False, True]),
        ("b ~ '^[0-9]+$'", [True, False, None]),
        ("CASE WHEN a > 1 THEN 'many' ELSE 'few' END", ["few", "many", "few"]),
        ("COALESCE(b, 'none')", ["1", "x", "none"]),
        ("UPPER(b) || '!'", ["1!", "X!", None]),
        ("1 / a", [1.0, 0.5, None]),
        ("CAST(b AS BIGINT)", [1, None, None]),
        ("d >= DATE '2026-02-01'", [False, None, True]),
        ("EXTRACT(MONTH FROM d)", [1, None, 2]),
        ("d + INTERVAL '1 day'", [dt.date(2026, 1, 6), None, dt.date(2026, 2, 4)]),
        ("'always'", ["always"] * 3),
    ],
)
def test_an_expression_has_one_value_for_every_row(text: str, expected: list[object]) -> None:
    expression = parse_expression(text)

    assert expression.evaluate(ROWS).to_list() == expected
    assert len(expression.evaluate(ROWS.clear())) == 0


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT 1)", "a IN (SELECT a FROM self)", "EXISTS (SELECT 1)", "SUM(a)", "COUNT(*)", "*", "MAX(a) OVER ()",
        "ROW_NUMBER() OVER (ORDER BY a)", "LAG(a)", "read_csv('/etc/passwd')", "RANDOM()", "NOW()", "CURRENT_DATE",
        "other.a", "a; SELECT 1", "a) FROM self; --", "", "a +", "SELECT a FROM self", "DROP TABLE x", "a AS b",
    ],
)  # fmt: skip
def test_more_than_a_rows_own_values_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_expression(text)


@pytest.mark.parametrize(
    ("text", "failed"), [("CAST(b AS INTEGER)", [1]), ("TRY_CAST(b AS INTEGER)", []), ("1 / a", [2])]
)
def test_what_cannot_be_computed_is_told_from_what_is_missing(text: str, failed: list[int]) -> None:
    assert parse_expression(text).find_failed(ROWS).arg_true().to_list() == failed


def test_names_that_are_words_of_sql_or_hold_quotes_are_columns_like_others() -> None:
    rows = pl.DataFrame({"order": [1], 'say "hi"': [2]})

    assert parse_expression('"order" + "say ""hi"""').evaluate(rows).to_list() == [3]


def test_an_expression_that_does_not_fit_its_columns_says_so() -> None:
    with pytest.raises(SpecError) as caught:
        parse_expression("b + 1").evaluate(ROWS)

    assert str(caught.value).startswith("expected an expression that fits its columns, found 'b + 1': arithmetic on")
