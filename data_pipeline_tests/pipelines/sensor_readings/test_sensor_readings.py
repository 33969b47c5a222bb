"""Rules of sensor readings: ranges, units, scores; every record is processed or failed. Source: domain page."""

import datetime as dt
import json
import uuid
from pathlib import Path

import pytest

from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.deliveries import deliver_all
from data_pipeline.flow.publish import publish
from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Receipt
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.snapshots import Published
from data_pipeline.persist import deliveries
from data_pipeline.pipelines.catalog import find_pipeline
from data_pipeline.settings import Settings
from data_pipeline_tests.flow.days import ask, ask_lake

PIPELINE = find_pipeline("sensor_readings")
DAY = dt.date(2026, 1, 5)
EXAMPLE = (PIPELINE.folder / "examples" / "rows.jsonl").read_text(encoding="utf-8")
METRICS = (
    "select processed, anomalies, cast(value_sum as decimal(20, 6)) as value_sum, sensors from sensor_readings_metrics"
)


@pytest.fixture
def workspace(settings: Settings, readers: Sandbox) -> Workspace:
    """An empty installation with a drive, and no reference folder."""
    settings.drive_folder.mkdir()
    opened = Workspace.open(settings)
    assert opened.sandbox is readers
    return opened


def receive(workspace: Workspace, name: str, text: str) -> Receipt:
    """Drops a file and takes it in."""
    path: Path = workspace.settings.drive_folder / name
    path.write_text(text, encoding="utf-8")
    [file] = [file for file in LocalDrive(workspace.settings.drive_folder).list_files() if file.path == path]
    [receipt] = receive_files(workspace, [file])
    return receipt


