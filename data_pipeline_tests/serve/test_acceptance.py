"""The acceptance criteria of the API, each by its number, over HTTP on a real Postgres."""

import datetime as dt
import uuid
from typing import Any

import httpx
import pytest

from data_pipeline_tests.serve.running import CONFIG, DAY, RunningApi, error_of, make_pipeline, post_records

pytestmark = pytest.mark.postgres

GOOD = [{"id": "a", "amount": 3}, {"id": "b", "amount": 4.5}]
BAD = {"id": "c", "amount": "many"}


def test_ac_1_1_post_creates_a_pipeline(client: httpx.Client) -> None:
    made = client.post("/pipelines", json={"name": "ac 1.1", "config": CONFIG})

    assert made.status_code == 201
    assert client.get(f"/pipelines/{made.json()['id']}").json()["name"] == "ac 1.1"
    assert made.headers["Location"] == f"/api/v1/pipelines/{made.json()['id']}"


@pytest.mark.parametrize("key", ["source", "columns", "destination"])
def test_ac_1_2_a_config_has_source_processors_and_destination(client: httpx.Client, key: str) -> None:
    config = {name: value for name, value in CONFIG.items() if name != key}

    refused = client.post("/pipelines", json={"name": f"ac 1.2 {key}", "config": config})

    assert error_of(refused) == (400, "INVALID_CONFIG")
    assert f"$.config.{key}" in [fault["path"] for fault in refused.json()["error"]["details"]]


def test_ac_1_3_a_config_is_validated_before_anything_is_made(client: httpx.Client) -> None:
    config = {**CONFIG, "processors": [{"use": "trim", "columns": ["nothing"]}]}

    refused = client.post("/pipelines", json={"name": "ac 1.3", "config": config})

    assert error_of(refused) == (400, "INVALID_CONFIG")
    assert client.get("/pipelines", params={"name": "ac 1.3"}).json()["items"] == []


def test_ac_1_4_created_is_201_with_id_and_status(client: httpx.Client) -> None:
    made = client.post("/pipelines", json={"name": "ac 1.4", "config": CONFIG})

    assert (made.status_code, made.json()["status"]) == (201, "inactive")
    assert uuid.UUID(made.json()["id"]).version == 4


def test_ac_1_5_invalid_is_400_with_every_fault_and_its_place(client: httpx.Client) -> None:
    config = {
        **CONFIG,
        "source": {"evolution": "perhaps"},
        "processors": [{"use": "trimm"}, {"use": "trim", "columns": ["ghost"]}],
        "grain": ["phantom"],
        "marts": ["sales"],
        "destination": {"kind": "postgres", "url_from": "DESTINATION_X", "table": "t"},
    }

    refused = client.post("/pipelines", json={"name": "ac 1.5", "config": config})

    assert error_of(refused) == (400, "INVALID_CONFIG")
    paths = {fault["path"] for fault in refused.json()["error"]["details"]}
    assert {"$.config.source.evolution", "$.config.processors[0].use", "$.config.marts"} <= paths


