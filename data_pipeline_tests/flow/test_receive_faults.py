"""Rules of files that cannot be taken in as they are: none of them stops another."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Receipt
from data_pipeline.flow.repair import list_failed
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.model.batches import DriveFile
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    CEMPAKA,
    DAY,
    PIPELINE,
    ask,
    drop,
    receive,
    show_batches,
    show_receipts,
    stage,
)
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

WORKBOOK = "20260105/3. Toko Kirana Cempaka.xlsx"
CUT_OFF = (
    ".xlsx: expected a whole file, but it cannot be opened (File is not a zip file). "
    "It is damaged or was cut off on its way: export it again and send that."
)


def cut_off(path: Path) -> bytes:
    """Leaves half of a file, as an upload that broke off does."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return content


def test_a_truncated_file_fails_alone_and_is_listed(workspace: Workspace) -> None:
    cut_off(drop(workspace, WORKBOOK, store="Cempaka"))
    drop(workspace, ANGGREK)
    drop(workspace, BUKIT, store="Bukit Raya")

    receipts = receive(workspace)

    assert sorted((receipt.file.path.name, receipt.outcome) for receipt in receipts) == [
        ("1. Toko Kirana Anggrek.csv", "batch"),
        ("2. Toko Kirana Bukit Raya.csv", "batch"),
        ("3. Toko Kirana Cempaka.xlsx", "failed"),
    ]
    expected = """
        store                  | business_date | version | status | file_name
        Toko Kirana Anggrek    | 2026-01-05    | 1       | queued | 1. Toko Kirana Anggrek.csv
        Toko Kirana Bukit Raya | 2026-01-05    | 1       | queued | 2. Toko Kirana Bukit Raya.csv
                               | 2026-01-05    | 1       | failed | 3. Toko Kirana Cempaka.xlsx
    """
    assert_frame_equal(show_batches(workspace), table(expected))
    [failed] = list_failed(workspace, PIPELINE, DAY)
    assert (failed["file_name"], failed["attempts"]) == ("3. Toko Kirana Cempaka.xlsx", 1)
    assert failed["error_code"] == "UNREADABLE_FILE"
    assert failed["error_message"].endswith(CUT_OFF)


def test_a_broken_file_of_a_known_store_is_a_version_of_its_delivery(workspace: Workspace) -> None:
    drop(workspace, CEMPAKA, store="Cempaka")
    receive(workspace)
    cut_off(drop(workspace, WORKBOOK, store="Cempaka"))

    receive(workspace)

    expected = """
        store               | business_date | version | status | file_name
        Toko Kirana Cempaka | 2026-01-05    | 1       | queued | 3. Toko Kirana Cempaka.csv
        Toko Kirana Cempaka | 2026-01-05    | 2       | failed | 3. Toko Kirana Cempaka.xlsx
    """
    assert_frame_equal(show_batches(workspace), table(expected))


def test_a_version_that_failed_takes_nothing_from_the_one_before(workspace: Workspace) -> None:
    drop(workspace, CEMPAKA, store="Cempaka")
    receive(workspace)
    cut_off(drop(workspace, WORKBOOK, store="Cempaka"))
    receive(workspace)

    stage(workspace)

    current = ask(workspace, "select file_name, version, processed_count from current_batches")
    assert current.rows() == [("3. Toko Kirana Cempaka.csv", "1", "2")]


def test_a_broken_file_without_a_date_is_parked_with_its_fault(workspace: Workspace) -> None:
    path = drop(workspace, "kiriman/3. Toko Kirana Cempaka.xlsx")
    cut_off(path)

    [receipt] = receive(workspace)

    assert receipt.outcome == "parked"
    assert receipt.note.endswith(
        f"{CUT_OFF}; nothing says which business date the file is for. "
        f"Decide with: data-pipeline assign '{path}' --store ... --date ..."
    )


def test_a_failed_file_that_is_sent_again_unchanged_is_tried_again(workspace: Workspace) -> None:
    path = drop(workspace, WORKBOOK, store="Cempaka")
    cut_off(path)
    receive(workspace)
    os.utime(path, (0, 0))  # the same bytes, uploaded anew

    [receipt] = receive(workspace)

    assert (receipt.outcome, receipt.note) == (
        "batch",
        "same bytes as '3. Toko Kirana Cempaka.xlsx', version 1 for 2026-01-05; it failed then and is tried again",
    )
    assert show_batches(workspace)["status"].to_list() == ["queued"]


def test_a_requeued_file_that_fails_again_says_so_under_its_second_attempt(workspace: Workspace) -> None:
    cut_off(drop(workspace, WORKBOOK, store="Cempaka"))
    receive(workspace)
    receive(workspace)

    stage(workspace)

    jobs = ask(workspace, "select status, retry_count, error_code from pipeline_file_jobs")
    assert jobs.rows() == [("failed", "1", "UNREADABLE_FILE")]


