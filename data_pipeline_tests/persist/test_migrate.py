"""Rules of the schema's steps: checked, locked, all or nothing, and back."""

import multiprocessing
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from data_pipeline.errors import DatabaseError, MigrationError
from data_pipeline.persist.database import with_driver
from data_pipeline.persist.migrate import MIGRATIONS, compute_checksum, read_release, rollback, status, upgrade

pytestmark = pytest.mark.postgres

OWN = [migration.revision for migration in read_release(MIGRATIONS)]
NEXT = f"{len(OWN) + 1:04}"
TABLES = text("select table_name from information_schema.tables where table_schema = 'public' order by table_name")


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """A pool on a database without any table."""
    engine = create_engine(with_driver(empty_url, "psycopg"))
    yield engine
    engine.dispose()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of this release's migrations that a test may edit."""
    return shutil.copytree(MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))


def add_migration(release: Path, stem: str, *, up: str, down: str = "drop table extra") -> None:
    """Write a migration that follows those of this release."""
    versions = release / "versions"
    script = (versions / "0001_tracking.py").read_text().replace("None\n", f'"{OWN[-1]}"\n', 1)
    (versions / f"{stem}.py").write_text(script.replace('revision = "0001"', f'revision = "{stem[:4]}"', 1))
    (versions / f"{stem}.up.sql").write_text(up)
    (versions / f"{stem}.down.sql").write_text(down)


def read_tables(engine: Engine) -> list[str]:
    """Names of the tables and views of the product."""
    with engine.connect() as connection:
        return list(connection.scalars(TABLES))


def start_up(url: str, outcomes: "multiprocessing.SimpleQueue[str]") -> None:
    """What a process does when it starts."""
    engine = create_engine(with_driver(url, "psycopg"))
    try:
        outcomes.put(f"applied {upgrade(engine)}")
    except (MigrationError, DatabaseError) as error:
        outcomes.put(str(error))
    engine.dispose()


def test_an_empty_database_gets_the_whole_schema_once(engine: Engine) -> None:
    first, second = upgrade(engine), upgrade(engine)

    assert (first, second) == (OWN, [])
    assert {"stores", "batches", "snapshots", "pipeline_metrics"} < set(read_tables(engine))


def test_file_names_and_alembic_agree_on_the_order() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    chain = [script.revision for script in scripts.walk_revisions()][::-1]

    assert chain == [migration.revision for migration in read_release(MIGRATIONS)]


def test_status_lists_applied_and_pending_migrations(engine: Engine, release: Path) -> None:
    upgrade(engine, release=release)
    add_migration(release, f"{NEXT}_extra", up="create table extra (x int)")

    states = status(engine, release=release)

    assert [(s.revision, s.name, s.applied_at is not None, s.checksum_ok) for s in states] == [
        *((one.revision, one.name, True, True) for one in read_release(MIGRATIONS)),
        (NEXT, "extra", False, True),
    ]


def test_status_of_a_database_that_was_never_migrated_changes_nothing(engine: Engine) -> None:
    states = status(engine)

    assert {(state.applied_at, state.checksum_ok) for state in states} == {(None, True)}
    assert ([state.revision for state in states], read_tables(engine)) == (OWN, [])


def test_an_edited_applied_migration_is_refused_by_name(engine: Engine, release: Path) -> None:
    upgrade(engine, release=release)
    before = compute_checksum(release / "versions", "0001_tracking")[:12]
    with (release / "versions" / "0001_tracking.down.sql").open("a") as file:
        file.write("-- edited\n")
    after = compute_checksum(release / "versions", "0001_tracking")[:12]

    with pytest.raises(MigrationError) as caught:
        upgrade(engine, release=release)

    assert str(caught.value).endswith(
        f": migration 0001_tracking was edited after it was applied: the database has {before}, "
        f"this release {after}. Restore its files and write a new migration."
    )
    assert not status(engine, release=release)[0].checksum_ok


def test_an_applied_migration_that_is_missing_is_refused_by_name(engine: Engine, release: Path) -> None:
    add_migration(release, f"{NEXT}_extra", up="create table extra (x int)")
    upgrade(engine, release=release)

    with pytest.raises(MigrationError) as caught:
        upgrade(engine)

    assert str(caught.value).endswith(
        f": applied migration {NEXT}_extra is missing from this release. "
        "Install the release that has it, or roll it back with that release."
    )
    states = [(state.revision, state.checksum_ok) for state in status(engine)]
    assert states == [*((revision, True) for revision in OWN), (NEXT, False)]


