"""The audit log: sealed in the background, whole until somebody changes it behind our back."""

import asyncio
import contextlib
import uuid

import httpx
import pytest

from data_pipeline.flow.upkeep import seal, tidy, verify
from data_pipeline.persist import audit, tracking
from data_pipeline.persist.audit import Entry
from data_pipeline.persist.database import Database
from data_pipeline.serve.api import upkeep
from data_pipeline.settings import Settings
from data_pipeline_tests.serve.running import RunningApi, make_pipeline, post_records
from data_pipeline_tests.serve.test_health import open_workspace, run

pytestmark = pytest.mark.postgres

UNGUARDED = [f"alter table {table} disable trigger user" for table in ("audit_log", "audit_seals")]
TAMPERING = {
    "changed": "update audit_log set outcome = 'done' where subject = 'two'",
    "removed": "delete from audit_log where subject = 'two'",
    "added": "insert into audit_log (transaction_id, actor, action, subject, outcome) "
    "select transaction_id, 'x', 'x', 'x', 'x' from audit_log where subject = 'two'",
    "seal": "update audit_seals set row_count = row_count where number = 2; "
    "update audit_seals set digest = repeat('0', 64) where number = 2",
}


def note(database: Database, *subjects: str) -> None:
    """Entries in transactions of their own."""
    for subject in subjects:
        with database.transaction() as connection:
            audit.note(connection, Entry("acme", "test", "test", subject, "refused", {}))


@pytest.mark.parametrize("how", TAMPERING)
def test_what_was_sealed_cannot_be_changed_unseen(settings: Settings, database: Database, how: str) -> None:
    workspace = open_workspace(settings, database)
    sealed = []
    for subject in ("one", "two", "three"):
        note(database, subject)
        sealed.append(seal(workspace))
    whole = verify(workspace)

    # As the master of the tables, who can take the guard away.
    run(database, *UNGUARDED, TAMPERING[how])
    broken = verify(workspace)

    assert (sealed, whole.seals, whole.rows, whole.unsealed, whole.broken) == ([1, 1, 1], 3, 3, 0, None)
    assert broken.broken == 2


def test_the_log_refuses_changes(database: Database) -> None:
    note(database, "one")

    for statement in ("update audit_log set outcome = ''", "delete from audit_log", "truncate audit_log"):
        with pytest.raises(Exception, match="only ever added to"):
            run(database, statement)


def test_a_transaction_that_is_not_finished_is_sealed_later(settings: Settings, database: Database) -> None:
    workspace = open_workspace(settings, database)

    with database.transaction() as slow:
        audit.note(slow, Entry("acme", "test", "test", "slow", "done", {}))
        note(database, "quick")
        during = seal(workspace)
    after = seal(workspace)

    assert (during, after) == (0, 2)
    assert verify(workspace).broken is None


def test_upkeep_seals_until_it_is_stopped(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "TIDY_SECONDS", 0.01)
    workspace = open_workspace(settings, database)
    note(database, "one")

    async def keep_tidy_for_a_while() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(upkeep.keep_tidy(workspace), 0.3)

    asyncio.run(keep_tidy_for_a_while())

    with database.transaction() as connection:
        verdict = audit.verify(connection)
    assert (verdict.seals, verdict.unsealed) == (1, 0)


def test_idempotency_keys_are_forgotten_after_a_day(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "forgetful")
    names = [f"key-{uuid.uuid4()}" for _ in range(2)]
    for name in names:
        post_records(client, pipeline_id, [{"id": "1", "amount": 3}], **{"Idempotency-Key": name})
    with api.workspace.database.transaction() as connection:
        aged = "update idempotency_keys set created_at = now() - interval '25 hours' where key = %s"
        connection.exec_driver_sql(aged, (names[0],))

    tidy(api.workspace)

    with api.workspace.database.transaction() as connection:
        kept = [len(tracking.rows_of(connection, "find_idempotent", owner_id="acme", key=name)) for name in names]
        left = connection.exec_driver_sql("select count(*) from idempotency_keys").scalar_one()
    assert (kept, left) == ([0, 1], 1)
