"""Rules of trying again: failed deliveries alone, from the drive or from the landed bytes."""

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import RequestError
from data_pipeline.flow.record import Receipt
from data_pipeline.flow.repair import list_failed, look_at_file, retry_failed
from data_pipeline.flow.report import report_day
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    CEMPAKA,
    DAY,
    NEXT_DAY,
    ONE_ROW,
    OTHER_ROWS,
    PIPELINE,
    ask,
    ask_lake,
    drop,
    make_snapshot,
    receive,
    show_batches,
    show_receipts,
    stage,
)
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

SHOWN = "select store, sku, stock from stock_health_snapshot order by store, sku"


def break_off(path: Path) -> Path:
    """Leaves an upload that nobody can read."""
    path.write_text(f"Stok;Stok\n{path.name};2\n")
    return path


@pytest.fixture
def broken(workspace: Workspace) -> Path:
    """A published day of one store, and the file of another that failed."""
    drop(workspace, ANGGREK)
    receive(workspace)
    path = break_off(drop(workspace, BUKIT, store="Bukit Raya"))
    receive(workspace, path)
    make_snapshot(workspace)
    return path


def test_a_file_that_was_mended_in_its_place_adds_exactly_its_rows(workspace: Workspace, broken: Path) -> None:
    before = ask(workspace, SHOWN)
    drop(workspace, BUKIT, OTHER_ROWS, store="Bukit Raya")

    receipts = retry_failed(workspace, PIPELINE, DAY)
    staged = stage(workspace)
    make_snapshot(workspace)

    assert show_receipts(receipts).rows() == [("2. Toko Kirana Bukit Raya.csv", "batch", "first delivery")]
    assert [one.file_name for one in staged] == ["2. Toko Kirana Bukit Raya.csv"]
    added = table("""
        store                  | sku  | stock
        Toko Kirana Bukit Raya | 0101 | 4
        Toko Kirana Bukit Raya | 0102 | 8
        Toko Kirana Bukit Raya | 0103 | 1
    """)
    assert_frame_equal(ask(workspace, SHOWN), before.vstack(added))
    assert_frame_equal(ask_lake(workspace, SHOWN), before.vstack(added))


def test_a_mended_file_is_no_longer_shown_as_failed(workspace: Workspace, broken: Path) -> None:
    drop(workspace, BUKIT, OTHER_ROWS, store="Bukit Raya")

    retry_failed(workspace, PIPELINE, DAY)
    make_snapshot(workspace)

    assert list_failed(workspace, PIPELINE, DAY) == []
    deliveries = report_day(workspace, PIPELINE, DAY).deliveries
    shown = [(one["store"], one["file_name"], one["status"], one["processed_count"]) for one in deliveries]
    assert shown == [
        ("Toko Kirana Anggrek", "1. Toko Kirana Anggrek.csv", "completed", 2),
        ("Toko Kirana Bukit Raya", "2. Toko Kirana Bukit Raya.csv", "completed", 3),
    ]


def test_a_file_that_is_gone_is_tried_again_from_its_landed_bytes(workspace: Workspace, broken: Path) -> None:
    broken.unlink()

    receipts = retry_failed(workspace, PIPELINE, DAY)
    [staged] = stage(workspace)

    note = "the file is gone from the drive; its landed bytes are tried again"
    assert show_receipts(receipts).rows() == [("2. Toko Kirana Bukit Raya.csv", "batch", note)]
    assert staged.fault is not None
    assert staged.fault.code == "DOUBLED_HEADER"
    assert ask(workspace, "select attempts from batches where status = 'failed'").rows() == [("2",)]


def test_a_file_that_is_unchanged_is_tried_again_as_it_was(workspace: Workspace, broken: Path) -> None:
    [receipt] = retry_failed(workspace, PIPELINE, DAY)

    assert receipt.outcome == "batch"
    assert receipt.note.endswith("version 1 for 2026-01-05; it failed then and is tried again")
    assert show_batches(workspace)["status"].to_list() == ["completed", "queued"]


def test_nothing_failed_nothing_is_tried_again(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    make_snapshot(workspace)

    assert retry_failed(workspace, PIPELINE, DAY) == []
    assert retry_failed(workspace, PIPELINE, None) == []


def test_deliveries_that_went_through_are_not_touched(workspace: Workspace, broken: Path) -> None:
    drop(workspace, ANGGREK, ONE_ROW)  # changed since, but it did not fail

    retry_failed(workspace, PIPELINE, DAY)

    versions = show_batches(workspace).select("file_name", "version").rows()
    assert versions == [("1. Toko Kirana Anggrek.csv", "1"), ("2. Toko Kirana Bukit Raya.csv", "1")]


def test_only_the_named_date_is_tried_again(workspace: Workspace, broken: Path) -> None:
    other = break_off(drop(workspace, "20260106/3. Toko Kirana Cempaka.csv"))
    receive(workspace, other)

    def dates(receipts: list[Receipt]) -> list[object]:
        return [receipt.business_date for receipt in receipts]

    assert dates(retry_failed(workspace, PIPELINE, NEXT_DAY)) == [NEXT_DAY]
    assert dates(retry_failed(workspace, PIPELINE, None)) == [DAY]


def test_a_failed_file_that_another_replaced_is_not_tried_again(workspace: Workspace) -> None:
    receive(workspace, drop(workspace, CEMPAKA, store="Cempaka"))
    receive(workspace, break_off(drop(workspace, CEMPAKA, store="Cempaka")))
    receive(workspace, drop(workspace, "20260105/Cempaka baru.csv", OTHER_ROWS, store="Cempaka"))

    assert retry_failed(workspace, PIPELINE, DAY) == []
    assert show_batches(workspace)["status"].to_list() == ["queued", "failed", "queued"]


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RequestError) as caught:
        look_at_file(tmp_path)

    assert str(caught.value) == f"{tmp_path}: expected a file, found none."
