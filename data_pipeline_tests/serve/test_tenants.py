"""Walls between owners: every endpoint refuses whoever does not belong there, and the database refuses them again."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg.errors
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from data_pipeline.persist import sql
from data_pipeline.persist.tenancy import acting_as
from data_pipeline.serve.api.app import BASE, build_routes
from data_pipeline_tests.serve.running import (
    CONFIG,
    DAY,
    RunningApi,
    error_of,
    in_days,
    make_pipeline,
    post_records,
    revoke,
)

pytestmark = pytest.mark.postgres

OWNER_FILTER = "pipelines.owner_id = :owner_id"


@dataclass(frozen=True)
class Belongings:
    """What owner acme has."""

    pipeline_id: str
    batch_id: str


def list_operations() -> list[tuple[str, str]]:
    """Every operation below the base path that is about pipelines, batches and snapshots."""
    paths = build_routes().openapi()["paths"]
    return [
        (method.upper(), path.removeprefix(BASE))
        for path, operations in paths.items()
        for method in operations
        if path.startswith(f"{BASE}/pipelines")
    ]


OPERATIONS = list_operations()
OF_ONE_PIPELINE = [operation for operation in OPERATIONS if "{pipeline_id}" in operation[1]]
STRANGERS = ["no key", "wrong key", "malformed key", "revoked", "expired"]


@pytest.fixture(scope="module")
def belongings(api: RunningApi, client: httpx.Client) -> Belongings:
    """A pipeline with a published date."""
    pipeline_id = make_pipeline(client, "walls")
    batch_id = post_records(client, pipeline_id, [{"id": "secret-1", "amount": 1}, {"id": "secret-2", "amount": "x"}])
    api.process()
    return Belongings(pipeline_id, batch_id)


@pytest.fixture(scope="module")
def strangers(api: RunningApi) -> Iterator[dict[str, httpx.Client]]:
    """Programs that nobody should let in."""
    revoked, expired = api.issue(), api.issue(expires_at=in_days(-1))
    revoke(api, revoked)
    given = api.issue()
    wrong = given[:-1] + ("A" if given[-1] != "A" else "B")
    keys = {"no key": None, "wrong key": wrong, "malformed key": "x' or '1'='1", "revoked": revoked, "expired": expired}
    clients = {name: api.client_with(key) for name, key in keys.items()}
    yield clients
    for one in clients.values():
        one.close()


def ask(client: httpx.Client, operation: tuple[str, str], own: Belongings) -> httpx.Response:
    """One operation, about what acme has, in a form that is right."""
    method, template = operation
    path = template.format(pipeline_id=own.pipeline_id, batch_id=own.batch_id, business_date=DAY)
    bodies: dict[tuple[str, str], Any] = {
        ("POST", "/pipelines"): {"name": f"new {uuid.uuid4()}", "config": CONFIG},
        ("PUT", "/pipelines/{pipeline_id}"): {"name": "walls", "config": CONFIG},
        ("POST", "/pipelines/{pipeline_id}/batches"): {"records": [{"id": "1", "amount": 1}], "business_date": DAY},
    }
    if template.endswith("/events"):  # a stream is asked for its head
        with client.stream(method, path) as streamed:
            return httpx.Response(
                streamed.status_code, headers=streamed.headers, content=next(streamed.iter_bytes(), b"")
            )
    return client.request(method, path, json=bodies.get(operation))


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_without_a_good_key_nobody_gets_in(
    operation: tuple[str, str], stranger: str, strangers: dict[str, httpx.Client], belongings: Belongings
) -> None:
    answer = ask(strangers[stranger], operation, belongings)

    assert error_of(answer) == (401, "UNAUTHORIZED")
    words = "Missing API key" if stranger == "no key" else "Invalid API key"
    assert answer.json()["error"]["message"] == words


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_a_key_without_the_scope_is_refused(
    api: RunningApi, operation: tuple[str, str], belongings: Belongings
) -> None:
    with api.client(scopes=["admin"]) as narrow:
        assert error_of(ask(narrow, operation, belongings)) == (403, "FORBIDDEN")


@pytest.mark.parametrize("operation", OF_ONE_PIPELINE, ids=" ".join)
def test_what_is_another_owners_is_not_there(
    api: RunningApi, client: httpx.Client, operation: tuple[str, str], belongings: Belongings
) -> None:
    before = client.get(f"/pipelines/{belongings.pipeline_id}").json()
    with api.client("other") as other:
        answer = ask(other, operation, belongings)

    assert error_of(answer) == (404, "PIPELINE_NOT_FOUND")
    assert "secret" not in answer.text
    assert client.get(f"/pipelines/{belongings.pipeline_id}").json() == before


def test_lists_hold_what_is_ones_own(api: RunningApi, client: httpx.Client, belongings: Belongings) -> None:
    with api.client("other") as other:
        assert other.get("/pipelines").json()["items"] == []
    assert belongings.pipeline_id in [one["id"] for one in client.get("/pipelines").json()["items"]]


def test_two_owners_may_choose_the_same_name(api: RunningApi, client: httpx.Client) -> None:
    with api.client("second") as other:
        first, second = make_pipeline(client, "same name"), make_pipeline(other, "same name")
        again = other.post("/pipelines", json={"name": "same name", "config": CONFIG})

        assert error_of(again) == (409, "PIPELINE_EXISTS")
        assets = {one.get(f"/pipelines/{made}").json()["asset"] for one, made in ((client, first), (other, second))}
    assert len(assets) == 2


@pytest.fixture
def without_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries that forgot whose rows are wanted."""
    careless = {name: text.replace(OWNER_FILTER, "true") for name, text in sql.load_queries().items()}
    assert sum(text != sql.load_queries()[name] for name, text in careless.items()) > 10
    monkeypatch.setattr(sql, "load_queries", lambda: careless)


