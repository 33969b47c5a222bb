"""Reproductions. Copied into data_pipeline_tests/flow for running."""
import dataclasses, shutil, datetime as dt, threading
import pytest
from data_pipeline.flow.receive import receive_files, Statement
from data_pipeline.flow.repair import assign_file, retry_failed
from data_pipeline.flow.report import report_day
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.publish import publish, roll_back, follow_pointer, snapshot_day
from data_pipeline.model.batches import DriveFile
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import *

pytestmark = pytest.mark.postgres

def test_messages_name_the_senders_file(workspace):
    path = drop(workspace, "20260105/3. Toko Kirana Cempaka.xlsx", store="Cempaka")
    path.write_bytes(b"PK")
    [receipt] = receive(workspace)
    assert receipt.note.startswith("3. Toko Kirana Cempaka.xlsx: ")

def test_csv_messages_name_the_senders_file(workspace):
    path = drop(workspace, "20260105/3. Toko Kirana Cempaka.csv", store="Cempaka")
    path.write_bytes(path.read_bytes() + b"\xe9")
    [receipt] = receive(workspace)
    assert receipt.note.startswith("3. Toko Kirana Cempaka.csv: ")

def test_a_folder_in_place_of_a_file_stops_no_other(workspace):
    path = workspace.settings.drive_folder / "20260105" / "a.csv"
    path.mkdir(parents=True)
    [receipt] = receive_files(workspace, [DriveFile(path=path, relative="20260105/a.csv", size_bytes=1, mtime_ns=1)])
    assert receipt.outcome == "unreadable"

def test_a_file_renamed_to_its_real_format_is_read(workspace):
    """CSV named .xlsx fails; renamed to .csv it must be read as CSV."""
    path = drop(workspace, "20260105/1. Toko Kirana Anggrek.csv")
    wrong = path.with_suffix(".xlsx")
    path.rename(wrong)
    [first] = receive(workspace)
    assert first.outcome == "failed"
    wrong.rename(path)
    [second] = receive(workspace)
    [staged] = stage(workspace)
    assert staged.fault is None, staged.fault

def test_an_assigned_file_does_not_rename_a_store(workspace):
    """File named Anggrek holds Bukit Raya's rows; after assigning it, the true Anggrek must still be recognised."""
    drop(workspace, ANGGREK); drop(workspace, BUKIT, store="Bukit Raya"); receive(workspace)
    wrong = drop(workspace, "20260106/1. Toko Kirana Anggrek.csv", OTHER_ROWS, store="Bukit Raya", day=NEXT_DAY)
    assign_file(workspace, PIPELINE, wrong, Statement(pipeline="stock_health", store="Toko Kirana Bukit Raya", business_date=NEXT_DAY), taught_by="rina")
    third = drop(workspace, "20260107/1. Toko Kirana Anggrek.csv", OTHER_ROWS, day=NEXT_DAY + dt.timedelta(days=1))
    [receipt] = receive(workspace, third)
    assert (receipt.outcome, receipt.store) == ("batch", "Toko Kirana Anggrek"), receipt.note

def test_a_mended_file_of_an_unknown_store_no_longer_shows_as_failed(workspace):
    path = drop(workspace, "20260105/1. Toko Kirana Anggrek.xlsx")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    receive(workspace)
    path.write_bytes(whole)
    retry_failed(workspace, PIPELINE, DAY)
    make_snapshot(workspace)
    report = report_day(workspace, PIPELINE, DAY)
    assert [(d["file_name"], d["status"]) for d in report.deliveries] == [(path.name, "completed")]

def test_assign_refuses_a_store_nobody_has_heard_of(workspace):
    from data_pipeline.errors import RequestError
    path = drop(workspace, ANGGREK)
    with pytest.raises(RequestError):
        assign_file(workspace, PIPELINE, path, Statement(pipeline="stock_health", store="Toko Kirana Angrek", business_date=DAY), taught_by="rina")

from concurrent.futures import ThreadPoolExecutor
def rows_of(n, stock): return "\n".join(["SKU | Stok", *(f"{i:05d} | {stock}" for i in range(n))])
def deliver(workspace, day, drawing):
    receive(workspace, drop(workspace, f"{day:%Y%m%d}/1. Toko Kirana Anggrek.csv", drawing, day=day)); stage(workspace, day)