def make_snapshot(workspace: Workspace) -> Published:
    """Judges what waits and publishes it, as a run does."""
    with track_run(workspace, PIPELINE, DAY, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        stage_batches(workspace, PIPELINE, DAY, run_id)
    candidate = compute_candidate(workspace, PIPELINE, DAY)
    assert candidate.losses == ()
    return publish(workspace, PIPELINE, candidate)


def test_the_worked_example_of_the_domain_page(workspace: Workspace) -> None:
    receipt = receive(workspace, "readings.jsonl", EXAMPLE)
    make_snapshot(workspace)

    assert (receipt.outcome, receipt.business_date, receipt.pipeline) == ("batch", DAY, "sensor_readings")
    assert ask(workspace, METRICS).rows() == ask_lake(workspace, METRICS).rows() == [("4", "2", "1207.800000", "2")]
    counts = ask(workspace, "select record_count, processed_count, failed_count from batches")
    assert counts.rows() == [("7", "4", "3")]
    failed = ask(workspace, "select row_number, error_code, error_message from batch_errors order by row_number")
    assert failed.rows() == [
        ("4", "OUT_OF_RANGE", "Value out of expected range (0-1000)"),
        ("6", "OUT_OF_RANGE", "Value out of expected range (0-1000)"),
        ("7", "PROCESSING_ERROR", "Invalid unit for transformation"),
    ]


def test_two_feeds_of_a_day_are_one_snapshot(workspace: Workspace) -> None:
    receive(workspace, "morning.jsonl", EXAMPLE)
    receive(workspace, "evening.jsonl", EXAMPLE.replace('"r', '"e'))
    make_snapshot(workspace)

    assert ask(workspace, METRICS).rows() == [("8", "4", "2415.600000", "2")]


def test_the_same_records_as_csv_give_the_same_rows(workspace: Workspace) -> None:
    records = [json.loads(line) for line in EXAMPLE.splitlines()]
    lines = [",".join(records[0]), *(",".join(map(str, record.values())) for record in records)]
    receive(workspace, "readings.csv", "\n".join(lines))
    make_snapshot(workspace)

    assert ask(workspace, METRICS).rows() == [("4", "2", "1207.800000", "2")]


def test_records_of_two_days_are_left_to_a_person(workspace: Workspace) -> None:
    receipt = receive(workspace, "readings.jsonl", EXAMPLE.replace("2026-01-05T08:06", "2026-01-06T08:06"))

    assert receipt.outcome == "parked"
    assert "date_column says 2026-01-05" in receipt.note
    assert "date_column says 2026-01-06" in receipt.note


def test_a_line_that_is_no_record_goes_back_alone(workspace: Workspace) -> None:
    receive(workspace, "readings.jsonl", EXAMPLE + '{"id": "r8", "timestamp": \n')
    make_snapshot(workspace)

    failed = ask(workspace, "select row_number, error_code, raw_text from batch_errors where row_number = 8")
    assert failed.rows() == [("8", "BROKEN_LINE", '{"id": "r8", "timestamp":')]
    assert ask(workspace, METRICS).rows() == [("4", "2", "1207.800000", "2")]


def test_a_text_that_no_database_takes_goes_back_alone(workspace: Workspace) -> None:
    """In a column that nobody declared it is kept, as JSON writes it."""
    good = EXAMPLE.splitlines()[0]
    with_nul = json.dumps(json.loads(good) | {"id": "r8\0"})
    noted = json.dumps(json.loads(good) | {"id": "r9", "note": "a\0b"})
    receive(workspace, "readings.jsonl", f"{EXAMPLE}{with_nul}\n{noted}\n")
    make_snapshot(workspace)

    failed = ask(workspace, "select error_code, column_name, error_message from batch_errors where row_number = 8")
    words = "expected text, found the character U+0000, which a text may not hold. Type it anew."
    assert failed.rows() == [("UNREADABLE_CELL", "id", words)]
    kept = "select id, rescued from sensor_readings_snapshot where rescued is not null"
    assert ask(workspace, kept).rows() == ask_lake(workspace, kept).rows() == [("r9", '{"note":"a\\u0000b"}')]


def test_processed_and_failed_records_are_written_in_the_order_in_which_they_came(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "BLOCK_BYTES", 1)  # each rejected record is read by itself
    receive(workspace, "readings.jsonl", EXAMPLE)
    published = make_snapshot(workspace)

    delivered = deliver_all(workspace, PIPELINE, DAY, workspace.settings.output_dir / "20260105")

    assert [(one.destination, one.status, one.rows_delivered) for one in delivered] == [
        ("processed_data", "delivered", 4), ("failed_data", "delivered", 3)
    ]  # fmt: skip
    assert published.row_count == 4
    processed, failed = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in (
            next(workspace.settings.output_dir.rglob(f"{name}.jsonl")) for name in ("processed_data", "failed_data")
        )
    )
    scores = [(record["id"], record["status"], record["anomaly_score"], record["is_anomaly"]) for record in processed]
    assert scores == [
        ("r1", "processed", 4.55, False), ("r2", "processed", 8.23, True),
        ("r3", "processed", 8.0, False), ("r5", "processed", 100.0, True),
    ]  # fmt: skip
    assert len({record["processed_at"] for record in processed}) == 1
    assert [(record["id"], record["value"], record["status"], record["error"]) for record in failed] == [
        ("r4", -1.0, "invalid", "Value out of expected range (0-1000)"),
        ("r6", 1000.01, "invalid", "Value out of expected range (0-1000)"),
        ("r7", 75.0, "transformation_error", "Invalid unit for transformation"),
    ]


def test_a_file_of_many_chunks_is_published_and_sent_on_whole(workspace: Workspace) -> None:
    """One record in 100 is out of range, one in 200 of an unknown unit."""
    records = [
        {"id": f"r{number}", "timestamp": "2026-01-05T08:00:00Z", "sensor_id": f"s{number % 3}",
         "value": 1000.5 if number % 100 == 7 else float(number % 90), "unit": "x" if number % 200 == 11 else "unit_A",
         "location": "hall " * 50, "status": "raw"}
        for number in range(60_000)
    ]  # fmt: skip
    receive(workspace, "readings.jsonl", "".join(f"{json.dumps(record)}\n" for record in records))
    published = make_snapshot(workspace)

    deliver_all(workspace, PIPELINE, DAY, workspace.settings.output_dir / "20260105")

    [part] = ask(workspace, "select part_path from batches").to_series()
    assert len(list((workspace.home / part).iterdir())) > 2
    sound = [record for record in records if record["value"] <= 1000 and record["unit"] == "unit_A"]
    total = sum(float(str(record["value"])) for record in sound)
    metrics = ("59100", f"{total:.6f}", "3")
    columns = "processed, cast(value_sum as decimal(20, 6)) as value_sum, sensors"
    shown = f"select {columns} from sensor_readings_metrics"  # noqa: S608 - our own names
    assert ask(workspace, shown).rows() == ask_lake(workspace, shown).rows() == [metrics]
    assert published.row_count == len(sound) == 59_100
    sent = (workspace.settings.output_dir / "20260105" / "processed_data.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["id"] for line in sent.splitlines()] == [record["id"] for record in sound]
