"""How far a batch is read: noted seldom, gone when it has ended."""

import datetime as dt
import uuid

import httpx
import pytest

from data_pipeline.flow.progress import WRITE_SECONDS, ProgressNotes
from data_pipeline.model.batches import FileFault
from data_pipeline.model.reading import Progress
from data_pipeline.persist import tracking
from data_pipeline_tests.serve.running import DAY, RunningApi, make_pipeline, post_records

pytestmark = pytest.mark.postgres


def test_progress_is_noted_once_a_second_and_gone_at_the_end(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "noted")
    path = f"/pipelines/{pipeline_id}/batches/{post_records(client, pipeline_id, [{'id': '1', 'amount': 3}])}"
    day = dt.date.fromisoformat(DAY)
    with api.workspace.database.transaction() as connection:
        run_id = tracking.rows_of(
            connection, "start_run", pipeline_id=pipeline_id, business_date=day, trigger="test", dagster_run_id=None
        )[0]["id"]
        [batch] = tracking.claim_batches(connection, uuid.UUID(pipeline_id), day, run_id, spec_hash="", spec_version=1)
    seconds = 100.0
    notes = ProgressNotes(api.workspace.database, [batch], clock=lambda: seconds)

    def note(rows: int) -> tuple[float, int | None, float | None]:
        notes.note(batch.file_name, Progress(bytes_processed=rows, total_bytes=1000, rows=rows))
        told = client.get(path).json()["progress"]
        return told["percent"], told["rows_processed"], told["seconds_left"]

    found = [note(100)]
    seconds += WRITE_SECONDS
    found += [note(200), note(300)]
    with api.workspace.database.transaction() as connection:
        tracking.fail_batch(connection, batch.id, batch.attempt, FileFault(code="TEST", message="it ends"))
    ended = client.get(path).json()

    assert found == [(0, None, None), (20, 200, 4), (20, 200, 4)]
    assert (ended["status"], ended["progress"]["percent"]) == ("failed", 100)


def test_batches_of_one_name_are_not_told_apart_and_not_noted(api: RunningApi) -> None:
    batches = [tracking.ClaimedBatch(uuid.UUID(int=n), 1, "sales.csv", "", 1, None) for n in (1, 2)]
    seconds = iter([0.0, 10.0])
    notes = ProgressNotes(api.workspace.database, batches, clock=lambda: next(seconds))

    for _ in range(2):
        notes.note("sales.csv", Progress(bytes_processed=1, total_bytes=2, rows=1))

    assert notes._paces == {}
