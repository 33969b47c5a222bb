"""Rules of judging what waits: every batch on its own, nothing twice, nothing left behind."""

import json
import shutil
import uuid
from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.flow.prepare import prepared_folder
from data_pipeline.flow.stage import StagedBatch, stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.batches import FileFault
from data_pipeline.model.rules import RangeRule, Rule
from data_pipeline.persist import tracking
from data_pipeline.persist.tracking import ClaimedBatch
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    CEMPAKA,
    DAY,
    NEXT_DAY,
    OTHER_ROWS,
    PIPELINE,
    ask,
    drop,
    list_stock,
    receive,
    show_batches,
    stage,
)
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

TWO_BAD_ROWS = """
    SKU  | Stok | Daily Sales | Sedang PO
    0101 | 3    | 0.5         | 0
    0102 | 12,5 | 0.5         | -2
    0103 | 3    | 0.5         | 0
    0104 | 3    | 0.5         | 0
    0105 | 3    | 0.5         | 0
    0106 | 3    | NAN         | 0
    0107 | 3    | 0.5         | 0
    0108 | 3    | 0.5         | 0
    0109 | 3    | 0.5         | 0
    0110 | 3    | 0.5         | 0
"""
COUNTS = "select file_name, status, record_count, processed_count, failed_count from pipeline_file_jobs order by 1"


def claim_and_die(workspace: Workspace) -> list[ClaimedBatch]:
    """What a run that is killed while it judges leaves behind."""
    judged_by = prepared_folder(workspace.home, PIPELINE.spec).name
    pipeline_id = workspace.pipeline_id(PIPELINE)
    with workspace.database.transaction() as connection:
        day = {"pipeline_id": pipeline_id, "business_date": DAY}
        [run] = tracking.rows_of(connection, "start_run", **day, trigger="test", dagster_run_id="killed")
        return tracking.claim_batches(connection, pipeline_id, DAY, run["id"], spec_hash=judged_by, spec_version=1)


def test_a_rejected_row_is_kept_with_its_place_its_reasons_and_all_its_cells(workspace: Workspace) -> None:
    drop(workspace, "20260105/1. Toko Kirana Anggrek.xlsx", TWO_BAD_ROWS)
    receive(workspace)

    stage(workspace)

    reasons = ask(
        workspace,
        "select file_name, sheet, row_number, record_index as index, column_name, raw_text, e.error_code as code, "
        "position(raw_text in e.error_message) > 0 as quoted "
        "from batch_errors e join batches on batches.id = batch_id order by row_number, column_name",
    )
    expected = """
        file_name                   | sheet   | row_number | index | column_name | raw_text | code            | quoted
        1. Toko Kirana Anggrek.xlsx | Sheet 1 | 3          | 1     | Sedang PO   | -2       | OUT_OF_RANGE    | True
        1. Toko Kirana Anggrek.xlsx | Sheet 1 | 3          | 1     | Stok        | 12,5     | UNREADABLE_CELL | True
        1. Toko Kirana Anggrek.xlsx | Sheet 1 | 7          | 5     | Daily Sales | NAN      | NOT_A_NUMBER    | True
    """
    assert_frame_equal(reasons, table(expected))
    kept = ask(workspace, "select distinct record_index, record_data::text from batch_errors order by 1")
    delivered = list_stock(TWO_BAD_ROWS, store="Anggrek", day=DAY).fill_null("").to_dicts()
    assert [(place, json.loads(row)) for place, row in kept.rows()] == [("1", delivered[1]), ("5", delivered[5])]