def test_dates_published_at_once_for_the_first_time(workspace):
    days = [DAY, NEXT_DAY, NEXT_DAY + dt.timedelta(days=1)]
    for day in days: deliver(workspace, day, rows_of(3, 1))
    candidates = [compute_candidate(workspace, PIPELINE, day) for day in days]
    with ThreadPoolExecutor(3) as threads:
        made = list(threads.map(lambda c: publish(workspace, PIPELINE, c), candidates))
    assert [m.version for m in made] == [1, 1, 1]

def test_a_reader_of_the_mart_never_fails(workspace):
    deliver(workspace, DAY, rows_of(300, 1)); make_snapshot(workspace)
    seen, stop = set(), threading.Event()
    def loop():
        while not stop.is_set():
            try: seen.add(ask(workspace, "select sum(sku_count) as a, sum(pieces) as b from stock_health_conditions").row(0))
            except Exception as e: seen.add(repr(e)[:150])
    t = threading.Thread(target=loop); t.start()
    try:
        for stock in (2, 3, 4):
            deliver(workspace, DAY, rows_of(300 * stock, stock)); make_snapshot(workspace)
    finally:
        stop.set(); t.join()
    assert seen <= {("300", "300"), ("600", "1200"), ("900", "2700"), ("1200", "4800")}

def test_a_repeatable_read_reader_never_sees_zero_rows(workspace):
    from sqlalchemy import text
    deliver(workspace, DAY, rows_of(3, 1)); make_snapshot(workspace)
    deliver(workspace, DAY, rows_of(4, 1))
    with workspace.database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as c:
        c.execute(text("select 1 from snapshots")).all()
        make_snapshot(workspace)
        n = c.execute(text("select count(*) from stock_health_snapshot")).scalar()
    assert n in (3, 4)

def test_an_unpublished_version_is_not_among_the_versions(workspace):
    """What a kill between Parquet and commit leaves: the versions view must not show it."""
    deliver(workspace, DAY, rows_of(3, 1)); make_snapshot(workspace)
    candidate = compute_candidate(workspace, PIPELINE, DAY)
    workspace.lake.write_version("stock_health", DAY, 2, candidate.rows.with_columns(business_date=pl.lit(DAY), snapshot_id=pl.lit("x"), snapshot_version=pl.lit(2, pl.Int64), position=pl.int_range(pl.len(), dtype=pl.Int64)))
    assert ask_lake(workspace, "select distinct snapshot_version as v from stock_health_snapshot_versions").rows() == [("1",)]

def test_a_changed_column_type_can_be_published(workspace):
    deliver(workspace, DAY, rows_of(3, 1)); make_snapshot(workspace)
    c = compute_candidate(workspace, PIPELINE, DAY)
    c = dataclasses.replace(c, manifest=c.manifest.model_copy(update={"code_version": "x"}), rows=c.rows.with_columns(pl.col("stock").cast(pl.Float64)))
    from data_pipeline.errors import PipelineError
    try:
        publish(workspace, PIPELINE, c)
    except PipelineError as e:
        print("clear", e)

def test_status_does_not_take_duckdb_back(workspace, monkeypatch):
    """report_day reads Postgres, another process publishes, then report_day moves DuckDB's link back."""
    from data_pipeline.persist import snapshots
    deliver(workspace, DAY, rows_of(3, 1)); make_snapshot(workspace)
    deliver(workspace, DAY, rows_of(4, 1))
    real = type(workspace.lake).move_pointer
    once = []
    def late(self, *a):
        if not once:
            once.append(1); make_snapshot(workspace)
        return real(self, *a)
    monkeypatch.setattr(type(workspace.lake), "move_pointer", late)
    report_day(workspace, PIPELINE, DAY)
    assert ask_lake(workspace, "select distinct snapshot_version as v from stock_health_snapshot").rows() == [("2",)]

def test_threads_that_move_one_pointer_at_once(workspace):
    deliver(workspace, DAY, rows_of(3, 1)); make_snapshot(workspace)
    deliver(workspace, DAY, rows_of(4, 1)); make_snapshot(workspace)
    def flip(n):
        for i in range(50):
            workspace.lake.move_pointer("stock_health", DAY, __import__("pathlib").Path(f"lake/stock_health/versions/2026-01-05.v{1 + (i + n) % 2}.parquet"))
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(flip, range(2)))

