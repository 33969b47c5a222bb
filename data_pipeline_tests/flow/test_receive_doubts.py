"""Rules of what a file is: witnesses that disagree, and the person who decides."""

import datetime as dt
import shutil
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import RequestError
from data_pipeline.flow.record import Receipt, Statement
from data_pipeline.flow.repair import assign_file
from data_pipeline.flow.report import read_overview
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    CHAIN,
    DAY,
    EXPORTED,
    NEXT_DAY,
    OTHER_ROWS,
    ask,
    drop,
    receive,
    show_batches,
)
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

TWO_STORES = """
    SKU  | Toko
    0101 | Toko Kirana Anggrek
    0102 | Toko Kirana Anggrek
    0103 | Toko Kirana Cempaka
"""
FINDINGS = "select f ->> 'code' as code, f ->> 'message' as message from batches, jsonb_array_elements(findings) f"
PARKED = "select path, note from arrivals where outcome = 'parked'"


def assign(workspace: Workspace, path: Path, store: str, *, day: dt.date = DAY) -> Receipt:
    """What an operator types."""
    statement = Statement(pipeline="stock_health", store=f"{CHAIN} {store}", business_date=day)
    return assign_file(workspace, workspace.pipeline("stock_health"), path, statement, taught_by="rina")


def decide(path: Path) -> str:
    """How a note ends."""
    return f". Decide with: data-pipeline assign '{path}' --store ... --date ..."


@pytest.fixture
def known_stores(workspace: Workspace) -> Workspace:
    """A workspace in which two stores have delivered before."""
    drop(workspace, ANGGREK)
    drop(workspace, BUKIT, store="Bukit Raya")
    receive(workspace)
    shutil.rmtree(workspace.settings.drive_folder / "20260105")
    return workspace


def test_a_file_whose_name_and_column_name_two_stores_is_parked(known_stores: Workspace) -> None:
    path = drop(known_stores, ANGGREK, OTHER_ROWS, store="Bukit Raya")

    [receipt] = receive(known_stores)

    note = (
        "the witnesses of the store disagree: file_name says Toko Kirana Anggrek ('1. Toko Kirana Anggrek.csv'), "
        f"store_column says Toko Kirana Bukit Raya ('Toko Kirana Bukit Raya in 3 rows'){decide(path)}"
    )
    assert (receipt.outcome, receipt.note) == ("parked", note)
    assert ask(known_stores, PARKED).rows() == [(str(path), note)]
    assert show_batches(known_stores)["version"].to_list() == ["1", "1"]


def test_a_file_with_rows_of_two_stores_is_parked(workspace: Workspace) -> None:
    path = drop(workspace, "20260105/stok.csv", TWO_STORES)

    [receipt] = receive(workspace)

    assert receipt.outcome == "parked"
    assert receipt.note == (
        "the witnesses of the store disagree: store_column says Toko Kirana Anggrek ('Toko Kirana Anggrek in 2 rows'), "
        f"store_column says Toko Kirana Cempaka ('Toko Kirana Cempaka in 1 rows'){decide(path)}"
    )


def test_a_file_whose_dates_disagree_is_parked(workspace: Workspace) -> None:
    path = drop(workspace, "20260106/Anggrek 20260104.xlsx")

    [receipt] = receive(workspace)

    assert receipt.outcome == "parked"
    assert receipt.note == (
        "the witnesses of the business date disagree: folder says 2026-01-06 ('20260106'), "
        "file_name says 2026-01-04 ('20260104'), file_created says 2026-01-05 ('2026-01-05T09:30:00+07:00'), "
        f"sales_dates says 2026-01-05 ('last sale on 2026-01-04 in 2 rows'){decide(path)}"
    )


