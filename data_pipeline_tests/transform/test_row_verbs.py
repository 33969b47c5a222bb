"""Verbs that drop, merge, add or match rows, worked by hand."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import StoreError
from data_pipeline.transform.step import Known
from data_pipeline_tests.tables import table
from data_pipeline_tests.transform.sample import compile_verb

SUPPLIERS = Known(references={"s.csv": table("Brand | Supplier\nA | Sari\nA | Budi\n' b ' | Tari\n | Nobody")})
JOIN = {"file": "s.csv", "on": {"brand": "Brand"}, "take": {"supplier": "Supplier"}}


@pytest.mark.parametrize(
    ("unknown", "kept", "removed", "failed"),
    [("drop", ["A"], 2, 0), ("keep", ["A", "C"], 1, 0), ("reject", ["A"], 1, 1)],
)
def test_a_filter_says_what_follows_when_it_cannot_tell(
    unknown: str, kept: list[str], removed: int, failed: int
) -> None:
    rows = table("sku | stock:integer\nA | 1\nB | 0\nC |")

    made = compile_verb("filter", where="stock > 0", unknown=unknown).apply(rows, Known())

    assert (made.rows["sku"].to_list(), made.removed, made.failed) == (kept, removed, failed)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0, 2, 3]),
        ({"keep": "last"}, [1, 2, 4]),
        ({"order": ["n"]}, [1, 2, 4]),
        ({"order": ["n"], "keep": "last"}, [0, 2, 3]),
    ],
)
def test_one_row_of_each_key_stays_in_its_place(options: dict[str, object], kept: list[int]) -> None:
    rows = table("key | n:integer\nA | 2\nA | 1\nB | 5\n | 3\n |")

    made = compile_verb("drop_duplicates", columns=["key"], **options).apply(rows, Known())

    assert_frame_equal(made.rows, rows[kept])
    assert made.removed == 2


def test_each_record_that_matches_makes_a_row() -> None:
    rows = table("sku | brand\n1 | A\n2 | B\n3 |")

    made = compile_verb("join_reference", **JOIN, cardinality="1:m", ignore_case=True).apply(rows, SUPPLIERS)

    assert made.rows.rows() == [("1", "A", "Sari"), ("1", "A", "Budi"), ("2", "B", "Tari"), ("3", None, None)]
    assert (made.added, made.failed) == (1, 0)


def test_a_key_that_repeats_against_the_declaration_goes_back() -> None:
    rows = table("sku | brand\n1 | A\n2 | A")

    made = compile_verb("join_reference", **JOIN, cardinality="1:m").apply(rows, SUPPLIERS)

    assert made.rows["sku"].to_list() == ["1", "1"]
    assert made.failures is not None
    assert made.failures["@message"].to_list() == [
        "expected a key that no row above has, found 'A' again. Remove one of them."
    ]


@pytest.mark.parametrize("cardinality", ["m:1", "1:1"])
def test_a_reference_file_that_names_a_key_twice_is_no_multiplication(cardinality: str) -> None:
    with pytest.raises(StoreError) as caught:
        compile_verb("join_reference", **JOIN, cardinality=cardinality).apply(table("brand\nX"), SUPPLIERS)

    assert str(caught.value) == (
        "reference file 's.csv': expected one record for 'A', found several. Remove all but one."
    )


def test_rows_without_a_record_go_back_if_that_is_declared() -> None:
    one = Known(references={"s.csv": table("Brand | Supplier\nA | Sari")})
    rows = table("sku | brand\n1 | A\n2 | X\n3 |\n4 | ' A '")

    made = compile_verb("join_reference", **JOIN, cardinality="m:1", missing="reject").apply(rows, one)

    assert made.rows.rows() == [("1", "A", "Sari"), ("4", " A ", "Sari")]
    assert made.failed == 2


@pytest.mark.parametrize(
    ("references", "message"),
    [
        ({}, "expected a reference file 's.csv', found none. Restore it and run the date again."),
        (
            {"s.csv": table("Brand\nA")},
            "reference file 's.csv': expected columns 'Supplier', found 'Brand'. Restore them and run the date again.",
        ),
    ],
)
def test_without_its_reference_file_nothing_is_joined(references: dict[str, pl.DataFrame], message: str) -> None:
    with pytest.raises(StoreError) as caught:
        compile_verb("join_reference", **JOIN, cardinality="m:1").apply(table("brand\nA"), Known(references=references))

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, ["Sari", None, None]),
        ({"missing": "default", "default": "?"}, ["Sari", "?", None]),
        ({"missing": "reject"}, ["Sari", None]),
        ({"ignore_case": True}, ["Sari", "Tari", None]),
    ],
)
def test_a_value_is_looked_up(options: dict[str, object], found: list[str | None]) -> None:
    known = Known(references={"s.csv": table("Brand | Supplier\nA | Sari\nb | Tari")})
    options = {"column": "brand", "file": "s.csv", "key": "Brand", "value": "Supplier", "into": "by", **options}

    made = compile_verb("lookup", **options).apply(table("brand\nA\nB\n ''"), known)

    assert made.rows["by"].to_list() == found


@pytest.mark.parametrize(
    ("options", "pieces"),
    [
        ({"too_many": "join"}, [("a", "b"), ("a", None), (None, None), ("a", "b-c")]),
        ({"too_many": "reject"}, [("a", "b"), ("a", None), (None, None)]),
        ({"too_many": "join", "too_few": "reject"}, [("a", "b"), (None, None), ("a", "b-c")]),
    ],
)
def test_texts_are_cut_into_columns(options: dict[str, object], pieces: list[tuple[str, str]]) -> None:
    rows = pl.DataFrame({"t": ["a - b", "a", " ", "a-b-c"]})

    made = compile_verb("split", column="t", by="-", into=["one", "two"], **options).apply(rows, Known())

    assert made.rows.select("one", "two").rows() == pieces


def test_lists_become_rows_and_none_is_lost() -> None:
    rows = table("order | skus\n1 | A; B;;A\n2 | ;\n3 |")

    made = compile_verb("explode", column="skus", by=";").apply(rows, Known())

    assert made.rows.rows() == [("1", "A"), ("1", "B"), ("1", "A"), ("2", None), ("3", None)]
    assert made.added == 2


def test_groups_tell_what_is_missing_from_what_is_zero() -> None:
    rows = table("store | sku | n:integer\nB | x | 1\nA | x |\nB | y | 3\n | x | 0\nB | y |")
    totals = {how: {"how": how, "of": "n"} for how in ("sum", "mean", "min", "max", "count")} | {
        "skus": {"how": "count_distinct", "of": "sku"},
        "rows": {"how": "rows"},
    }

    made = compile_verb("aggregate", by=["store"], totals=totals).apply(rows, Known())

    assert made.rows.rows() == [
        (None, 0, 0.0, 0, 0, 1, 1, 1),
        ("A", None, None, None, None, 0, 1, 1),
        ("B", 4, 2.0, 1, 3, 2, 2, 3),
    ]
    assert made.removed == 2