def test_ac_2_1_post_submits_a_batch(client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 2.1")

    posted = client.post(f"/pipelines/{pipeline_id}/batches", json={"records": GOOD, "business_date": DAY})

    assert posted.status_code == 202
    assert (posted.json()["status"], posted.json()["record_count"]) == ("pending", 2)
    assert posted.headers["Location"] == f"/api/v1/pipelines/{pipeline_id}/batches/{posted.json()['id']}"


def test_ac_2_2_each_record_goes_through_all_processors(api: RunningApi, client: httpx.Client) -> None:
    steps = [{"use": "trim", "columns": ["id"]}, {"use": "case", "columns": ["id"], "to": "upper"},
             {"use": "derive", "columns": {"twice": "amount * 2"}}]  # fmt: skip
    pipeline_id = make_pipeline(client, "ac 2.2", config={**CONFIG, "processors": steps})

    post_records(client, pipeline_id, [{"id": " a ", "amount": 3}, {"id": "b", "amount": 4.5}])
    api.process()

    rows = client.get(f"/pipelines/{pipeline_id}/snapshots/{DAY}", params={"columns": "id,amount,twice"}).json()
    assert rows == [{"id": "A", "amount": 3.0, "twice": 6.0}, {"id": "B", "amount": 4.5, "twice": 9.0}]


def test_ac_2_3_failed_records_are_kept_with_details(api: RunningApi, client: httpx.Client) -> None:
    steps = [{"use": "map_values", "column": "id", "values": {"a": "A", "c": "C"}, "message": "unknown id"}]
    pipeline_id = make_pipeline(client, "ac 2.3", config={**CONFIG, "processors": steps})

    batch_id = post_records(client, pipeline_id, [*GOOD, BAD])
    api.process()

    items = client.get(f"/pipelines/{pipeline_id}/batches/{batch_id}/errors").json()["items"]
    assert [(one["record_index"], one["code"], one["column"], one["value"]) for one in items] == [
        (1, "PROCESSING_ERROR", "id", "b"),
        (2, "UNREADABLE_CELL", "amount", "many"),
    ]
    assert items[0]["message"] == "unknown id"
    assert items[1]["record"] == {"id": "c", "amount": "many"}


def test_ac_2_4_a_batch_is_pending_processing_completed_or_failed(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 2.4")
    path = f"/pipelines/{pipeline_id}/batches"
    sound = post_records(client, pipeline_id, [*GOOD, BAD])
    broken = client.post(f"{path}?business_date={DAY}", files={"file": ("a.xlsx", b"PK\x03\x04 no workbook")}).json()

    before = [client.get(f"{path}/{one}").json()["status"] for one in (sound, broken["id"])]
    api.process()
    after = {one: client.get(f"{path}/{one}").json() for one in (sound, broken["id"])}

    assert before == ["pending", "pending"]
    done, failed = after[sound], after[broken["id"]]
    assert (done["status"], done["processed_count"], done["failed_count"]) == ("completed", 2, 1)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "UNREADABLE_FILE")
    assert {one["id"] for one in client.get(path, params={"status": "failed"}).json()["items"]} == {broken["id"]}


def test_ac_2_5_good_records_are_written_to_the_destination(api: RunningApi, client: httpx.Client) -> None:
    config = {**CONFIG, "destination": {"kind": "jsonl", "name": "good", "columns": {"id": "id", "n": "amount"}}}
    pipeline_id = make_pipeline(client, "ac 2.5", config=config)

    post_records(client, pipeline_id, [*GOOD, BAD])
    api.process()

    [written] = api.workspace.settings.output_dir.rglob("*.jsonl")
    assert written.read_text(encoding="utf-8") == '{"id":"a","n":3.0}\n{"id":"b","n":4.5}\n'


def test_ac_3_1_get_gives_the_details_of_a_pipeline(client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 3.1")

    found = client.get(f"/pipelines/{pipeline_id}")

    assert (found.status_code, found.headers["ETag"]) == (200, '"1"')
    details = found.json()
    assert (details["name"], details["status"], details["config"]) == ("ac 3.1", "active", CONFIG)


def test_ac_3_2_the_history_of_batches_is_paged(client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 3.2")
    posted = [post_records(client, pipeline_id, [{"id": str(place), "amount": place}]) for place in range(5)]

    seen, cursor = [], None
    while True:
        wanted: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/pipelines/{pipeline_id}/batches", params=wanted).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == posted[::-1]


def test_ac_3_3_metrics_count_records_and_time(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 3.3")
    post_records(client, pipeline_id, [*GOOD, BAD])
    api.process()

    metrics = client.get(f"/pipelines/{pipeline_id}/metrics").json()

    assert (metrics["records_processed"], metrics["records_failed"], metrics["completed"]) == (2, 1, 1)
    assert 0 < metrics["latency_seconds"] < 60


def test_ac_3_4_metrics_say_when_it_last_ran_and_how_much_failed(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 3.4")
    before = client.get(f"/pipelines/{pipeline_id}/metrics").json()
    post_records(client, pipeline_id, [*GOOD, BAD])
    api.process()

    metrics = client.get(f"/pipelines/{pipeline_id}/metrics").json()

    assert (before["error_rate"], before["last_run_at"]) == (None, None)
    assert metrics["error_rate"] == pytest.approx(1 / 3)
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(metrics["last_run_at"])
    assert dt.timedelta(0) < age < dt.timedelta(minutes=1)


def test_ac_4_1_start_activates(client: httpx.Client) -> None:
    pipeline_id = client.post("/pipelines", json={"name": "ac 4.1", "config": CONFIG}).json()["id"]
    refused = client.post(f"/pipelines/{pipeline_id}/batches", json={"records": GOOD, "business_date": DAY})

    started = client.post(f"/pipelines/{pipeline_id}/start")

    assert error_of(refused) == (409, "PIPELINE_NOT_ACTIVE")
    assert (started.status_code, started.json()["status"]) == (200, "active")
    post_records(client, pipeline_id, GOOD)


def test_ac_4_2_stop_pauses_and_what_waits_goes_on_waiting(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 4.2")
    batch_id = post_records(client, pipeline_id, GOOD)
    path = f"/pipelines/{pipeline_id}/batches/{batch_id}"

    stopped = client.post(f"/pipelines/{pipeline_id}/stop")
    api.process()
    waiting = client.get(path).json()["status"]
    refused = client.post(f"/pipelines/{pipeline_id}/batches", json={"records": GOOD, "business_date": DAY})
    client.post(f"/pipelines/{pipeline_id}/start")
    api.process()

    assert (stopped.json()["status"], waiting, error_of(refused)[1]) == ("inactive", "pending", "PIPELINE_NOT_ACTIVE")
    assert client.get(path).json()["status"] == "completed"


def test_ac_4_3_delete_removes_everything(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 4.3")
    batch_id = post_records(client, pipeline_id, GOOD)
    api.process()
    asset = client.get(f"/pipelines/{pipeline_id}").json()["asset"]

    assert client.delete(f"/pipelines/{pipeline_id}").status_code == 204

    assert error_of(client.get(f"/pipelines/{pipeline_id}")) == (404, "PIPELINE_NOT_FOUND")
    assert error_of(client.get(f"/pipelines/{pipeline_id}/batches/{batch_id}")) == (404, "PIPELINE_NOT_FOUND")
    assert not [path for path in api.workspace.home.rglob(f"*{asset}*") if path.parent.name != "landing"]
    with api.workspace.database.transaction() as connection:
        left = connection.exec_driver_sql(f"select to_regclass('{asset}_snapshot'), to_regclass('snapshots.{asset}')")
        assert left.one() == (None, None)


def test_ac_4_4_with_active_batches_it_cannot_be_deleted(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "ac 4.4")
    batch_id = post_records(client, pipeline_id, GOOD)

    refused = client.delete(f"/pipelines/{pipeline_id}")
    client.post(f"/pipelines/{pipeline_id}/batches/{batch_id}/cancel")

    assert error_of(refused) == (409, "PIPELINE_HAS_ACTIVE_BATCHES")
    assert client.delete(f"/pipelines/{pipeline_id}").status_code == 204
