"""Clients that drip, never end or send too much: they are let go, and nobody else is kept waiting."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from data_pipeline.serve.api import middleware
from data_pipeline.serve.api.app import BASE
from data_pipeline.serve.api.patience import PatientProtocol
from data_pipeline_tests.serve.apart import ApiApart, serving_apart
from data_pipeline_tests.serve.running import DAY, RunningApi, error_of, make_pipeline

pytestmark = pytest.mark.postgres

MIB = 1 << 20
TEN_GB = 10_000_000_000
RECORDS = 100_000
PATIENCE = 1.5
DRIP_SECONDS = 0.2
LINES = "application/x-ndjson"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test cannot wait as long as the API does."""
    monkeypatch.setattr(PatientProtocol, "header_seconds", PATIENCE)


@pytest.fixture(scope="module")
def apart(postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiApart]:
    """A process that takes files of 64 MiB."""
    home: Path = tmp_path_factory.mktemp("apart")
    with serving_apart(postgres_url, migrated_template, home, max_file_mb=64) as running:
        yield running


def begin(api: RunningApi, text: str) -> socket.socket:
    """A connection that has said so much; without more it stays open."""
    place = urlsplit(api.url)
    connection = socket.create_connection((place.hostname, place.port), timeout=20)
    connection.sendall(text.encode())
    return connection


def begin_post(api: RunningApi, path: str, key: str, *, kind: str, length: str) -> socket.socket:
    """A request whose body is still to come."""
    return begin(
        api,
        f"POST {BASE}{path} HTTP/1.1\r\nHost: api\r\nX-API-Key: {key}\r\nContent-Type: {kind}\r\n{length}\r\n\r\n",
    )


def read_end(connection: socket.socket) -> bytes:
    """What was answered before the connection was closed; fails when it stays open."""
    heard = b""
    with connection, contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            heard += piece
    return heard


@contextlib.contextmanager
def dripping(connections: Sequence[socket.socket], drop: bytes) -> Iterator[None]:
    """Each says a little more all the time, for as long as it may."""
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(DRIP_SECONDS):
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.sendall(drop)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.mark.usefixtures("impatient")
def test_two_hundred_dripping_clients_keep_nobody_waiting_and_are_let_go(
    api: RunningApi, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "GRACE_SECONDS", PATIENCE)
    path = f"/pipelines/{make_pipeline(client, 'drips')}/batches?business_date={DAY}"
    key = client.headers["X-API-Key"]
    silent = [begin(api, "") for _ in range(50)]
    headers = [begin(api, "GET /api/v1/pipelines HTTP/1.1\r\nHost: api\r\nX-Drip: ") for _ in range(100)]
    bodies = [begin_post(api, path, key, kind=LINES, length="Content-Length: 1000000") for _ in range(50)]
    waited = []

    with dripping([*headers, *bodies], b" "):
        ends_at = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < ends_at:
            started = time.monotonic()
            assert client.get("/pipelines", params={"limit": 1}).status_code == 200
            waited.append(time.monotonic() - started)
        heard = {name: [read_end(one) for one in some] for name, some in
                 {"silent": silent, "headers": headers, "bodies": bodies}.items()}  # fmt: skip

    assert max(waited) < 1
    assert set(heard["silent"]) == {b""}
    assert {one[:12] for one in heard["headers"]} == {b"HTTP/1.1 408"}
    assert {one[:12] for one in heard["bodies"]} == {b"HTTP/1.1 408"}


def test_headers_without_an_end_are_cut(api: RunningApi) -> None:
    lines = "".join(f"X-{number}: {'x' * 1000}\r\n" for number in range(200))

    endless = read_end(begin(api, f"GET /healthz HTTP/1.1\r\nHost: api\r\n{lines}"))
    one_line = read_end(begin(api, f"GET /healthz HTTP/1.1\r\nHost: api\r\nX: {'x' * 200_000}"))

    assert {endless[:12], one_line[:12]} == {b"HTTP/1.1 431"}


