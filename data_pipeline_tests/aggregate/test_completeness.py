"""Rules of completeness: who is expected, who is in, who is missing, who was not expected."""

import pytest

from data_pipeline.aggregate.completeness import compare_stores, read_roster
from data_pipeline.model.findings import Finding
from data_pipeline.model.snapshots import Completeness
from data_pipeline.model.spec import RosterSpec
from data_pipeline_tests.tables import reference_table

ROSTER = RosterSpec(file="stores.csv", column="name", exclude="^PT ")
STORES = reference_table(
    "stores.csv",
    """
    original_id | name
    8           | ' Miss Glam Pekanbaru '
    37          | PT Bersama Distriversa Indonesia
    7           | Miss Glam Padang
    7           | Miss Glam Padang
    99          | ' '
    100         |
    """,
)


def test_the_roster_is_the_list_of_stores_without_offices_blanks_and_repeats() -> None:
    assert read_roster(ROSTER, {"stores.csv": STORES}) == (["Miss Glam Padang", "Miss Glam Pekanbaru"], [])


def test_without_exclusion_every_name_is_a_store() -> None:
    stores, _ = read_roster(RosterSpec(file="stores.csv", column="name"), {"stores.csv": STORES})

    assert stores == ["Miss Glam Padang", "Miss Glam Pekanbaru", "PT Bersama Distriversa Indonesia"]


@pytest.mark.parametrize(
    "references",
    [{}, {"stores.csv": reference_table("stores.csv", "id | store\n1 | Padang")}],
    ids=["no file", "no column"],
)
def test_a_roster_that_is_not_there_is_a_finding(references: dict) -> None:
    stores, findings = read_roster(ROSTER, references)

    assert stores == []
    assert findings == [
        Finding(
            code="ROSTER_MISSING",
            message="roster: no column 'name' in reference file 'stores.csv'; nobody is expected",
        )
    ]


def test_a_pipeline_without_roster_expects_nobody() -> None:
    assert read_roster(None, {"stores.csv": STORES}) == ([], [])


def test_stores_are_in_missing_or_unexpected() -> None:
    assert compare_stores(["Solok", "Padang", "Kiosk", "Padang"], ["Aceh", "Padang", "Solok", "Duri"]) == Completeness(
        stores_in=("Kiosk", "Padang", "Solok"), stores_missing=("Aceh", "Duri"), stores_unexpected=("Kiosk",)
    )


def test_without_roster_nobody_is_unexpected() -> None:
    assert compare_stores(["Padang"], []) == Completeness(
        stores_in=("Padang",), stores_missing=(), stores_unexpected=()
    )


def test_on_a_day_without_deliveries_everybody_is_missing() -> None:
    assert compare_stores([], ["Padang", "Aceh"]).stores_missing == ("Aceh", "Padang")
