"""Watching a batch: the same messages as events and over a WebSocket, up to its end, and for its owner alone."""

import asyncio
import datetime as dt
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from data_pipeline.errors import RequestRefused
from data_pipeline.persist import tracking
from data_pipeline.persist.database import Database
from data_pipeline.persist.tracking import Row
from data_pipeline.serve.api.app import BASE, build_app
from data_pipeline.serve.api.server import FINISH_SECONDS, make_server
from data_pipeline.serve.api.shapes import BatchOut
from data_pipeline.serve.api.viewers import MOST_OF_A_KEY, Viewers
from data_pipeline_tests.serve.running import RunningApi, error_of, make_pipeline, post_records

pytestmark = pytest.mark.postgres

PENDING: Row = {
    "id": uuid.UUID(int=1),
    "pipeline_id": uuid.UUID(int=2),
    "business_date": dt.date(2026, 1, 5),
    "status": "pending",
    "record_count": 1,
    "created_at": dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
}


@pytest.fixture(scope="module")
def pipeline_id(client: httpx.Client) -> str:
    """An active pipeline."""
    return make_pipeline(client, "watched")


def read_events(answer: httpx.Response) -> Iterator[dict[str, object]]:
    """The messages of a stream."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def set_progress(api: RunningApi, batch_id: str, **progress: float) -> None:
    """As the run does while it reads."""
    with api.workspace.database.transaction() as connection:
        # of a process that died long ago, so that the next takes it up
        taken = "update batches set status = 'processing', attempts = 1, started_at = now() - interval '1 hour' "
        connection.exec_driver_sql(taken + "where id = %s", (batch_id,))
        told: Row = {"id": batch_id, "attempts": 1, "progress": json.dumps(progress)}
        assert tracking.run(connection, "set_progress", **told)


def ws_url(api: RunningApi, pipeline_id: str, batch_id: str) -> str:
    """Where the WebSocket of a batch is."""
    return f"{api.url.replace('http', 'ws')}{BASE}/pipelines/{pipeline_id}/batches/{batch_id}/ws"


def test_a_stream_begins_with_the_batch_tells_progress_and_ends_with_it(
    api: RunningApi, client: httpx.Client, pipeline_id: str
) -> None:
    batch_id = post_records(client, pipeline_id, [{"id": "1", "amount": 3}])
    path = f"/pipelines/{pipeline_id}/batches/{batch_id}"

    with (
        client.stream("GET", f"{path}/events") as answer,
        connect(
            ws_url(api, pipeline_id, batch_id), additional_headers={"X-API-Key": client.headers["X-API-Key"]}
        ) as ws,
    ):
        messages = read_events(answer)
        first = [next(messages), json.loads(ws.recv())]
        set_progress(api, batch_id, percent=40.0, rows=400, eta=6.0)
        second = [next(messages), json.loads(ws.recv())]
        threading.Thread(target=api.process).start()
        rest = [[*messages], [json.loads(text) for text in ws]]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [one["status"] for one in first] == ["pending"] * 2
    assert [one["progress"] for one in second] == [{"percent": 40, "rows_processed": 400, "seconds_left": 6}] * 2
    assert [one[-1] for one in rest] == [client.get(path).json()] * 2
    assert rest[0][-1]["status"] == "completed"


def test_a_batch_that_has_ended_is_told_once(client: httpx.Client, pipeline_id: str, api: RunningApi) -> None:
    batch_id = post_records(client, pipeline_id, [{"id": "2", "amount": 3}])
    api.process()

    answer = client.get(f"/pipelines/{pipeline_id}/batches/{batch_id}/events")

    assert [one["status"] for one in read_events(answer)] == ["completed"]


@pytest.mark.parametrize(
    ("stranger", "expected"),
    [("nobody", (401, "UNAUTHORIZED")), ("umbrella", (404, "PIPELINE_NOT_FOUND")), ("reader", (403, "FORBIDDEN"))],
    ids=["without a key", "another owner", "without the scope"],
)
def test_a_stranger_is_refused_before_anything_is_sent(
    api: RunningApi, client: httpx.Client, pipeline_id: str, stranger: str, expected: tuple[int, str]
) -> None:
    batch_id = post_records(client, pipeline_id, [{"id": "3", "amount": 3}])
    key = {"nobody": None, "umbrella": api.issue("umbrella"), "reader": api.issue(scopes=["pipelines:read"])}[stranger]

    with api.client_with(key) as other:
        answer = other.get(f"/pipelines/{pipeline_id}/batches/{batch_id}/events")
    with pytest.raises(InvalidStatus) as refusal:
        connect(ws_url(api, pipeline_id, batch_id), additional_headers={} if key is None else {"X-API-Key": key})

    assert error_of(answer) == expected
    refused = refusal.value.response
    assert (refused.status_code, json.loads(refused.body or b"")["error"]["code"]) == expected


def test_a_key_watches_so_many_batches_at_a_time(database: Database) -> None:
    viewers = Viewers(database)

    with ExitStack() as seats:
        for _ in range(MOST_OF_A_KEY):
            seats.enter_context(viewers.seat("one", PENDING))
        with viewers.seat("another", PENDING), pytest.raises(RequestRefused) as refusal:
            seats.enter_context(viewers.seat("one", PENDING))
    with viewers.seat("one", PENDING) as viewer:
        seated = viewer.seen.status

    assert refusal.value.code == "RATE_LIMITED"
    assert seated == "pending"


def test_streams_of_a_revoked_key_end(database: Database) -> None:
    viewers = Viewers(database)

    async def watch() -> list[BatchOut]:
        with viewers.seat("one", PENDING) as viewer:
            await viewers.dismiss("one")
            return [batch async for batch in viewer.follow()]

    assert [batch.status for batch in asyncio.run(watch())] == ["pending"]


def test_streams_end_when_the_server_is_asked_to_stop(api: RunningApi, client: httpx.Client, pipeline_id: str) -> None:
    batch_id = post_records(client, pipeline_id, [{"id": "5", "amount": 3}])
    server = make_server(build_app(api.workspace), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}{BASE}/pipelines/{pipeline_id}/batches/{batch_id}"

    with (
        httpx.stream("GET", f"{url}/events", headers=client.headers) as answer,
        connect(f"{url.replace('http', 'ws')}/ws", additional_headers={"X-API-Key": client.headers["X-API-Key"]}) as ws,
    ):
        messages = read_events(answer)
        started = [next(messages)["status"], json.loads(ws.recv())["status"]]
        server.should_exit = True
        rest = [*messages]
        with pytest.raises(ConnectionClosedError, match="1012"):  # service restart
            ws.recv()
        thread.join(FINISH_SECONDS / 2)

    assert started == ["pending"] * 2
    assert rest == []
    assert not thread.is_alive()