def test_the_same_broken_bytes_of_two_stores_are_two_failures(workspace):
    for name in (ANGGREK, BUKIT): drop(workspace, name).write_bytes(b"")
    receive(workspace)
    assert show_batches(workspace).select("file_name", "status").rows() == [("1. Toko Kirana Anggrek.csv", "failed"), ("2. Toko Kirana Bukit Raya.csv", "failed")]

def test_an_empty_file_on_the_drive_is_told(workspace):
    from data_pipeline.flow.watch import look_at_drive
    from data_pipeline.ingest.drive import LocalDrive
    drop(workspace, ANGGREK).write_bytes(b"")
    seen = {}; told = []
    for _ in range(3):
        look = look_at_drive(workspace, LocalDrive(workspace.settings.drive_folder), seen); seen = look.unsettled; told += look.receipts
    assert told

def test_a_full_own_disk_is_no_fault_of_the_file(workspace):
    import subprocess
    staging = workspace.home / "staging"; staging.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", staging], check=True)
    try:
        drop(workspace, ANGGREK, rows_of(5000, 3))
        from data_pipeline.errors import StoreError
        with pytest.raises(StoreError):
            print(receive(workspace))
    finally:
        subprocess.run(["umount", staging], check=True)

def test_a_rejudged_batch_that_fails_keeps_no_counts(workspace):
    import uuid
    from data_pipeline.model.spec import RangeRule
    from data_pipeline.flow.stage import stage_batches
    from data_pipeline.flow.track import track_run
    deliver(workspace, DAY, rows_of(3, 5))
    strict = dataclasses.replace(PIPELINE, spec=PIPELINE.spec.model_copy(update={"rules": (RangeRule(kind="range", name="x", column="stock", maximum=1),)}))
    with track_run(workspace, strict, DAY, dagster_run_id=str(uuid.uuid4()), trigger="t") as r: stage_batches(workspace, strict, DAY, r)
    assert ask(workspace, "select status, processed_count from pipeline_file_jobs").rows() == [("failed", None)]
    assert ask(workspace, "select total_rows from pipeline_run_totals order by started_at").rows()[-1] == ("0",)


def test_a_wrong_lesson_can_be_corrected(workspace):
    two = "SKU | Toko\n1 | Toko Kirana Anggrek\n2 | Toko Kirana Bukit Raya"
    a = drop(workspace, "20260105/cabang 9.csv", two)
    assign_file(workspace, PIPELINE, a, Statement(store="Toko Kirana Anggrek", business_date=DAY), taught_by="x")
    b = drop(workspace, "20260106/cabang 9.csv", two, day=NEXT_DAY)
    receive(workspace, b)
    assign_file(workspace, PIPELINE, b, Statement(store="Toko Kirana Bukit Raya", business_date=NEXT_DAY), taught_by="x")
    assert ask(workspace, "select alias, name from store_aliases join stores using (store_id)").rows() == [("CABANG 9", "Toko Kirana Bukit Raya")]

def test_a_store_written_otherwise_in_its_column_is_the_same_store(workspace):
    drop(workspace, ANGGREK)
    drop(workspace, "20260105/kiriman.csv", ONE_ROW, store="ANGGREK")
    receive(workspace)
    make_snapshot(workspace)
    assert len(set(ask(workspace, "select store from stock_health_snapshot")["store"])) == 1

def test_process_does_not_let_an_older_export_supersede(workspace):
    later = EXPORTED + dt.timedelta(minutes=100)
    drop(workspace, "20260105/1. Toko Kirana Anggrek.xlsx", OTHER_ROWS, exported=later); receive(workspace)
    old = drop(workspace, "20260105/Anggrek.xlsx", ONE_ROW)
    [receipt] = receive(workspace, old, statement=Statement(pipeline="stock_health", business_date=DAY))
    assert receipt.outcome == "parked", receipt.note


def test_a_lost_file_of_one_date_does_not_stop_the_others(workspace):
    for day in (DAY, NEXT_DAY):
        deliver(workspace, day, rows_of(3, 1)); make_snapshot(workspace, day)
    (workspace.home / "lake/stock_health/versions/2026-01-05.v1.parquet").unlink()
    deliver(workspace, NEXT_DAY, rows_of(4, 1)); make_snapshot(workspace, NEXT_DAY)
    assert ask_lake(workspace, "select count(*) from stock_health_snapshot where business_date = date '2026-01-06'").rows() == [("4",)]

def test_a_failed_publication_is_a_failed_run(workspace):
    """see also w.sh: pipeline_runs says completed although nothing was published"""
