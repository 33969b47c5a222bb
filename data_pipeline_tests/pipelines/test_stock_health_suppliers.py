"""Rules of whom to order from: the store's own supplier, else any store's first, and never a row more.

Source: stock_health.md, 2.4.
"""

import polars as pl
import pytest

from data_pipeline.model.tables import ReferenceTable
from data_pipeline.pipelines.stock_health.reference import SUPPLIER_COLUMNS
from data_pipeline_tests.pipelines.days import compute, supplier_list
from data_pipeline_tests.tables import reference_table

SUPPLIERS = """
    No | Nama Supplier | Nama Brand | Nama Store
    1  | Sari          | A          | Miss Glam Padang
    2  | Tirta         | A          | Miss Glam Medan
    3  | Tirta again   | A          | Miss Glam Medan
    4  | Utama         | B          | Miss Glam Soeta
    5  | Vita          | B          | Miss Glam Padang
    6  | Head office   | C          | PT Bersama Distriversa Indonesia
"""


def suppliers_of(
    drawing: str, suppliers: ReferenceTable | str = SUPPLIERS, *, rule_set: str = "R3"
) -> list[str | None]:
    """Name of each row's supplier, in the order of the SKUs."""
    listed = supplier_list(suppliers) if isinstance(suppliers, str) else suppliers
    return compute(drawing, listed, rule_set=rule_set).rows.sort("sku")["supplier_name"].to_list()


@pytest.mark.parametrize("rule_set", ["R1", "R2", "R3"])
def test_a_stores_own_supplier_comes_first_then_the_first_of_any_store(rule_set: str) -> None:
    names = suppliers_of(
        """
        sku | store  | brand
        1   | Medan  | A
        2   | Padang | A
        3   | Soeta  | A
        4   | Medan  | B
        5   | Padang | B
        6   | Medan  | C
        7   | Medan  | D
        """,
        rule_set=rule_set,
    )

    assert names == ["Tirta", "Sari", "Sari", "Utama", "Vita", "Head office", None]


def test_suppliers_that_are_listed_twice_do_not_multiply_rows() -> None:
    """Eight brands have two suppliers in Padang: the predecessor made 533 rows of nothing."""
    rows = compute("sku | store\n1 | Medan\n2 | Medan\n3 | Soeta", supplier_list(SUPPLIERS)).rows

    assert rows.select("sku", "supplier_name").rows() == [("1", "Tirta"), ("2", "Tirta"), ("3", "Sari")]


def test_blanks_around_brand_and_store_do_not_matter() -> None:
    padded = """
        No | Nama Supplier | Nama Brand | Nama Store
        1  | Other         | A          | Miss Glam Padang
        2  | 'Sari '       | ' A '      | 'Miss Glam Medan '
    """

    assert suppliers_of("sku | store\n1 | Medan", padded) == ["Sari "]


def test_case_of_a_brand_matters() -> None:
    assert suppliers_of("sku | brand\n1 | a") == [None]


BLANK_BRAND = """
    No | Nama Supplier | Nama Brand | Nama Store
    1  | Sari          | ''         | Miss Glam Soeta
"""


@pytest.mark.parametrize(("rule_set", "elsewhere"), [("R3", None), ("RG", None), ("R2", "Sari"), ("R1", "Sari")])
def test_a_blank_brand_matches_in_its_own_store_and_falls_back_where_the_rule_set_says(
    rule_set: str, elsewhere: str | None
) -> None:
    names = suppliers_of("sku | store | brand\n1 | Soeta | ''\n2 | Medan | ''", BLANK_BRAND, rule_set=rule_set)

    assert names == ["Sari", elsewhere]


def test_a_line_without_supplier_counts_as_one() -> None:
    """13 lines of the real list name nobody; such a brand is not taken from another store."""
    listed = """
        No | ID Supplier | Nama Supplier | Nama Brand | Nama Store
        1  |             |               | A          | Miss Glam Medan
        2  | 77          | Sari          | A          | Miss Glam Padang
    """

    row = compute("sku | store\n1 | Medan", supplier_list(listed)).rows.row(0, named=True)

    assert (row["supplier_no"], row["supplier_id"], row["supplier_name"]) == (1, None, "")


FULL = """
    No | ID Supplier | Nama Supplier | ID Brand | Nama Brand | ID Store | Nama Store | Hari Order | Min. Purchase | \
Trading Term | Promo Factor | Delay Factor
    12 | 2122.0 | Sari | 1756 | A | 7 | Miss Glam Padang | 3 | 500000 | 0 | p | d
"""
EVERYTHING = {
    "supplier_no": 12,
    "supplier_id": 2122,
    "supplier_name": "Sari",
    "supplier_brand_id": 1756,
    "supplier_brand": "A",
    "supplier_store_id": 7,
    "supplier_store": "Miss Glam Padang",
    "order_day": 3,
    "min_purchase": 500000,
    "trading_term": 0,
    "promo_factor": "p",
    "delay_factor": "d",
}