@pytest.mark.usefixtures("impatient")
def test_what_comes_after_the_answer_is_not_read_for_ever(api: RunningApi) -> None:
    """A body that was refused, and trailers, which no program of ours reads."""
    refused = begin_post(
        api, f"/pipelines/{'0' * 32}/batches", "wrong", kind=LINES, length="Transfer-Encoding: chunked"
    )
    trailers = begin(api, "GET /healthz HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")

    with dripping([refused], b"1\r\nx\r\n"), dripping([trailers], b"X: " + b"x" * 10_000 + b"\r\n"):
        answers = [read_end(refused), read_end(trailers)]

    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 401", b"HTTP/1.1 200"]


def test_a_keepalive_connection_has_as_much_patience_for_each_request(
    api: RunningApi, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientProtocol, "header_seconds", 0.5)
    with api.client_with(client.headers["X-API-Key"]) as other:
        found = set()
        for _ in range(8):
            answer = other.get("/pipelines", params={"limit": 1})
            found.add((answer.status_code, answer.extensions["network_stream"].get_extra_info("client_addr")))
            time.sleep(0.1)

    assert [status for status, _ in found] == [200], "one connection"


@pytest.mark.parametrize("kind", ["application/json", LINES])
@pytest.mark.parametrize("how", ["declared", "chunked"])
def test_ten_gigabytes_are_refused_without_being_held(apart: ApiApart, kind: str, how: str) -> None:
    with apart.client() as client:
        path = f"/pipelines/{make_pipeline(client, f'{how} {kind}')}/batches?business_date={DAY}"
        key = client.headers["X-API-Key"]
    length = f"Content-Length: {TEN_GB}" if how == "declared" else "Transfer-Encoding: chunked"
    piece = b" " * MIB if how == "declared" else b"100000\r\n" + b" " * MIB + b"\r\n"
    sent = 0

    with apart.growing() as growth:
        connection = begin_post(apart, path, key, kind=kind, length=length)
        with contextlib.suppress(ConnectionError):
            while sent < TEN_GB:
                connection.sendall(piece)
                sent += MIB
        heard = read_end(connection)

    assert heard.startswith(b"HTTP/1.1 413")
    assert sent < 200 * MIB
    assert growth[-1] < 50 * MIB
    leftovers = [path for path in (apart.workspace.home / "landing").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in leftovers) < MIB


def test_a_hundred_thousand_records_in_one_post_all_arrive(apart: ApiApart) -> None:
    lines = b"".join(json.dumps({"id": f"r{number:06}", "amount": 1}).encode() + b"\n" for number in range(RECORDS))
    with apart.client() as client:
        pipeline_id = make_pipeline(client, "many")
        path = f"/pipelines/{pipeline_id}/batches"

        with apart.growing() as growth:
            posted = client.post(f"{path}?business_date={DAY}", content=lines, headers={"Content-Type": LINES})
        apart.process()
        batch = client.get(f"{path}/{posted.json()['id']}").json()
        counted = client.get(f"/pipelines/{pipeline_id}/metrics").json()
        [snapshot] = client.get(f"/pipelines/{pipeline_id}/snapshots").json()["items"]

    assert posted.status_code == 202, posted.text
    assert growth[-1] < 100 * MIB
    assert (batch["status"], counted["records_processed"], counted["records_failed"]) == ("completed", RECORDS, 0)
    assert snapshot["row_count"] == RECORDS


def test_refusals_are_in_the_envelope(apart: ApiApart) -> None:
    with apart.client() as client:
        headers = {"Content-Type": "application/json"}
        chunked = client.post("/pipelines", content=(b" " * 65536 for _ in range(200)), headers=headers)

    assert error_of(chunked) == (413, "BODY_TOO_LARGE")
    assert chunked.headers["Connection"] == "close"