def test_every_row_of_a_batch_is_counted_once(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, TWO_BAD_ROWS.replace("12,5", "12.5"))
    drop(workspace, BUKIT, store="Bukit Raya")
    receive(workspace)

    staged = stage(workspace)

    expected = """
        file_name                     | status    | record_count | processed_count | failed_count
        1. Toko Kirana Anggrek.csv    | completed | 10           | 8               | 2
        2. Toko Kirana Bukit Raya.csv | completed | 2            | 2               | 0
    """
    assert_frame_equal(ask(workspace, COUNTS), table(expected))
    counted = [(one.file_name, one.prepared and one.prepared.rows_accepted) for one in staged]
    assert counted == [("1. Toko Kirana Anggrek.csv", 8), ("2. Toko Kirana Bukit Raya.csv", 2)]


def test_a_line_of_a_csv_is_numbered_as_an_editor_does(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, TWO_BAD_ROWS.replace("12,5", "12.5"))
    receive(workspace)

    stage(workspace)

    places = ask(workspace, "select distinct sheet, row_number from batch_errors order by 2")
    assert places.rows() == [("", "3"), ("", "7")]


def test_only_the_dates_own_batches_are_judged(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    drop(workspace, "20260106/1. Toko Kirana Anggrek.csv", OTHER_ROWS, day=NEXT_DAY)
    receive(workspace)

    stage(workspace, NEXT_DAY)

    states = show_batches(workspace).select("business_date", "status").rows()
    assert states == [("2026-01-05", "queued"), ("2026-01-06", "completed")]


def test_what_was_judged_is_not_judged_again(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    stage(workspace)

    assert stage(workspace) == []


def test_a_file_that_fails_does_not_stop_the_others(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    broken = drop(workspace, BUKIT, store="Bukit Raya")
    broken.write_bytes(b"Stok;Stok\r\n1;2\r\n")
    drop(workspace, CEMPAKA, store="Cempaka")
    receive(workspace)
    receive(workspace, broken)  # sent again unchanged: it waits like the others

    staged = stage(workspace)

    fault = FileFault(
        code="DOUBLED_HEADER", message="2. Toko Kirana Bukit Raya.csv: row 1 names these columns twice: Stok."
    )
    assert [(one.file_name, one.fault) for one in staged] == [
        ("1. Toko Kirana Anggrek.csv", None),
        ("2. Toko Kirana Bukit Raya.csv", fault),
        ("3. Toko Kirana Cempaka.csv", None),
    ]
    expected = """
        file_name                     | status    | record_count | processed_count | failed_count
        1. Toko Kirana Anggrek.csv    | completed | 2            | 2               | 0
        2. Toko Kirana Bukit Raya.csv | failed    |              |                 |
        3. Toko Kirana Cempaka.csv    | completed | 2            | 2               | 0
    """
    assert_frame_equal(ask(workspace, COUNTS), table(expected))


def test_a_batch_that_a_dead_process_left_is_taken_up_again(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    claim_and_die(workspace)
    assert show_batches(workspace)["status"].to_list() == ["processing"]

    stage(workspace)

    jobs = ask(workspace, "select status, retry_count, processed_count from pipeline_file_jobs")
    assert jobs.rows() == [("completed", "1", "2")]
    runs = ask(workspace, "select status, error_message from pipeline_runs order by created_at")
    assert runs.rows() == [("failed", "the process ended before the run did"), ("completed", None)]


def test_a_process_that_was_given_up_cannot_change_the_batch_any_more(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    [batch] = claim_and_die(workspace)
    stage(workspace)

    with workspace.database.transaction() as connection:
        is_done = tracking.fail_batch(connection, batch.id, batch.attempt, FileFault(code="X", message="too late"))

    assert not is_done
    assert show_batches(workspace)["status"].to_list() == ["completed"]


def change_rules(*rules: Rule) -> Pipeline:
    """The pipeline with other rules."""
    return replace(PIPELINE, spec=PIPELINE.spec.model_copy(update={"rules": rules}))


def judge_by(workspace: Workspace, pipeline: Pipeline) -> list[StagedBatch]:
    """A run of a date by other rules than the usual ones."""
    with track_run(workspace, pipeline, DAY, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        return stage_batches(workspace, pipeline, DAY, run_id)


def test_a_changed_rule_judges_again_from_the_landed_bytes(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, TWO_BAD_ROWS.replace("12,5", "3   ").replace("0103 | 3", "0103 | 9"))
    drop(workspace, BUKIT, OTHER_ROWS, store="Bukit Raya")
    receive(workspace)
    stage(workspace)
    shutil.rmtree(workspace.settings.drive_folder)
    rules = [rule for rule in PIPELINE.spec.rules if getattr(rule, "column", None) != "open_po"]
    at_most = RangeRule(kind="range", name="stock_at_most", column="stock", maximum=8)

    staged = judge_by(workspace, change_rules(*rules, at_most))

    assert [(one.file_name, one.fault) for one in staged] == [
        ("1. Toko Kirana Anggrek.csv", None),
        ("2. Toko Kirana Bukit Raya.csv", None),
    ]
    expected = """
        file_name                     | status    | record_count | processed_count | failed_count
        1. Toko Kirana Anggrek.csv    | completed | 10           | 8               | 2
        2. Toko Kirana Bukit Raya.csv | completed | 3            | 3               | 0
    """
    assert_frame_equal(ask(workspace, COUNTS), table(expected))
    reasons = ask(workspace, "select row_number, column_name from batch_errors order by 1")
    assert reasons.rows() == [("4", "Stok"), ("7", "Daily Sales")]


def test_a_batch_that_fails_by_a_changed_rule_keeps_no_counts(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    stage(workspace)

    judge_by(workspace, change_rules(RangeRule(kind="range", name="none", column="stock", maximum=-1)))

    assert ask(workspace, "select status, processed_count from batches").rows() == [("failed", None)]


def test_superseded_versions_are_not_judged_again(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    drop(workspace, ANGGREK, OTHER_ROWS)
    receive(workspace)
    stage(workspace)

    staged = judge_by(workspace, change_rules())

    assert [one.version for one in staged] == [2]


def test_the_views_count_what_the_batches_say(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, TWO_BAD_ROWS.replace("12,5", "12.5"))
    drop(workspace, BUKIT, store="Bukit Raya").write_bytes(b"")
    receive(workspace)
    stage(workspace)
    receive(workspace, drop(workspace, CEMPAKA, store="Cempaka"))
    stage(workspace)
    receive(workspace, drop(workspace, "20260106/1. Toko Kirana Anggrek.csv", OTHER_ROWS, day=NEXT_DAY))

    totals = ask(
        workspace,
        "select business_date, status, trigger, total_files, processed_files, failed_files, total_rows, rejected_rows "
        "from pipeline_run_totals where pipeline = 'stock_health' order by started_at",
    )
    metrics = ask(
        workspace,
        "select pipeline, files_processed, rows_processed, error_count, "
        "average_latency_seconds between 0 and 60 as is_short, "
        "last_processed_at = (select max(completed_at) from batches) as is_last from pipeline_metrics",
    )
    jobs = ask(workspace, "select store, file_name, status, retry_count from pipeline_file_jobs order by 2, 3")

    expected = """
        business_date | status    | trigger | total_files | processed_files | failed_files | total_rows | rejected_rows
        2026-01-05    | completed | test    | 1           | 1               | 0            | 8          | 2
        2026-01-05    | completed | test    | 1           | 1               | 0            | 2          | 0
    """
    assert_frame_equal(totals, table(expected))
    assert metrics.rows() == [("stock_health", "2", "10", "3", "True", "True")]
    expected = """
        store               | file_name                     | status    | retry_count
        Toko Kirana Anggrek | 1. Toko Kirana Anggrek.csv    | completed | 0
        Toko Kirana Anggrek | 1. Toko Kirana Anggrek.csv    | queued    | 0
                            | 2. Toko Kirana Bukit Raya.csv | failed    | 0
        Toko Kirana Cempaka | 3. Toko Kirana Cempaka.csv    | completed | 0
    """
    assert_frame_equal(jobs, table(expected))