def test_store_and_date_in_doubt_are_both_told(known_stores: Workspace) -> None:
    path = drop(known_stores, "20260108/Bukit Raya.xlsx", exported=EXPORTED + dt.timedelta(days=2))

    [receipt] = receive(known_stores)

    assert receipt.outcome == "parked"
    assert receipt.note == (
        "the witnesses of the store disagree: file_name says Toko Kirana Bukit Raya ('Bukit Raya.xlsx'), "
        "store_column says Toko Kirana Anggrek ('Toko Kirana Anggrek in 2 rows'); "
        "the witnesses of the business date disagree: folder says 2026-01-08 ('20260108'), "
        "file_created says 2026-01-07 ('2026-01-07T09:30:00+07:00'), "
        f"sales_dates says 2026-01-05 ('last sale on 2026-01-04 in 2 rows'){decide(path)}"
    )


def test_nothing_that_names_a_date_is_a_doubt_and_never_today(workspace: Workspace) -> None:
    rows = """
        SKU  | Last Sales
        0101 | 0000-00-00
    """
    path = drop(workspace, "kiriman/stok.csv", rows)

    [receipt] = receive(workspace)

    assert (receipt.outcome, receipt.business_date) == ("parked", None)
    assert receipt.note == f"nothing says which business date the file is for{decide(path)}"


def test_assigning_a_parked_file_makes_its_batch(known_stores: Workspace) -> None:
    path = drop(known_stores, "20260106/kiriman baru.csv", OTHER_ROWS, store="Cempaka", day=NEXT_DAY)
    drop(known_stores, "20260106/Anggrek.csv", OTHER_ROWS, store="Cempaka", day=NEXT_DAY)
    receive(known_stores)

    receipt = assign(known_stores, path, "Bukit Raya", day=NEXT_DAY)

    assert (receipt.outcome, receipt.note) == ("batch", "first delivery")
    assert (receipt.store, receipt.business_date) == (f"{CHAIN} Bukit Raya", NEXT_DAY)
    expected = """
        store                  | business_date | version | status | file_name
        Toko Kirana Bukit Raya | 2026-01-06    | 1       | queued | kiriman baru.csv
    """
    assert_frame_equal(show_batches(known_stores)[2:], table(expected))


def test_a_decided_file_is_no_longer_listed_as_parked(known_stores: Workspace) -> None:
    path = drop(known_stores, ANGGREK, OTHER_ROWS, store="Bukit Raya")
    receive(known_stores)

    assign(known_stores, path, "Bukit Raya")

    outcomes = ask(known_stores, "select outcome from arrivals where path = :path order by id", path=path)
    assert outcomes["outcome"].to_list()[-2:] == ["parked", "batch"]
    assert read_overview(known_stores).parked == []


def test_a_spelling_that_was_taught_is_recognised_the_next_time(workspace: Workspace) -> None:
    assign(workspace, drop(workspace, "20260105/Cab. Anggrek.csv", TWO_STORES), "Anggrek")
    path = drop(workspace, "20260106/3. cab.  anggrek .csv", day=NEXT_DAY)

    [receipt] = receive(workspace, path)

    aliases = ask(workspace, "select alias, name, taught_by from store_aliases join stores using (store_id)")
    assert aliases.rows() == [("CAB. ANGGREK", "Toko Kirana Anggrek", "rina")]
    assert (receipt.outcome, receipt.store) == ("batch", f"{CHAIN} Anggrek")
    witnesses = ask(
        workspace,
        "select w ->> 'value' as value, w ->> 'seen' as seen from batches, jsonb_array_elements(identity) w "
        "where w ->> 'source' = 'file_name' and file_name = :name",
        name=path.name,
    )
    assert witnesses.rows() == [("Toko Kirana Anggrek", "3. cab.  anggrek .csv")]


def test_a_broken_file_with_a_taught_spelling_is_listed_under_its_store(workspace: Workspace) -> None:
    assign(workspace, drop(workspace, "20260105/Cab. Anggrek.csv", TWO_STORES), "Anggrek")
    path = drop(workspace, "20260106/Cab. Anggrek.csv")
    path.write_bytes(b"")

    [receipt] = receive(workspace, path)

    assert (receipt.outcome, receipt.store, receipt.business_date) == ("failed", f"{CHAIN} Anggrek", NEXT_DAY)


