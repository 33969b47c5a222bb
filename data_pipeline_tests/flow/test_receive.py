"""Rules of taking files in: what is new, what came before, what supersedes what."""

import datetime as dt
import os
import shutil

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import (
    ANGGREK,
    CHAIN,
    DAY,
    EXPORTED,
    NEXT_DAY,
    ONE_ROW,
    OTHER_ROWS,
    ROWS,
    ask,
    drop,
    receive,
    show_batches,
    show_receipts,
    stage,
)
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

WORKBOOK = "20260105/1. Toko Kirana Anggrek.xlsx"
LATER = EXPORTED + dt.timedelta(minutes=100)
ONE_BATCH = """
    store               | business_date | version | status | file_name
    Toko Kirana Anggrek | 2026-01-05    | 1       | queued | 1. Toko Kirana Anggrek.csv
"""


def test_a_first_delivery_waits_for_a_run(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)

    [receipt] = receive(workspace)

    assert (receipt.outcome, receipt.note) == ("batch", "first delivery")
    assert (receipt.pipeline, receipt.store, receipt.business_date) == ("stock_health", f"{CHAIN} Anggrek", DAY)
    assert_frame_equal(show_batches(workspace), table(ONE_BATCH))
    arrivals = ask(workspace, "select path, outcome, note, batch_id from arrivals")
    assert arrivals.rows() == [(str(path), "batch", "first delivery", str(receipt.batch_id))]


def test_its_bytes_are_kept_in_the_landing(workspace: Workspace) -> None:
    content = drop(workspace, ANGGREK).read_bytes()

    receive(workspace)

    [hashed] = ask(workspace, "select content_sha256 from batches").rows()
    assert workspace.landing.get(hashed[0], ANGGREK).path.read_bytes() == content


def test_all_witnesses_are_kept_with_the_delivery(workspace: Workspace) -> None:
    drop(workspace, WORKBOOK)
    receive(workspace)  # from now on the store is known by name
    drop(workspace, "20260106/1. Toko Kirana Anggrek.xlsx", day=NEXT_DAY, exported=EXPORTED + dt.timedelta(days=1))

    receive(workspace)

    witnesses = ask(
        workspace,
        "select w ->> 'subject' as subject, w ->> 'source' as source, w ->> 'value' as value, w ->> 'seen' as seen "
        "from batches, jsonb_array_elements(identity) w where business_date = date '2026-01-06' order by 1, 2",
    )
    expected = """
        subject       | source       | value               | seen
        business_date | file_created | 2026-01-06          | 2026-01-06T09:30:00+07:00
        business_date | folder       | 2026-01-06          | 20260106
        business_date | sales_dates  | 2026-01-06          | last sale on 2026-01-05 in 2 rows
        store         | file_name    | Toko Kirana Anggrek | 1. Toko Kirana Anggrek.xlsx
        store         | store_column | Toko Kirana Anggrek | Toko Kirana Anggrek in 2 rows
    """
    assert_frame_equal(witnesses, table(expected))