def test_a_file_that_is_mended_is_the_next_version(workspace: Workspace) -> None:
    drop(workspace, CEMPAKA, store="Cempaka")
    receive(workspace)
    path = drop(workspace, WORKBOOK, "SKU | Stok\n1 | 5", store="Cempaka")
    whole = cut_off(path)
    receive(workspace)
    path.write_bytes(whole)

    receipts = receive(workspace, path)

    note = "supersedes version 1 ('3. Toko Kirana Cempaka.csv')"
    assert show_receipts(receipts).rows() == [("3. Toko Kirana Cempaka.xlsx", "batch", note)]
    assert show_batches(workspace)["version"].to_list() == ["1", "2", "3"]
    assert list_failed(workspace, PIPELINE, DAY) == []


UNREADABLE = {
    "link": lambda path: path.symlink_to(path.parent / "1. Toko Kirana Anggrek.csv"),
    "pipe": os.mkfifo,
    "nothing": lambda _: None,
    "file without access": lambda path: path.touch(mode=0),
}
ADVICE = {
    "link": "cannot be read (Too many levels of symbolic links). Check its access rights.",
    "pipe": "expected a file, found something else. Put the file itself there.",
    "nothing": "cannot be read (No such file or directory). Check its access rights.",
    "file without access": "cannot be read (Permission denied). Check its access rights.",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_cannot_be_read_stops_no_other(workspace: Workspace, kind: str) -> None:
    if kind == "file without access" and os.geteuid() == 0:
        pytest.skip("root may read any file")
    drop(workspace, ANGGREK)
    drop(workspace, CEMPAKA, store="Cempaka")
    path = workspace.settings.drive_folder / "20260105" / "2. Bukit.csv"
    UNREADABLE[kind](path)
    files = [file for file in LocalDrive(workspace.settings.drive_folder).list_files() if file.path != path]
    seen = DriveFile(path=path, relative="20260105/2. Bukit.csv", size_bytes=1, mtime_ns=1)

    receipts = receive_files(workspace, [seen, *files])

    assert sorted(show_receipts(receipts).rows()) == [
        ("1. Toko Kirana Anggrek.csv", "batch", "first delivery"),
        ("2. Bukit.csv", "unreadable", f"{path}: {ADVICE[kind]}"),
        ("3. Toko Kirana Cempaka.csv", "batch", "first delivery"),
    ]
    assert ask(workspace, "select path from arrivals where path = :path", path=path).rows() == []


def test_a_file_over_the_limit_is_not_even_copied(workspace: Workspace) -> None:
    small = Workspace.open(workspace.settings.model_copy(update={"max_file_mb": 1}))
    path = drop(workspace, ANGGREK)
    with path.open("ab") as file:
        file.truncate(3 << 20)

    [receipt] = receive(small)

    assert (receipt.outcome, receipt.note) == ("unreadable", "has 3 MiB, 1 MiB are read; split the list")
    assert not list((workspace.home / "landing").rglob("*.csv"))


def test_every_file_is_told_as_soon_as_it_is_recorded(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    drop(workspace, BUKIT, store="Bukit Raya")
    recorded: list[tuple[Receipt, str]] = []

    def note(receipt: Receipt) -> None:
        recorded.append((receipt, ask(workspace, "select count(*) as n from batches").item()))

    receipts = receive_files(workspace, LocalDrive(workspace.settings.drive_folder).list_files(), on_receipt=note)

    assert recorded == [(receipts[0], "1"), (receipts[1], "2")]


def test_two_that_receive_at_once_make_one_batch_of_a_file(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    drop(workspace, BUKIT, store="Bukit Raya")
    others = [workspace, Workspace.open(workspace.settings)]

    with ThreadPoolExecutor(2) as threads:
        receipts = [receipt for taken in threads.map(receive, others) for receipt in taken]

    outcomes = sorted((receipt.file.path.name, receipt.outcome) for receipt in receipts)
    assert outcomes == [
        ("1. Toko Kirana Anggrek.csv", "batch"),
        ("1. Toko Kirana Anggrek.csv", "same_bytes"),
        ("2. Toko Kirana Bukit Raya.csv", "batch"),
        ("2. Toko Kirana Bukit Raya.csv", "same_bytes"),
    ]
    assert show_batches(workspace)["version"].to_list() == ["1", "1"]


def test_the_same_broken_bytes_from_two_stores_are_two_failures(workspace: Workspace) -> None:
    for name in (ANGGREK, BUKIT):
        drop(workspace, name).write_bytes(b"")

    receive(workspace)

    failed = {(row["file_name"], row["error_code"]) for row in list_failed(workspace, PIPELINE, DAY)}
    assert failed == {("1. Toko Kirana Anggrek.csv", "EMPTY_FILE"), ("2. Toko Kirana Bukit Raya.csv", "EMPTY_FILE")}


def test_a_file_with_the_wrong_ending_is_read_as_what_it_is(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    wrong = path.rename(path.with_suffix(".xlsx"))
    [first] = receive(workspace)
    [staged] = stage(workspace)

    wrong.rename(path)
    [second] = receive(workspace)

    assert (first.outcome, second.outcome) == ("batch", "same_bytes")
    assert staged.prepared is not None
    assert "SUFFIX_DISAGREES" in [finding.code for finding in staged.prepared.findings]
