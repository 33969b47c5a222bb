"""Brings a database's schema to this release: Alembic carries the steps, a ledger of checksums guards them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg.errors import UndefinedTable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from data_pipeline.errors import MigrationError
from data_pipeline.persist.database_errors import database_errors, describe_url, first_line

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationInfo, MigrationStep

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "data_pipeline_version"  # Dagster keeps an alembic_version of its own in the same database
FILES_OF_A_MIGRATION = (".py", ".up.sql", ".down.sql")

LOCK = text("select pg_advisory_xact_lock(hashtextextended('data_pipeline migrations', 0))")
CREATE_LEDGER = text(
    """
    create table if not exists schema_migrations (
        revision   text primary key,
        name       text not null,
        checksum   text not null,
        applied_at timestamptz not null default now()
    )
    """
)
READ_LEDGER = text("select revision, name, checksum, applied_at from schema_migrations order by revision")
ADD_TO_LEDGER = text("insert into schema_migrations (revision, name, checksum) values (:revision, :name, :checksum)")
REMOVE_FROM_LEDGER = text("delete from schema_migrations where revision = :revision")


@dataclass(frozen=True)
class Migration:
    """One step of the schema, as a release has it or as a database remembers it."""

    revision: str
    name: str
    checksum: str
    applied_at: datetime | None = None

    @property
    def label(self) -> str:
        """The stem of its files."""
        return f"{self.revision}_{self.name}"


@dataclass(frozen=True)
class MigrationState:
    """A migration of this release or of the database; `applied_at` is None while it is pending.

    `checksum_ok` is false when it was edited after it was applied, or is not in this release.
    """

    revision: str
    name: str
    applied_at: datetime | None
    checksum_ok: bool


def upgrade(engine: Engine, *, release: Path = MIGRATIONS) -> list[str]:
    """Apply what is pending, all or nothing, and return its revisions; one query when nothing is.

    Raises: MigrationError when an applied migration was edited or is missing here, or a pending one fails.
    """
    migrations = read_release(release)
    if not find_pending(engine, migrations, read_ledger(engine)):
        return []
    with locked_ledger(engine) as connection:
        pending = find_pending(engine, migrations, fetch_ledger(connection))  # another process may have been first
        run_steps(connection, release, pending, is_upgrade=True)
    return [migration.revision for migration in pending]


def rollback(engine: Engine, target: str | None = None, *, release: Path = MIGRATIONS) -> list[str]:
    """Undo the newest migration, or all after revision `target` ('base': all), and return what was undone.

    The next start of this release applies them again: install the older release before it.

    Raises: MigrationError when the target is not applied, or an applied migration was edited or is missing here.
    """
    migrations = read_release(release)
    with locked_ledger(engine) as connection:
        ledger = fetch_ledger(connection)
        find_pending(engine, migrations, ledger)
        known = ["base", *(applied.revision for applied in ledger)]
        last_kept = known[max(len(known) - 2, 0)] if target is None else target
        if last_kept not in known:
            raise MigrationError(
                f"{describe_url(engine.url)}: cannot roll back to {target!r}; applied: {', '.join(known)}"
            )
        undone = ledger[known.index(last_kept) :][::-1]
        run_steps(connection, release, undone, is_upgrade=False)
    return [migration.revision for migration in undone]


def status(engine: Engine, *, release: Path = MIGRATIONS) -> list[MigrationState]:
    """Every migration of the release and of the database, in order; changes nothing."""
    here = {migration.revision: migration for migration in read_release(release)}
    ledger = {applied.revision: applied for applied in read_ledger(engine)}
    states = []
    for revision, migration in sorted({**ledger, **here}.items()):
        applied, own = ledger.get(revision), here.get(revision)
        is_same = own is not None and (applied is None or applied.checksum == own.checksum)
        states.append(MigrationState(revision, migration.name, applied.applied_at if applied else None, is_same))
    return states


def run_sibling_sql(script: str, direction: str) -> None:
    """Run the SQL file beside a migration script, for 'up' or 'down'; called by the scripts in migrations/versions."""
    from alembic import op  # 0.4 s, and only loaded where a migration runs

    sql = Path(script).with_suffix(f".{direction}.sql").read_text(encoding="utf-8")
    # Without parameters the driver takes many statements at once and leaves '%' and ':' alone.
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def read_release(release: Path) -> list[Migration]:
    """The migrations of a release in their order: versions/<revision>_<name>.py with its two SQL files."""
    stems = sorted(script.stem for script in (release / "versions").glob("[0-9]*.py"))
    return [
        Migration(revision, name, compute_checksum(release / "versions", f"{revision}_{name}"))
        for revision, _, name in (stem.partition("_") for stem in stems)
    ]


def compute_checksum(folder: Path, stem: str) -> str:
    """SHA-256 over a migration's files, the same for a checkout with other line ends."""
    digest = hashlib.sha256()
    for suffix in FILES_OF_A_MIGRATION:
        file = folder / f"{stem}{suffix}"
        content = file.read_bytes().replace(b"\r\n", b"\n") if file.exists() else b""
        digest.update(f"{suffix}:{len(content)}\n".encode() + content)
    return digest.hexdigest()