def test_the_same_bytes_under_another_name_are_a_recorded_no_op(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    receive(workspace)
    copy = path.with_name("Anggrek baru.csv")
    shutil.copyfile(path, copy)

    receipts = receive(workspace, copy)

    note = "same bytes as '1. Toko Kirana Anggrek.csv', version 1 for 2026-01-05"
    assert show_receipts(receipts).rows() == [("Anggrek baru.csv", "same_bytes", note)]
    assert_frame_equal(show_batches(workspace), table(ONE_BATCH))
    arrivals = ask(workspace, "select path, outcome, note from arrivals where path <> :first order by id", first=path)
    assert arrivals.rows() == [(str(copy), "same_bytes", note)]


def test_yesterdays_file_in_todays_folder_is_the_same_again(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    receive(workspace)
    again = workspace.settings.drive_folder / "20260106" / path.name
    again.parent.mkdir()
    shutil.copyfile(path, again)

    receipts = receive(workspace, again)

    note = "same bytes as '1. Toko Kirana Anggrek.csv', version 1 for 2026-01-05"
    assert show_receipts(receipts).rows() == [(path.name, "same_bytes", note)]
    assert_frame_equal(show_batches(workspace), table(ONE_BATCH))


def test_the_same_bytes_twice_in_one_go_count_once_under_the_plainer_name(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    shutil.copyfile(path, path.with_name("1. Toko Kirana Anggrek (1).csv"))

    receipts = receive(workspace)

    note = "same bytes as '1. Toko Kirana Anggrek.csv', version 1 for 2026-01-05"
    assert show_receipts(receipts).rows() == [
        ("1. Toko Kirana Anggrek.csv", "batch", "first delivery"),
        ("1. Toko Kirana Anggrek (1).csv", "same_bytes", note),
    ]
    assert_frame_equal(show_batches(workspace), table(ONE_BATCH))


@pytest.mark.parametrize("saved_as", ["1. Toko Kirana Anggrek.xlsx", "1. Toko Kirana Anggrek.csv"])
def test_the_same_cells_saved_in_another_format_are_a_no_op(workspace: Workspace, saved_as: str) -> None:
    first, again = sorted((ANGGREK, WORKBOOK), key=lambda name: name.endswith(saved_as))
    drop(workspace, first)
    receive(workspace)

    receipts = receive(workspace, drop(workspace, again, exported=LATER))

    note = f"same cells as {first.partition('/')[2]!r}, version 1; only saved differently"
    assert show_receipts(receipts).rows() == [(saved_as, "same_cells", note)]
    assert show_batches(workspace)["version"].to_list() == ["1"]


def test_a_workbook_exported_again_with_the_same_cells_is_a_no_op(workspace: Workspace) -> None:
    drop(workspace, WORKBOOK)
    receive(workspace)

    receipts = receive(workspace, drop(workspace, WORKBOOK, exported=LATER))

    note = "same cells as '1. Toko Kirana Anggrek.xlsx', version 1; only saved differently"
    assert show_receipts(receipts).rows() == [("1. Toko Kirana Anggrek.xlsx", "same_cells", note)]
    assert show_batches(workspace)["version"].to_list() == ["1"]


def test_changed_cells_are_a_new_version(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)

    receipts = receive(workspace, drop(workspace, ANGGREK, OTHER_ROWS))

    note = "supersedes version 1 ('1. Toko Kirana Anggrek.csv')"
    assert show_receipts(receipts).rows() == [("1. Toko Kirana Anggrek.csv", "batch", note)]
    expected = """
        store               | business_date | version | status | file_name
        Toko Kirana Anggrek | 2026-01-05    | 1       | queued | 1. Toko Kirana Anggrek.csv
        Toko Kirana Anggrek | 2026-01-05    | 2       | queued | 1. Toko Kirana Anggrek.csv
    """
    assert_frame_equal(show_batches(workspace), table(expected))


def test_only_the_newest_version_counts(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    drop(workspace, ANGGREK, OTHER_ROWS)
    receive(workspace)

    stage(workspace)

    current = ask(workspace, "select version, processed_count from current_batches")
    assert current.rows() == [("2", "3")]


def test_bytes_of_a_superseded_version_change_nothing_and_say_how_to_go_back(workspace: Workspace) -> None:
    old = drop(workspace, ANGGREK).read_bytes()
    receive(workspace)
    path = drop(workspace, ANGGREK, OTHER_ROWS)
    receive(workspace)
    path.write_bytes(old)

    [receipt] = receive(workspace)

    assert receipt.outcome == "same_bytes"
    assert receipt.note == (
        "same bytes as '1. Toko Kirana Anggrek.csv', version 1 for 2026-01-05, which a later version supersedes; "
        "nothing changed. Use rollback to bring the older version back"
    )
    assert show_batches(workspace)["version"].to_list() == ["1", "2"]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["in order of names", "against the order of names"])
def test_of_two_workbooks_in_one_look_the_later_export_supersedes(workspace: Workspace, names: tuple[str, str]) -> None:
    first, later = names
    drop(workspace, f"20260105/{later}.xlsx", OTHER_ROWS, exported=LATER)
    drop(workspace, f"20260105/{first}.xlsx")

    receipts = receive(workspace)

    expected = [(f"{first}.xlsx", "batch", "first delivery")]
    expected += [(f"{later}.xlsx", "batch", f"supersedes version 1 ('{first}.xlsx')")]
    assert show_receipts(receipts).rows() == expected
    versions = ask(
        workspace, "select version, file_name, exported_at at time zone 'Asia/Jakarta' from batches order by 1"
    )
    assert versions.rows() == [
        ("1", f"{first}.xlsx", "2026-01-05 09:30:00"),
        ("2", f"{later}.xlsx", "2026-01-05 11:10:00"),
    ]


def test_a_csv_was_exported_when_it_was_written(workspace: Workspace) -> None:
    for name, drawing, minutes in (("a.csv", OTHER_ROWS, 60), ("b.csv", ROWS, 0)):
        path = drop(workspace, f"20260105/{name}", drawing)
        moment = (EXPORTED + dt.timedelta(minutes=minutes)).timestamp()
        os.utime(path, (moment, moment))

    receipts = receive(workspace)

    expected = """
        file  | outcome | note
        b.csv | batch   | first delivery
        a.csv | batch   | supersedes version 1 ('b.csv')
    """
    assert_frame_equal(show_receipts(receipts), table(expected))


def test_an_older_export_that_comes_later_is_parked(workspace: Workspace) -> None:
    drop(workspace, WORKBOOK, OTHER_ROWS, exported=LATER)
    receive(workspace)
    early = drop(workspace, "20260105/Anggrek.xlsx", ONE_ROW)

    [receipt] = receive(workspace, early)

    assert receipt.outcome == "parked"
    assert receipt.note.startswith(
        "was exported at 2026-01-05T09:30:00+07:00, before the version 1 ('1. Toko Kirana Anggrek.xlsx', exported "
    )
    assert receipt.note.endswith(
        f") that it would supersede. Decide with: data-pipeline assign '{early}' --store ... --date ..."
    )
    assert show_batches(workspace)["version"].to_list() == ["1"]
