"""Posts 100-record batches to the API and to a floor: the same framework that inserts the same body and does no more.

    python -m bench.api [--seconds 10] [--connections 16] [--rounds 3]

Client, servers and database share the machine; both servers run from the start and are asked in turn. Every answer of
the product means that the records are on disk and in the ledger; the database flushes each commit in both cases.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import typer
import uvicorn
from fastapi import FastAPI, Request
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool

from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import tracking
from data_pipeline.persist.embedded import stop_server
from data_pipeline.persist.keys import SCOPES, Limits, issue_key, load_pepper
from data_pipeline.serve.api.app import BASE, build_app
from data_pipeline.serve.api.server import log_as_json
from data_pipeline.settings import Settings

RECORDS = [
    {"id": f"r{number}", "sensor": f"s{number % 9}", "value": number * 0.5, "unit": "C"} for number in range(100)
]
BODY = json.dumps({"business_date": "2026-01-05", "records": RECORDS}).encode()
CONFIG = {
    "source": {},
    "columns": [{"name": name, "header": name, "type": kind}
                for name, kind in (("id", "text"), ("sensor", "text"), ("value", "number"), ("unit", "text"))],
    "destination": {"kind": "snapshot"},
}  # fmt: skip
TABLE = "create table if not exists floor (id uuid primary key, body bytea not null, at timestamptz default now())"
START_SECONDS = 60


@dataclass
class Load:
    """What came back while one server was asked."""

    seconds: list[float] = field(default_factory=list)
    """Of every answer."""
    errors: int = 0
    took: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.took

    def percentile(self, part: float) -> float:
        """Milliseconds within which that part of the answers came."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(part * len(self.seconds)))] * 1000


def settings_of(home: Path) -> Settings:
    """An installation of its own, whose keys may ask as often as they like."""
    folders = {"drive_folder": home / "drive", "pipelines_dir": home / "pipelines", "output_dir": home / "output"}
    return Settings(home=home, api_requests_per_minute=10**7, **folders)


def build_floor(workspace: Workspace) -> FastAPI:
    """One INSERT of the body, in a transaction of its own."""
    app = FastAPI()

    def insert(body: bytes) -> None:
        with workspace.database.transaction() as connection:
            connection.execute(
                text("insert into floor (id, body) values (:id, :body)"), {"id": uuid.uuid4(), "body": body}
            )

    @app.post("/floor", status_code=202)
    async def post(request: Request) -> dict[str, str]:
        await run_in_threadpool(insert, await request.body())
        return {"status": "pending"}

    return app


@contextmanager
def serving(way: str, home: Path, port: int) -> Iterator[None]:
    """One of the two servers, in a process of its own."""
    command = [sys.executable, "-m", "bench.api", "--serve", way, "--home", str(home), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            give_up = time.monotonic() + START_SECONDS
            while time.monotonic() < give_up:
                try:
                    httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()


def write_request(path: str, key: str) -> bytes:
    """The request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-API-Key: {key}\r\n"
    return f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


async def ask(port: int, request: bytes, until: float, load: Load) -> None:
    """One connection: the next request when the answer is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        await reader.readexactly(length)
        load.seconds.append(time.perf_counter() - started)
        load.errors += not head.startswith(b"HTTP/1.1 202")
    writer.close()


async def press(port: int, request: bytes, *, seconds: float, connections: int) -> Load:
    """Some connections at once."""
    load, started = Load(), time.perf_counter()
    await asyncio.gather(*(ask(port, request, started + seconds, load) for _ in range(connections)))
    load.took = time.perf_counter() - started
    return load


def prepare(home: Path) -> str:
    """A key."""
    workspace = Workspace.open(settings_of(home))
    with workspace.database.transaction() as connection:
        tracking.run(connection, "insert_owner", id="bench", name="Bench")
        connection.execute(text(TABLE))
        return issue_key(connection, "bench", "bench", pepper=load_pepper(home), scopes=SCOPES, limits=Limits())


def main(
    seconds: Annotated[float, typer.Option()] = 10,
    connections: Annotated[int, typer.Option()] = 16,
    rounds: Annotated[int, typer.Option()] = 3,
    serve: Annotated[str | None, typer.Option(hidden=True)] = None,
    home: Annotated[Path | None, typer.Option(hidden=True)] = None,
    port: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Prints a line per way."""
    if serve is not None and home is not None:
        log_as_json()
        workspace = Workspace.open(settings_of(home))
        app = build_app(workspace) if serve == "product" else build_floor(workspace)
        uvicorn.run(app, port=port, log_config=None, access_log=False)
        return
    with tempfile.TemporaryDirectory(prefix="bench-api-") as name:
        folder = Path(name)
        key = prepare(folder)
        try:
            with serving("product", folder, 8191), serving("floor", folder, 8192):
                show(measure(key, seconds=seconds, connections=connections, rounds=rounds))
        finally:
            stop_server(folder)


def measure(key: str, *, seconds: float, connections: int, rounds: int) -> dict[str, list[Load]]:
    """Both in turn, several times; the first second of each is for warming up."""
    url = f"http://127.0.0.1:8191{BASE}"
    with httpx.Client(base_url=url, headers={"X-API-Key": key}, timeout=30) as client:
        made = client.post("/pipelines", json={"name": "bench", "config": CONFIG}).json()["id"]
        client.post(f"/pipelines/{made}/start")
    requests = {"product": (8191, write_request(f"{BASE}/pipelines/{made}/batches", key)),
                "floor": (8192, write_request("/floor", key))}  # fmt: skip
    loads: dict[str, list[Load]] = {way: [] for way in requests}
    for _ in range(rounds):
        for way, (port, request) in requests.items():
            asyncio.run(press(port, request, seconds=1, connections=connections))
            loads[way].append(asyncio.run(press(port, request, seconds=seconds, connections=connections)))
    return loads


def show(loads: dict[str, list[Load]]) -> None:
    """Medians of the rounds."""
    table = Table("what", "requests/s", "of the floor", "records/s", "p50 ms", "p99 ms", "errors")
    floor = statistics.median(load.rate for load in loads["floor"])
    for way, some in loads.items():
        rate = statistics.median(load.rate for load in some)
        p50, p99 = (statistics.median(load.percentile(part) for load in some) for part in (0.5, 0.99))
        count, errors = sum(len(load.seconds) for load in some), sum(load.errors for load in some)
        table.add_row(way, f"{rate:.0f}", f"{rate / floor:.2f}", f"{rate * len(RECORDS):,.0f}", f"{p50:.1f}",
                      f"{p99:.1f}", f"{errors} of {count}")  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
