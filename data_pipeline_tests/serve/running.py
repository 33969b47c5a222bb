"""The API as programs meet it: over HTTP, on a real Postgres, with keys of several owners."""

import contextlib
import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import structlog
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine

from data_pipeline.errors import RequestError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.deliveries import deliver_all
from data_pipeline.flow.publish import publish
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.watch import find_due_dates
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import keys, tracking
from data_pipeline.persist.database import with_driver
from data_pipeline.persist.keys import SCOPES, Limits, issue_key, load_pepper
from data_pipeline.persist.migrate import upgrade
from data_pipeline.serve.api.app import BASE, build_app
from data_pipeline.serve.api.server import make_server
from data_pipeline.settings import Settings
from data_pipeline_tests.conftest import fresh_database, name_database, run_on_server

# One line a request is for operators.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

DAY = "2026-01-05"
NO_LIMITS = Limits()
START_SECONDS = 20

CONFIG: dict[str, Any] = {
    "source": {},
    "columns": [
        {"name": "id", "header": "id", "type": "text"},
        {"name": "amount", "header": "amount", "type": "number"},
    ],
    "processors": [{"use": "trim", "columns": ["id"]}],
    "destination": {"kind": "snapshot"},
    "measures": {"amount": ["amount"]},
}


@dataclass(frozen=True)
class RunningApi:
    """A server that listens, and what is behind it."""

    workspace: Workspace
    url: str

    def issue(
        self, owner: str = "acme", *, scopes: Sequence[str] = SCOPES, limits: Limits = NO_LIMITS, **more: Any
    ) -> str:
        """A key of an owner, who is made if need be."""
        with self.workspace.database.transaction() as connection:
            tracking.run(connection, "insert_owner", id=owner, name=owner.title())
            pepper = load_pepper(self.workspace.home)
            return issue_key(connection, owner, "test", pepper=pepper, scopes=scopes, limits=limits, **more)

    def client(self, owner: str = "acme", **more: Any) -> httpx.Client:
        """A program with a key of its own."""
        return self.client_with(self.issue(owner, **more))

    def client_with(self, key: str | None) -> httpx.Client:
        """A program with that key, or with none."""
        headers = {} if key is None else {"X-API-Key": key}
        return httpx.Client(base_url=f"{self.url}{BASE}", headers=headers, timeout=30)

    def process(self) -> None:
        """What the sensor's runs do: every waiting batch is judged, its date published and delivered."""
        for due in find_due_dates(self.workspace, everything=True):
            pipeline = self.workspace.pipeline(due.pipeline)
            with track_run(self.workspace, pipeline, due.business_date, dagster_run_id=None, trigger="test") as run_id:
                stage_batches(self.workspace, pipeline, due.business_date, run_id)
                with contextlib.suppress(RequestError):  # all batches of the date failed: there is nothing to publish
                    candidate = compute_candidate(self.workspace, pipeline, due.business_date)
                    publish(self.workspace, pipeline, candidate)
                    deliver_all(self.workspace, pipeline, due.business_date, self.workspace.settings.output_dir)


@contextlib.contextmanager
def serving(postgres_url: str, template: str, home: Path, **settings: Any) -> Iterator[RunningApi]:
    """A server with a database of its own."""
    with fresh_database(postgres_url, template) as database_url:
        given = Settings(
            home=home,
            database_url=SecretStr(database_url),
            drive_folder=home / "drive",
            pipelines_dir=home / "pipelines",
            output_dir=home / "output",
            workers=1,
            **settings,
        )
        workspace = Workspace.open(given)
        try:
            with listening(workspace) as url:
                yield RunningApi(workspace, url)
        finally:
            workspace.close()
            workspace.database.engine.dispose()


def prepare_template(postgres_url: str) -> str:
    """Name of a migrated database to copy from, on a server that is gone afterwards."""
    run_on_server(postgres_url, "create database api_template template template0")
    engine = create_engine(with_driver(name_database(postgres_url, "api_template"), "psycopg"), poolclass=NullPool)
    upgrade(engine)
    return "api_template"


@contextlib.contextmanager
def listening(workspace: Workspace) -> Iterator[str]:
    """The server in a thread; gives its address."""
    server = make_server(build_app(workspace), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        give_up = time.monotonic() + START_SECONDS
        while not server.started:
            assert time.monotonic() < give_up, "the server did not start"
            assert thread.is_alive(), "the server ended"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def make_pipeline(client: httpx.Client, name: str = "orders", *, config: dict[str, Any] = CONFIG) -> str:
    """An active pipeline's id."""
    made = client.post("/pipelines", json={"name": name, "config": config})
    assert made.status_code == 201, made.text
    pipeline_id: str = made.json()["id"]
    assert client.post(f"/pipelines/{pipeline_id}/start").status_code == 200
    return pipeline_id


def post_records(client: httpx.Client, pipeline_id: str, records: list[dict[str, Any]], **headers: str) -> str:
    """A batch's id."""
    body = {"records": records, "business_date": DAY}
    posted = client.post(f"/pipelines/{pipeline_id}/batches", json=body, headers=headers)
    assert posted.status_code == 202, posted.text
    batch_id: str = posted.json()["id"]
    return batch_id


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that is no success; it is in the envelope, with the request's id."""
    error = answer.json()["error"]
    assert {"code", "message", "request_id"} <= error.keys() <= {"code", "message", "request_id", "details"}
    assert error["request_id"] == answer.headers["X-Request-ID"]
    return answer.status_code, error["code"]


def in_days(days: float) -> dt.datetime:
    """A moment from now."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(days=days)


def revoke(api: RunningApi, key: str) -> None:
    """The key is good for nothing from now on."""
    form = keys.FORM.fullmatch(key)
    assert form is not None
    with api.workspace.database.transaction() as connection:
        assert tracking.rows_of(connection, "revoke_key", prefix=form[1])
