"""Whether the process lives, and whether it can work: what fails which part."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine

from data_pipeline.flow import health
from data_pipeline.flow.health import Part
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist.database import Database, with_driver
from data_pipeline.serve.api.cache import MemoryCache
from data_pipeline.serve.api.health import Readiness
from data_pipeline.settings import Settings
from data_pipeline_tests.serve.running import RunningApi, make_pipeline, post_records

pytestmark = pytest.mark.postgres


def open_workspace(settings: Settings, database: Database, **changes: Any) -> Workspace:
    """A workspace without readers, whose settings differ."""
    changed = settings.model_copy(update=changes)
    return Workspace(changed, database, None, None, None)  # type: ignore[arg-type]  # health asks for none of them


def find_bad(workspace: Workspace) -> list[str]:
    """The parts that are bad."""
    parts = asyncio.run(Readiness(workspace, MemoryCache()).find())
    return sorted(name for name, part in parts.items() if not part.ok)


def run(database: Database, *statements: str) -> None:
    """Changes the database."""
    with database.transaction() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_sound_installation_is_ready_for_anybody_who_asks(api: RunningApi) -> None:
    alive, ready = httpx.get(f"{api.url}/healthz"), httpx.get(f"{api.url}/readyz")

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()["ok"]) == (200, True)
    parts = ready.json()["parts"]
    assert sorted(parts) == ["daemon", "database", "disk", "memory", "migrations", "queue"]
    assert parts["daemon"] == {"ok": True, "detail": "not running: it never was"}
    assert not any(word in ready.text for word in ("postgres", str(api.workspace.home), "0004"))


def test_a_bad_part_is_503_with_all_parts(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "late")
    post_records(client, pipeline_id, [{"id": "1", "amount": 3}])
    run(api.workspace.database, "update batches set queued_at = now() - interval '2 hours'")
    time.sleep(1.1)  # what was just asked is not asked again

    late = httpx.get(f"{api.url}/readyz")
    alive = httpx.get(f"{api.url}/healthz")

    assert late.status_code == 503
    queue = late.json()["parts"]["queue"]
    assert (queue["ok"], queue["detail"][:-1]) == (False, "the oldest batch waits for 2:00:0")
    assert late.json()["parts"]["database"]["ok"]
    assert alive.status_code == 200


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"min_disk_mb": 1 << 40}, ["disk"]),
        ({"min_memory_mb": 1 << 40}, ["memory"]),
        ({"clamd": "tcp:127.0.0.1:1"}, ["scanner"]),
        ({"daemon_required": True}, ["daemon"]),
        ({"home": Path("/nowhere")}, ["disk"]),
    ],
    ids=["nothing", "disk", "memory", "scanner", "daemon", "home"],
)
def test_each_part_of_the_machine_is_asked(
    settings: Settings, database: Database, changes: dict[str, Any], expected: list[str]
) -> None:
    assert find_bad(open_workspace(settings, database, **changes)) == expected


def test_another_schema_is_not_ready(settings: Settings, database: Database) -> None:
    run(database, "delete from schema_migrations where revision = '0004'")

    assert find_bad(open_workspace(settings, database)) == ["migrations"]


def test_a_daemon_that_ran_once_must_run_on(settings: Settings, database: Database) -> None:
    """Its table is Dagster's; the test of `up` sees the real one."""
    run(database, "create schema dagster", "create table dagster.daemon_heartbeats (timestamp timestamp)")
    insert = "insert into dagster.daemon_heartbeats values ((now() - interval '{}') at time zone 'UTC')"
    found = [find_bad(open_workspace(settings, database))]
    for age in ("1 hour", "5 seconds"):
        run(database, insert.format(age))
        found.append(find_bad(open_workspace(settings, database)))

    assert found == [[], ["daemon"], []]


def test_a_database_that_does_not_answer_is_told_within_a_second(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_workspace(settings, database)
    asked = []

    def hang(_: Workspace) -> dict[str, Part]:
        asked.append(time.monotonic())
        time.sleep(1.5)
        return {}

    monkeypatch.setattr(health, "check_database", hang)

    async def ask_twice() -> list[str]:
        readiness = Readiness(workspace, MemoryCache())
        first = await readiness.find()
        return [first["database"].detail, first["queue"].detail]

    started = time.monotonic()
    details = asyncio.run(ask_twice())

    assert details == ["no answer within 1 s", "not known: the database does not answer"]
    assert time.monotonic() - started < 3
    assert len(asked) == 1


def test_a_database_that_is_away_is_told(settings: Settings) -> None:
    engine = create_engine(with_driver("postgresql://nobody@127.0.0.1:1/none", "psycopg"))
    workspace = open_workspace(settings, Database("postgresql://nobody@127.0.0.1:1/none", engine))

    assert find_bad(workspace) == ["daemon", "database", "migrations", "queue"]
