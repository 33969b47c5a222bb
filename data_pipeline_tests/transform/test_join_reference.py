"""Rules of joining reference data: rows are neither multiplied nor lost nor moved."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import ConservationError
from data_pipeline.transform.join_reference import join_reference
from data_pipeline_tests.tables import table

SUPPLIERS = """
    brand | store  | supplier
    B     | Padang | Beta
    A     | Padang | Alfa
    ''    | Aceh   | Zero
"""


def test_rows_keep_number_and_order_and_gain_columns() -> None:
    rows = table("""
        brand | store  | stock:integer
        A     | Padang | 1
        C     | Padang | 2
        B     | Padang | 3
        A     | Aceh   | 4
        A     | Padang | 5
    """)

    joined = join_reference(rows, table(SUPPLIERS), on=["brand", "store"], what="suppliers")

    assert_frame_equal(
        joined,
        table("""
            brand | store  | stock:integer | supplier
            A     | Padang | 1             | Alfa
            C     | Padang | 2             |
            B     | Padang | 3             | Beta
            A     | Aceh   | 4             |
            A     | Padang | 5             | Alfa
        """),
    )


def test_a_reference_that_names_a_key_twice_is_an_error_and_no_multiplication() -> None:
    """Eight brands have two suppliers in Padang: the predecessor made 533 rows of nothing."""
    twice = pl.concat([table(SUPPLIERS), table(SUPPLIERS).slice(1, 1)])

    with pytest.raises(ConservationError) as caught:
        join_reference(table("brand | store\nA | Padang"), twice, on=["brand", "store"], what="suppliers")

    assert str(caught.value) == (
        "suppliers: expected one row per brand, store, found {'brand': 'A', 'store': 'Padang'} more than once"
    )


def test_a_doubled_key_that_no_row_asks_for_is_an_error_too() -> None:
    """Whether a day fails must not depend on what was sold on it."""
    twice = pl.concat([table(SUPPLIERS), table(SUPPLIERS)])

    with pytest.raises(ConservationError):
        join_reference(table("brand | store\nC | Padang"), twice, on=["brand", "store"], what="suppliers")


@pytest.mark.parametrize("blank", ["''", ""], ids=["empty", "null"])
def test_blank_keys_match_blank_keys(blank: str) -> None:
    rows = table(f"brand | store\n{blank} | Aceh")
    reference = table(f"brand | store | supplier\n{blank} | Aceh | Zero")

    assert join_reference(rows, reference, on=["brand", "store"], what="suppliers")["supplier"].to_list() == ["Zero"]


@pytest.mark.parametrize(
    ("rows", "reference", "joined"),
    [
        ("brand | stock:integer", "brand | supplier\nA | Alfa", "brand | stock:integer | supplier"),
        ("brand | stock:integer\nA | 1", "brand | supplier", "brand | stock:integer | supplier\nA | 1 |"),
    ],
    ids=["no rows", "no reference"],
)
def test_nothing_joined_is_still_typed(rows: str, reference: str, joined: str) -> None:
    assert_frame_equal(join_reference(table(rows), table(reference), on=["brand"], what="x"), table(joined))


def test_keys_of_another_type_are_an_error() -> None:
    with pytest.raises(pl.exceptions.SchemaError):
        join_reference(table("sku\n1"), table("sku:integer | list\n1 | x"), on=["sku"], what="top 100")


def test_the_rows_that_went_in_are_unchanged() -> None:
    rows = table("brand\nA")

    join_reference(rows, table("brand | supplier\nA | Alfa"), on=["brand"], what="suppliers")

    assert_frame_equal(rows, table("brand\nA"))