def read_ledger(engine: Engine) -> list[Migration]:
    """The applied migrations in their order; none in a database that never saw one."""
    try:
        with database_errors(engine.url), engine.connect() as connection:
            return fetch_ledger(connection)
    except ProgrammingError as error:
        if isinstance(error.orig, UndefinedTable):
            return []
        raise MigrationError(f"{describe_url(engine.url)}: {first_line(error.orig)}") from error


def fetch_ledger(connection: Connection) -> list[Migration]:
    """The same on a connection whose database has the ledger."""
    return [Migration(*row) for row in connection.execute(READ_LEDGER)]


def find_pending(engine: Engine, migrations: list[Migration], ledger: list[Migration]) -> list[Migration]:
    """What the release has beyond the ledger.

    Raises: MigrationError naming every applied migration that was edited or is missing in the release.
    """
    here = {migration.revision: migration for migration in migrations}
    faults = []
    for applied in ledger:
        own = here.get(applied.revision)
        if own is None:
            faults.append(
                f"applied migration {applied.label} is missing from this release. "
                "Install the release that has it, or roll it back with that release"
            )
        elif own.checksum != applied.checksum:
            faults.append(
                f"migration {applied.label} was edited after it was applied: the database has "
                f"{applied.checksum[:12]}, this release {own.checksum[:12]}. "
                "Restore its files and write a new migration"
            )
    if faults:
        raise MigrationError(f"{describe_url(engine.url)}: {'; '.join(faults)}.")
    applied_revisions = {applied.revision for applied in ledger}
    return [migration for migration in migrations if migration.revision not in applied_revisions]


@contextmanager
def locked_ledger(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process migrates beside; the ledger exists in it."""
    # Whoever waited for the lock must see what its holder committed, whatever the server's default is.
    committed_reads = engine.execution_options(isolation_level="READ COMMITTED")
    try:
        with database_errors(engine.url), committed_reads.begin() as connection:
            connection.execute(LOCK)
            connection.execute(CREATE_LEDGER)
            yield connection
    except DBAPIError as error:
        found = first_line(error.orig)
        raise MigrationError(f"{describe_url(engine.url)}: {found}. No migration was applied or undone.") from error


def run_steps(connection: Connection, release: Path, migrations: list[Migration], *, is_upgrade: bool) -> None:
    """Let Alembic run the migrations in the given order, each with its line in the ledger, in the open transaction."""
    from alembic.config import Config  # 0.4 s, and nothing is pending on most starts
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationStep
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(release))
    make_step = MigrationStep.upgrade_from_script if is_upgrade else MigrationStep.downgrade_from_script
    left = list(migrations)

    def list_steps(heads: object, context: object) -> "list[MigrationStep]":
        return [make_step(scripts.revision_map, scripts.get_revision(migration.revision)) for migration in migrations]

    def record(ctx: object, step: "MigrationInfo", heads: object, run_args: object) -> None:
        migration = left.pop(0)
        if step.is_upgrade:
            values = {"revision": migration.revision, "name": migration.name, "checksum": migration.checksum}
            connection.execute(ADD_TO_LEDGER, values)
        else:
            connection.execute(REMOVE_FROM_LEDGER, {"revision": migration.revision})

    environment = EnvironmentContext(Config(), scripts, fn=list_steps)
    environment.configure(connection=connection, version_table=VERSION_TABLE, on_version_apply=record)
    try:
        with database_errors(connection.engine.url):
            environment.run_migrations()
    except DBAPIError as error:
        where, found = describe_url(connection.engine.url), first_line(error.orig)
        raise MigrationError(f"{where}: migration {left[0].label} failed: {found}. Nothing was changed.") from error
