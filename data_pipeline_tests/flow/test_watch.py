"""Rules of watching a drive: what has come to rest is taken, and a date runs when enough of it waits."""

import os
import shutil
from pathlib import Path

import pytest

from data_pipeline.errors import DriveError
from data_pipeline.flow.repair import retry_failed
from data_pipeline.flow.stage import date_lock
from data_pipeline.flow.watch import DueDate, Fingerprints, Look, find_due_dates, find_reason, look_at_drive, override
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.model.spec import FlushSpec
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    DAY,
    NEXT_DAY,
    ONE_ROW,
    OTHER_ROWS,
    PIPELINE,
    ask,
    drop,
    make_snapshot,
    show_batches,
    show_receipts,
    stage,
)

pytestmark = pytest.mark.postgres


def look(workspace: Workspace, before: Look | None = None) -> Look:
    """A look at the drive, after another one."""
    seen: Fingerprints = before.unsettled if before else {}
    return look_at_drive(workspace, LocalDrive(workspace.settings.drive_folder), seen)


def look_twice(workspace: Workspace) -> Look:
    """Two looks, between which nothing changes."""
    return look(workspace, look(workspace))


def with_flush(workspace: Workspace, **limits: float) -> Workspace:
    """The workspace of an installation with limits of its own."""
    return Workspace.open(workspace.settings.model_copy(update=limits))


def test_a_new_file_is_not_taken_at_the_first_look(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)

    seen = look(workspace)

    assert seen.receipts == ()
    assert list(seen.unsettled) == [str(path)]
    assert show_batches(workspace).rows() == []


def test_a_file_that_looks_the_same_twice_is_taken_once(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)

    second = look_twice(workspace)
    third = look(workspace, second)

    assert show_receipts(second.receipts).rows() == [("1. Toko Kirana Anggrek.csv", "batch", "first delivery")]
    assert second.unsettled == {}
    assert (third.receipts, third.unsettled) == ((), {})