def test_a_stores_own_name_is_not_taught(workspace: Workspace) -> None:
    path = drop(workspace, "20260105/7. Toko Kirana  anggrek.csv", TWO_STORES)

    assign(workspace, path, "Anggrek")

    assert ask(workspace, "select alias from store_aliases").rows() == []


def test_the_operators_date_wins_and_the_contradiction_is_kept(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)

    [receipt] = receive(workspace, statement=Statement(pipeline="stock_health", business_date=NEXT_DAY))

    assert (receipt.outcome, receipt.business_date) == ("batch", NEXT_DAY)
    findings = ask(workspace, FINDINGS)
    message = "business date 2026-01-06 was stated, but folder says 2026-01-05 ('20260105')"
    assert findings.rows() == [("IDENTITY_CONTRADICTED", message)]


def test_the_operators_store_wins_and_the_contradiction_is_kept(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)

    receipt = assign(workspace, path, "Bukit Raya")

    assert (receipt.outcome, receipt.store) == ("batch", f"{CHAIN} Bukit Raya")
    findings = ask(workspace, FINDINGS)
    message = (
        "store Toko Kirana Bukit Raya was stated, but "
        "store_column says Toko Kirana Anggrek ('Toko Kirana Anggrek in 2 rows')"
    )
    assert findings.rows() == [("IDENTITY_CONTRADICTED", message)]


def test_the_same_bytes_for_another_store_are_a_delivery_of_their_own_when_an_operator_says_so(
    workspace: Workspace,
) -> None:
    path = drop(workspace, ANGGREK)
    receive(workspace)

    receipt = assign(workspace, path, "Cempaka")

    assert (receipt.outcome, receipt.note) == ("batch", "first delivery")
    assert show_batches(workspace)["store"].to_list() == [f"{CHAIN} Anggrek", f"{CHAIN} Cempaka"]


def test_a_file_that_is_not_there_cannot_be_assigned(workspace: Workspace) -> None:
    path = workspace.settings.drive_folder / "Anggrek.csv"

    with pytest.raises(RequestError) as caught:
        assign(workspace, path, "Anggrek")

    assert str(caught.value) == f"{path}: expected a file, found none."
    assert ask(workspace, "select alias from store_aliases").rows() == []


def test_a_wrong_lesson_is_corrected_by_the_next_one(workspace: Workspace) -> None:
    assign(workspace, drop(workspace, "20260105/cabang 9.csv", TWO_STORES), "Anggrek")
    path = drop(workspace, "20260106/cabang 9.csv", TWO_STORES, day=NEXT_DAY)

    assign(workspace, path, "Bukit Raya", day=NEXT_DAY)

    aliases = ask(workspace, "select alias, name from store_aliases join stores using (store_id)")
    assert aliases.rows() == [("CABANG 9", "Toko Kirana Bukit Raya")]


def test_a_store_that_its_column_writes_otherwise_is_the_same_store(workspace: Workspace) -> None:
    receive(workspace, drop(workspace, ANGGREK))

    [receipt] = receive(workspace, drop(workspace, "20260105/kiriman.csv", OTHER_ROWS, store="ANGGREK"))

    assert receipt.store == f"{CHAIN} Anggrek"
    assert receipt.note == "supersedes version 1 ('1. Toko Kirana Anggrek.csv')"


def test_an_older_export_is_parked_also_when_its_date_was_stated(workspace: Workspace) -> None:
    later = EXPORTED + dt.timedelta(minutes=100)
    receive(workspace, drop(workspace, "20260105/1. Toko Kirana Anggrek.xlsx", OTHER_ROWS, exported=later))
    old = drop(workspace, "20260105/Anggrek.xlsx")

    [receipt] = receive(workspace, old, statement=Statement(pipeline="stock_health", business_date=DAY))
    decided = assign(workspace, old, "Anggrek")

    assert (receipt.outcome, decided.outcome) == ("parked", "batch")
