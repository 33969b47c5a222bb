"""Rules of the reference files: shares, top-100 lists, special SKUs; what is not there is said.

Source: stock_health.md, 1.4 and 1.6.
"""

import polars as pl
import pytest

from data_pipeline.model.tables import RawRows, ReferenceTable
from data_pipeline_tests.pipelines.days import compute, contributions, supplier_list, top_100
from data_pipeline_tests.tables import raw_rows, reference_table

STORES = "store\nPadang\nMedan\nDr. Mansyur"


def shares(*lines: str, aliases: dict[str, str] | None = None) -> dict[str, float]:
    """Contribution of each store of STORES."""
    rows = compute(STORES, contributions(*lines), aliases=aliases).rows
    return dict(rows.select(pl.col("store").str.strip_prefix("Miss Glam "), "contribution_pct").iter_rows())


def findings(code: str, *references: ReferenceTable, rule_set: str = "R3") -> list[str]:
    """Messages of the findings with that code."""
    processed = compute(STORES, *references, rule_set=rule_set)
    return [finding.message for finding in processed.findings if finding.code == code]


@pytest.mark.parametrize(
    "line", ["DR. MANSYUR | 25", "dr. mansyur | 25.0", "' Dr.  Mansyur ' | ' 25 '", "26. Miss Glam Dr. Mansyur | 25"]
)
def test_a_share_is_found_by_the_stores_name_in_any_case(line: str) -> None:
    assert shares("PADANG | 100", "MEDAN | 46", line) == {"Padang": 100, "Medan": 46, "Dr. Mansyur": 25}


def test_a_share_is_found_by_a_taught_alias() -> None:
    """The real list says MANSYUR, file names say DR MANSUR."""
    assert shares("MANSYUR | 25", aliases={"MANSYUR": "Dr. Mansyur"})["Dr. Mansyur"] == 25


def test_of_several_shares_of_a_store_the_first_counts() -> None:
    assert shares("DR. MANSYUR | 25", "MANSYUR | 99", aliases={"MANSYUR": "Dr. Mansyur"})["Dr. Mansyur"] == 25


def test_a_store_that_is_not_listed_counts_as_one_hundred_and_is_named() -> None:
    listed = contributions("MEDAN | 46", "PADANG PANJANG | 9", "KIOSK | 5")

    assert shares("MEDAN | 46", "PADANG PANJANG | 9", "KIOSK | 5") == {"Padang": 100, "Medan": 46, "Dr. Mansyur": 100}
    assert findings("CONTRIBUTION_UNKNOWN", listed) == [
        "store_contribution.csv does not list Miss Glam Dr. Mansyur, Miss Glam Padang; 100 % is used"
    ]


def test_a_share_that_is_no_number_is_a_finding_and_not_zero() -> None:
    listed = contributions("PADANG | 100", "MEDAN | '45,5'", "DR. MANSYUR |")

    assert findings("REFERENCE_UNREADABLE", listed) == [
        "store_contribution.csv: expected a percentage for 'MEDAN', found '45,5'",
        "store_contribution.csv: expected a percentage for 'DR. MANSYUR', found ''",
    ]
    assert shares("PADANG | 100", "MEDAN | '45,5'")["Medan"] == 100


def test_a_share_that_no_store_can_have_is_a_finding() -> None:
    listed = contributions("PADANG | nan", "MEDAN | inf", "DR. MANSYUR | -5")

    assert len(findings("REFERENCE_UNREADABLE", listed)) == 3


def flagged(*lists: ReferenceTable, drawing: str = "sku\n1\n2\n01", aliases: dict[str, str] | None = None) -> list[str]:
    """SKUs that are marked as top 100."""
    rows = compute(drawing, *lists, aliases=aliases).rows
    return rows.filter(pl.col("is_top_100") == 1)["sku"].to_list()


def listed(*rows: tuple[str | None, ...], name: str = "top_100_sku/1. Miss Glam Padang.xlsx") -> ReferenceTable:
    """A list as it lies in the file, header and titles among its rows."""
    return ReferenceTable(name=name, sha256="hash", rows=raw_rows(list(rows)))


@pytest.mark.parametrize(
    "rows",
    [
        [("SKU", "Nama"), ("1", "a")],
        [("Nama", " sku "), ("a", "1")],
        [("TOP 100", None), ("Padang", "2025"), (None, None), ("Nama", "Sku"), ("a", " 1 ")],
        [("9", "b"), ("1", "a")],
    ],
    ids=["header on top", "any column, any case", "titles above", "no header"],
)
def test_the_header_of_a_list_may_stand_anywhere_near_the_top(rows: list[tuple[str | None, ...]]) -> None:
    """Without the word `sku` the first row is the header and the first column holds SKUs."""
    assert flagged(listed(*rows)) == ["1"]


def test_only_the_first_hundred_rows_below_the_header_count() -> None:
    skus = [str(number) for number in range(1000, 1110)]
    titles = [("TOP 100", None), ("sku", "Nama")]

    marked = flagged(listed(*titles, *((sku, "x") for sku in skus)), drawing="\n".join(["sku", *skus]))

    assert marked == skus[:100]


def test_a_sku_that_is_listed_twice_marks_one_row() -> None:
    assert flagged(top_100("Padang", ["1", "2", "1"])) == ["1", "2"]