def test_a_file_that_grows_is_left_alone_until_it_has_come_to_rest(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    content = path.read_bytes()
    path.write_bytes(content[:100])
    first = look(workspace)
    path.write_bytes(content)

    growing = look(workspace, first)
    settled = look(workspace, growing)

    assert growing.receipts == ()
    assert [receipt.outcome for receipt in settled.receipts] == ["batch"]


def test_a_renamed_file_is_the_same_again(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    look_twice(workspace)
    path.rename(path.with_name("anggrek baru.csv"))

    again = look_twice(workspace)

    note = "same bytes as '1. Toko Kirana Anggrek.csv', version 1 for 2026-01-05"
    assert show_receipts(again.receipts).rows() == [("anggrek baru.csv", "same_bytes", note)]
    assert show_batches(workspace)["version"].to_list() == ["1"]


def test_a_file_that_is_taken_away_is_marked_and_its_rows_stay(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    drop(workspace, BUKIT, ONE_ROW, store="Bukit Raya")
    look_twice(workspace)
    make_snapshot(workspace)
    path.unlink()

    look(workspace)
    made = make_snapshot(workspace)

    gone = ask(workspace, "select path, gone_at is not null as is_gone from arrivals order by path")
    assert [(Path(name).name, is_gone) for name, is_gone in gone.rows()] == [
        ("1. Toko Kirana Anggrek.csv", "True"),
        ("2. Toko Kirana Bukit Raya.csv", "False"),
    ]
    assert (made.version, made.row_count) == (1, 3)


def test_a_file_that_comes_back_is_the_same_again(workspace: Workspace) -> None:
    path = drop(workspace, ANGGREK)
    look_twice(workspace)
    away = shutil.move(path, workspace.home / "away.csv")
    look(workspace)
    shutil.move(away, path)

    again = look_twice(workspace)

    assert [receipt.outcome for receipt in again.receipts] == ["same_bytes"]


def test_a_file_that_was_changed_in_its_place_is_a_new_version(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    look_twice(workspace)
    drop(workspace, ANGGREK, OTHER_ROWS)

    changed = look_twice(workspace)

    note = "supersedes version 1 ('1. Toko Kirana Anggrek.csv')"
    assert show_receipts(changed.receipts).rows() == [("1. Toko Kirana Anggrek.csv", "batch", note)]


def test_a_parked_file_is_not_looked_at_again_until_it_changes(workspace: Workspace) -> None:
    path = drop(workspace, "20260109/1. Toko Kirana Anggrek.csv")

    parked = look_twice(workspace)
    again = look(workspace, look(workspace, parked))
    os.utime(path, (0, 0))
    changed = look_twice(workspace)

    outcomes = [[receipt.outcome for receipt in seen.receipts] for seen in (parked, again, changed)]
    assert outcomes == [["parked"], [], ["parked"]]


def test_a_drive_that_is_away_is_an_error_and_no_file_is_marked_gone(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    look_twice(workspace)
    workspace.settings.drive_folder.rename(workspace.home / "unmounted")

    with pytest.raises(DriveError, match="cannot be listed .*Check that it exists, is mounted and may be read"):
        look(workspace)

    assert ask(workspace, "select gone_at from arrivals").rows() == [(None,)]


@pytest.mark.parametrize(
    ("files", "size", "age", "reason"),
    [
        (4, 9_999_999, 299.9, None),
        (5, 0, 0, "5 files wait (limit 5)"),
        (1, 10_000_000, 0, "10000000 bytes wait (limit 10000000)"),
        (1, 0, 300, "the oldest file waits for 300 s (limit 300 s)"),
    ],
    ids=["below all limits", "files", "bytes", "seconds"],
)
def test_a_date_is_due_at_the_first_limit_that_it_reaches(
    files: int, size: int, age: float, reason: str | None
) -> None:
    assert find_reason(PIPELINE.spec.flush, files=files, size=size, age=age) == reason


def test_an_installation_overrides_what_it_sets_and_nothing_else(workspace: Workspace) -> None:
    settings = with_flush(workspace, flush_files=2, flush_seconds=0).settings

    assert override(FlushSpec(files=5, bytes=10, seconds=300), settings) == FlushSpec(files=2, bytes=10, seconds=0)


def test_waiting_files_are_counted_by_date(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    drop(workspace, BUKIT, store="Bukit Raya")
    drop(workspace, "20260106/1. Toko Kirana Anggrek.csv", ONE_ROW, day=NEXT_DAY)
    look_twice(workspace)

    due = find_due_dates(with_flush(workspace, flush_files=2))

    assert [(one.pipeline, one.business_date, one.reason, len(one.fingerprints)) for one in due] == [
        ("stock_health", DAY, "2 files wait (limit 2)", 2)
    ]
    assert find_due_dates(workspace) == []


@pytest.mark.parametrize(
    ("limit", "reason"),
    [({"flush_bytes": 500}, " bytes wait (limit 500)"), ({"flush_seconds": 0}, " s (limit 0 s)")],
    ids=["bytes", "seconds"],
)
def test_one_file_is_due_when_it_is_large_or_old_enough(
    workspace: Workspace, limit: dict[str, float], reason: str
) -> None:
    drop(workspace, ANGGREK)
    look_twice(workspace)

    [due] = find_due_dates(with_flush(workspace, **limit))

    assert due.business_date == DAY
    assert due.reason.endswith(reason)


def test_a_date_that_was_judged_and_published_is_no_longer_due(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    look_twice(workspace)
    make_snapshot(workspace)

    assert find_due_dates(with_flush(workspace, flush_files=1)) == []


def ask_due(workspace: Workspace) -> DueDate:
    """The one date that is due when every file is enough."""
    [due] = find_due_dates(with_flush(workspace, flush_files=1))
    return due


def test_everything_is_due_when_no_more_files_come(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    look_twice(workspace)

    assert find_due_dates(workspace) == []
    assert [(due.business_date, due.reason) for due in find_due_dates(workspace, everything=True)] == [
        (DAY, "no more files come")
    ]


def test_the_same_waiting_files_ask_for_the_same_run(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    look_twice(workspace)

    assert ask_due(workspace).fingerprints == ask_due(workspace).fingerprints


def test_a_further_file_asks_for_another_run(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    look_twice(workspace)
    first = ask_due(workspace)
    drop(workspace, BUKIT, store="Bukit Raya")
    look_twice(workspace)

    second = ask_due(workspace)

    assert set(second.fingerprints) > set(first.fingerprints)


def test_another_attempt_asks_for_another_run(workspace: Workspace) -> None:
    drop(workspace, ANGGREK).write_bytes(b"Stok;Stok\r\n1;2\r\n")
    look_twice(workspace)
    retry_failed(workspace, PIPELINE, DAY)
    first = ask_due(workspace)
    stage(workspace)  # fails again
    retry_failed(workspace, PIPELINE, DAY)

    second = ask_due(workspace)

    assert len(second.fingerprints) == len(first.fingerprints) == 1
    assert second.fingerprints != first.fingerprints


@pytest.mark.parametrize("status", ["processing", "completed"])
def test_what_a_killed_run_left_behind_is_due_after_a_while(workspace: Workspace, status: str) -> None:
    """Judged but in no snapshot, or claimed and never judged; the run that would still be at work is left alone."""
    drop(workspace, ANGGREK)
    look_twice(workspace)
    stage(workspace)
    with workspace.database.raw() as connection:
        connection.execute("update batches set status = %s", [status])
    assert find_due_dates(with_flush(workspace, flush_files=1)) == []

    with workspace.database.raw() as connection:
        connection.execute("update batches set started_at = '2026-01-05', completed_at = '2026-01-05'")
    with workspace.database.hold_lock(date_lock(PIPELINE.name, DAY)):
        assert find_due_dates(with_flush(workspace, flush_files=1)) == [], "a run that takes long is at work"

    assert ask_due(workspace).business_date == DAY