def test_other_line_ends_are_the_same_migration(engine: Engine, release: Path) -> None:
    upgrade(engine)
    for file in (release / "versions").iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert upgrade(engine, release=release) == []


def test_migrations_with_other_line_ends_can_be_applied_and_undone(engine: Engine, release: Path) -> None:
    for file in (release / "versions").iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    upgrade(engine, release=release)

    assert rollback(engine, "base") == OWN[::-1]


def test_eight_processes_that_start_at_once_end_with_one_schema(empty_url: str, engine: Engine) -> None:
    context = multiprocessing.get_context("fork")
    outcomes: multiprocessing.SimpleQueue[str] = context.SimpleQueue()
    processes = [context.Process(target=start_up, args=(empty_url, outcomes)) for _ in range(8)]

    for process in processes:
        process.start()
    said = sorted(outcomes.get() for _ in processes)
    for process in processes:
        process.join()

    assert said == [f"applied {OWN}"] + ["applied []"] * 7
    assert [state.revision for state in status(engine)] == OWN


def test_a_migration_that_fails_leaves_nothing_behind(engine: Engine, release: Path) -> None:
    add_migration(release, f"{NEXT}_extra", up="create table extra (x int); insert into extra values ('ten')")

    with pytest.raises(MigrationError) as caught:
        upgrade(engine, release=release)

    assert f'migration {NEXT}_extra failed: invalid input syntax for type integer: "ten"' in str(caught.value)
    assert str(caught.value).endswith(". Nothing was changed.")
    assert read_tables(engine) == []


def test_a_failed_migration_keeps_what_was_there(engine: Engine, release: Path) -> None:
    upgrade(engine, release=release)
    before = read_tables(engine)
    add_migration(release, f"{NEXT}_extra", up="create table extra (x int); drop table nowhere")

    with pytest.raises(MigrationError, match=f"{NEXT}_extra failed"):
        upgrade(engine, release=release)

    assert read_tables(engine) == before
    assert [state.applied_at is not None for state in status(engine, release=release)] == [True] * len(OWN) + [False]


def test_a_rolled_back_schema_comes_up_again(engine: Engine) -> None:
    upgrade(engine)
    before = read_tables(engine)

    undone = rollback(engine, "base")

    assert undone == OWN[::-1]
    assert read_tables(engine) == ["data_pipeline_version", "schema_migrations"]
    assert upgrade(engine) == OWN
    assert read_tables(engine) == before


def test_rollback_goes_one_back_unless_told_where(engine: Engine, release: Path) -> None:
    add_migration(release, f"{NEXT}_extra", up="create table extra (x int)")
    upgrade(engine, release=release)

    undone = [rollback(engine, release=release) for _ in range(len(OWN) + 2)]

    assert undone == [[NEXT], *([revision] for revision in OWN[::-1]), []]


def test_rollback_to_an_unknown_revision_names_the_known_ones(engine: Engine) -> None:
    upgrade(engine)

    with pytest.raises(MigrationError, match=rf": cannot roll back to '0009'; applied: base, {', '.join(OWN)}$"):
        rollback(engine, "0009")


def test_percent_signs_and_colons_in_sql_are_taken_as_they_are(engine: Engine, release: Path) -> None:
    add_migration(release, f"{NEXT}_extra", up="create table extra as select '10 % :x %s'::text as x")
    upgrade(engine, release=release)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("select x from extra").scalar() == "10 % :x %s"


def test_a_role_that_may_not_create_tables_is_told_so(engine: Engine) -> None:
    role = f"role_of_{engine.url.database}"
    with engine.begin() as connection:
        connection.exec_driver_sql("revoke create on schema public from public")
        connection.exec_driver_sql(f"create role {role}")
    limited = create_engine(engine.url, connect_args={"options": f"-c role={role}"})

    with pytest.raises(MigrationError) as caught:
        upgrade(limited)

    limited.dispose()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"drop role {role}")
    assert "permission denied for schema public. No migration was applied or undone." in str(caught.value)


def test_a_server_that_is_not_there_is_a_database_error() -> None:
    with pytest.raises(DatabaseError, match="database 'd' on 'localhost:9'"):
        upgrade(create_engine("postgresql+psycopg://localhost:9/d"))