@pytest.mark.usefixtures("without_filters")
@pytest.mark.parametrize("operation", OF_ONE_PIPELINE, ids=" ".join)
def test_the_database_alone_keeps_owners_apart(
    api: RunningApi, operation: tuple[str, str], belongings: Belongings
) -> None:
    with api.client("other") as other:
        answer = ask(other, operation, belongings)
        listed = other.get("/pipelines").json()["items"]

    assert error_of(answer) == (404, "PIPELINE_NOT_FOUND")
    assert listed == []


TABLES = ("pipelines", "batches", "batch_errors", "batch_payloads", "snapshots", "pipeline_specs", "idempotency_keys",
          "audit_log", "api_keys", "owners")  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_a_stranger_sees_no_row_of_any_table(api: RunningApi, table: str, belongings: Belongings) -> None:
    assert belongings.pipeline_id
    with acting_as(api.workspace.database, "nobody") as connection:
        assert count(connection, table) == 0
    with acting_as(api.workspace.database, "") as connection:
        assert count(connection, table) == 0


def test_the_apis_role_cannot_leave_its_walls(api: RunningApi, belongings: Belongings) -> None:
    move = f"update pipelines set owner_id = 'other' where id = '{belongings.pipeline_id}'"  # noqa: S608 - ours
    hang = (
        "insert into batches (pipeline_id, business_date, version, content_sha256, size_bytes) "  # noqa: S608 - ours
        f"values ('{belongings.pipeline_id}', '{DAY}', 9, 'x', 1)"
    )
    for owner, statement in (
        ("acme", move),
        ("other", hang),
        ("acme", "update audit_log set outcome = 'x'"),
        ("acme", "delete from audit_log"),
        ("acme", "create table leak (x text)"),
        ("acme", "select digest from pg_authid"),
        ("acme", "update api_keys set scopes = '{admin}'"),
    ):
        with pytest.raises(ProgrammingError) as raised, acting_as(api.workspace.database, owner) as connection:
            connection.exec_driver_sql(statement)
        assert isinstance(raised.value.orig, psycopg.errors.InsufficientPrivilege | psycopg.errors.UndefinedColumn)


def test_a_pooled_connection_carries_nothing_over(api: RunningApi) -> None:
    with acting_as(api.workspace.database, "acme"):
        pass
    for _ in range(20):
        with api.workspace.database.transaction() as connection:
            [row] = connection.exec_driver_sql("select current_user <> 'data_pipeline_api', current_owner()")
            assert tuple(row) == (True, None)


def count(connection: Connection, table: str) -> int:
    """Rows that are seen."""
    return int(connection.exec_driver_sql(f"select count(*) from {table}").scalar_one())  # noqa: S608 - ours


def test_keys_are_kept_as_digests_and_shown_nowhere(api: RunningApi, client: httpx.Client) -> None:
    key = client.headers["X-API-Key"]
    with api.workspace.database.transaction() as connection:
        kept = connection.exec_driver_sql("select row_to_json(api_keys)::text from api_keys").scalars().all()
        noted = connection.exec_driver_sql("select row_to_json(audit_log)::text from audit_log").scalars().all()

    secret = key.rpartition("_")[2] if "_" in key[21:] else key[21:]
    assert kept
    assert not [row for row in (*kept, *noted) if key in row or secret in row]
    assert (api.workspace.home / "api_pepper").stat().st_mode & 0o777 == 0o600
    assert all(len(json.loads(row)["digest"]) == 2 + 64 for row in kept)