@pytest.mark.parametrize("store", ["Padang", "Medan"], ids=["own", "any store's"])
def test_all_that_is_known_of_a_supplier_goes_with_it(store: str) -> None:
    rows = compute(f"sku | store\n1 | {store}", supplier_list(FULL)).rows

    assert list(EVERYTHING) == list(SUPPLIER_COLUMNS.values())
    assert rows.select(list(EVERYTHING)).row(0, named=True) == EVERYTHING


@pytest.mark.parametrize(("rule_set", "brand"), [("R3", "D"), ("R2", "D"), ("R3", "''")], ids=["R3", "R2", "blank"])
def test_without_supplier_its_numbers_are_zero_and_the_rest_is_blank(rule_set: str, brand: str) -> None:
    """As the owner's order files have it: only these five are zero."""
    rows = compute(f"sku | brand\n1 | {brand}", supplier_list(FULL), rule_set=rule_set).rows

    zeros = ("supplier_brand_id", "supplier_store_id", "order_day", "min_purchase", "trading_term")
    assert rows.select(list(EVERYTHING)).row(0, named=True) == {
        name: 0 if name in zeros else None for name in EVERYTHING
    }


def test_per_store_rows_with_a_supplier_of_their_own_come_first_each_in_their_order() -> None:
    rows = compute(
        """
        sku | store  | brand
        1   | Soeta  | A
        2   | Padang | C
        3   | Soeta  | B
        4   | Padang | B
        5   | Padang | D
        6   | Padang | A
        7   | Soeta  | D
        8   | Padang | B
        """,
        supplier_list(SUPPLIERS),
    ).rows

    assert rows.select(pl.col("store").str.slice(10), "sku").rows() == [
        ("Padang", "4"),
        ("Padang", "6"),
        ("Padang", "8"),
        ("Padang", "2"),
        ("Padang", "5"),
        ("Soeta", "3"),
        ("Soeta", "1"),
        ("Soeta", "7"),
    ]


@pytest.mark.parametrize(
    ("names", "used"),
    [
        (["suppliers.xlsx", "suppliers.csv", "supplier_data.csv"], "supplier_data.csv"),
        (["suppliers.xlsx", "suppliers.csv"], "suppliers.csv"),
        (["suppliers.xlsx"], "suppliers.xlsx"),
    ],
)
def test_of_several_supplier_files_one_is_used(names: list[str], used: str) -> None:
    lists = [
        supplier_list(f"Nama Supplier | Nama Brand | Nama Store\n{name} | A | Miss Glam Padang", name) for name in names
    ]

    assert compute("sku\n1", *lists).rows["supplier_name"].to_list() == [used]


def test_numbers_that_cannot_be_read_are_blank() -> None:
    listed = "No | ID Supplier | Nama Brand | Nama Store\n1 | 21x | A | Miss Glam Padang"

    assert compute("sku\n1", supplier_list(listed)).rows["supplier_id"].to_list() == [None]


def test_a_supplier_list_that_lacks_columns_is_a_finding() -> None:
    listed = reference_table(
        "supplier_data.csv", "No | Nama Supplier | Nama Brand | Nama Store\n1 | Sari | A | Miss Glam Padang"
    )

    processed = compute("sku\n1", listed)

    assert processed.rows["supplier_name"].to_list() == ["Sari"]
    assert [finding.message for finding in processed.findings if finding.code == "REFERENCE_INCOMPLETE"] == [
        "supplier_data.csv: columns missing: ID Supplier, ID Brand, ID Store, Hari Order, Min. Purchase, Trading Term, "
        "Promo Factor, Delay Factor; they stay empty"
    ]


def test_rows_that_nobody_supplies_are_counted_by_brand() -> None:
    processed = compute(
        """
        sku | brand
        1   | Z
        2   | A
        3   | Y
        4   | Z
        5   | X
        """,
        supplier_list(SUPPLIERS),
    )

    (finding,) = [finding for finding in processed.findings if finding.code == "SUPPLIER_UNKNOWN"]
    assert finding.message == "4 rows of 3 brands have no supplier; most: 'Z'"
    assert finding.rows == 4
    assert list(finding.details["brands"].items()) == [("Z", 2), ("X", 1), ("Y", 1)]