def test_listed_skus_are_texts() -> None:
    assert flagged(top_100("Padang", ["01"])) == ["01"]


def test_a_list_marks_rows_of_its_own_store_only() -> None:
    rows = compute("store | sku\nPadang | 1\nMedan | 1", top_100("Medan", ["1"])).rows

    assert rows.select("store", "is_top_100").rows() == [("Miss Glam Medan", 1), ("Miss Glam Padang", 0)]


@pytest.mark.parametrize(
    ("name", "aliases"),
    [
        ("1.Miss glam padang.csv", {}),
        ("1. Miss Glam Padang .xlsx", {}),
        ("9. Miss Glam Kota Padang.csv", {"KOTA PADANG": "Padang"}),
    ],
    ids=["old spelling", "trailing blank", "alias"],
)
def test_a_list_belongs_to_the_store_in_its_name(name: str, aliases: dict[str, str]) -> None:
    assert flagged(listed(("SKU",), ("1",), name=f"top_100_sku/{name}"), aliases=aliases) == ["1"]


@pytest.mark.parametrize("name", ["top_100_sku/1. Miss Glam Padang Panjang.csv", "1. Miss Glam Padang.csv"])
def test_a_list_of_nobody_marks_nothing(name: str) -> None:
    assert flagged(listed(("SKU",), ("1",), name=name)) == []


def test_of_two_lists_of_a_store_the_first_by_name_counts() -> None:
    later = listed(("SKU",), ("2",), name="top_100_sku/2. Miss Glam Padang.csv")

    assert flagged(later, top_100("Padang", ["1"])) == ["1"]


def test_stores_without_a_list_are_named() -> None:
    assert findings("TOP_100_MISSING", top_100("Medan", ["1"])) == [
        "no top-100 list for Miss Glam Dr. Mansyur, Miss Glam Padang: no emergency orders for them"
    ]


SPECIAL = reference_table("special_sku_60.csv", "SKU | Nama Produk | ''\n1 | Soap |\n' 01 ' | Soap |")


@pytest.mark.parametrize(("rule_set", "days"), [("R2", [60, 30, 60]), ("R1", [30] * 3), ("R3", [30] * 3)])
def test_special_skus_have_the_long_target_where_the_rule_set_says(rule_set: str, days: list[int]) -> None:
    """Case A lasts 6 days: for 60 days 0.5 x 60 = 30 pieces are wanted, of which 3 are there."""
    rows = compute("sku\n1\n2\n01", SPECIAL, rule_set=rule_set).rows

    assert rows["target_days"].to_list() == days
    assert rows["target_qty"].to_list() == [day // 2 for day in days]
    assert rows["initial_qty"].to_list() == [day // 2 - 3 for day in days]


NO_FILE = "{}: no file {!r} in the reference folder; {}"
MISSING = {
    "store_contribution.csv": ("contributions", "every store counts as 100 %"),
    "supplier_data.csv": ("suppliers", "nobody to order from is known"),
    "special_sku_60.csv": ("special SKUs", "every SKU has the ordinary target"),
}
PRESENT = (contributions("PADANG | 100"), supplier_list("No | Nama Brand\n1 | A"), SPECIAL)


@pytest.mark.parametrize("file", MISSING)
def test_a_missing_reference_file_is_a_finding_that_says_what_follows(file: str) -> None:
    others = [reference for reference in PRESENT if reference.name != file]
    what, consequence = MISSING[file]

    assert findings("REFERENCE_MISSING", *others, rule_set="R2") == [NO_FILE.format(what, file, consequence)]


def test_with_all_reference_files_none_is_missed() -> None:
    assert findings("REFERENCE_MISSING", *PRESENT, rule_set="R2") == []


def test_a_file_that_the_rule_set_does_not_use_is_not_missed() -> None:
    assert findings("REFERENCE_MISSING", *PRESENT[:2], rule_set="R3") == []


def test_a_day_without_any_reference_file_is_still_a_day() -> None:
    rows = compute(STORES).rows

    assert rows["final_qty"].to_list() == [12, 12, 12]
    assert rows["emergency_qty"].to_list() == [0, 0, 0]


EMPTY = RawRows(cells=pl.DataFrame(), row_numbers=[], sheet="", decimal_mark=",")


def test_an_empty_reference_file_does_not_stop_the_day() -> None:
    """Somebody saved it before it was filled in."""
    empty = [ReferenceTable(name=file, sha256="", rows=EMPTY) for file in MISSING]

    assert compute(STORES, *empty, rule_set="R2").rows.height == 3


def test_a_reference_file_of_another_shape_does_not_stop_the_day() -> None:
    shapes = {
        "store_contribution.csv": [("store",), ("PADANG",)],
        "special_sku_60.csv": [("", "Nama Produk"), ("1", "Soap")],
        "supplier_data.csv": [("Nama Brand", "Nama Brand"), ("A", "B")],
    }
    references = [ReferenceTable(name=file, sha256="", rows=raw_rows(rows)) for file, rows in shapes.items()]

    assert compute(STORES, *references, rule_set="R2").rows.height == 3


def test_an_empty_top_100_list_marks_nothing() -> None:
    empty = ReferenceTable(name="top_100_sku/1. Miss Glam Padang.csv", sha256="", rows=EMPTY)

    assert flagged(empty) == []
