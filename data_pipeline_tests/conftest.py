"""Fixtures of all tests: Postgres and readers for the session, a fresh migrated database for a test that asks."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine, make_url

from data_pipeline.ingest.sandbox import Sandbox, share_sandbox
from data_pipeline.persist.database import Database, normalise_url, open_database, with_driver
from data_pipeline.persist.embedded import ensure_server, stop_server
from data_pipeline.persist.migrate import upgrade
from data_pipeline.settings import Settings

GIVEN_URL = "DATA_PIPELINE_TEST_DATABASE_URL"
SERVER_FOLDER_BYTES = 2 * 1024**3


@pytest.fixture(scope="session", autouse=True)
def given_url() -> Iterator[str | None]:
    """What whoever runs the tests says; commands would refuse the variable as an unknown setting."""
    given = os.environ.pop(GIVEN_URL, None)  # noqa: TID251 - chosen by whoever runs the tests
    yield given
    if given:
        os.environ[GIVEN_URL] = given  # noqa: TID251 - as it was


@pytest.fixture(scope="session")
def postgres_url(given_url: str | None) -> Iterator[str]:
    """URL of a server that databases are made on: the one in DATA_PIPELINE_TEST_DATABASE_URL, else an embedded one."""
    if given_url:
        yield normalise_url(given_url)
        return
    # Not under tmp_path_factory: another pytest session closes that folder to the server's account.
    with server_folder() as home:
        url = ensure_server(home)
        run_on_server(url, "alter system set fsync = off")  # its databases end with the session
        run_on_server(url, "select pg_reload_conf()")
        yield url


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder with a short path for homes of embedded servers, which are stopped before it goes."""
    memory = Path("/dev/shm")
    is_roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > SERVER_FOLDER_BYTES
    folder = Path(tempfile.mkdtemp(prefix="dp-", dir=memory if is_roomy else None))  # a new database is 300 files
    try:
        yield folder
    finally:
        for data_dir in folder.rglob("postgres/"):
            stop_server(data_dir.parent)
        shutil.rmtree(folder)


@contextmanager
def fresh_database(postgres_url: str, template: str = "template0") -> Iterator[str]:
    """URL of a database that exists for a while."""
    name = f"data_pipeline_test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        is_ours = server.execute("select current_setting('cluster_name') = 'data_pipeline'").fetchone() == (True,)
        # Ours does not sync, and copies files in half the time that it takes to log them.
        strategy = "strategy file_copy" if is_ours else ""
        server.execute(f'create database "{name}" template "{template}" {strategy}')
    try:
        yield name_database(postgres_url, name)
    finally:
        run_on_server(postgres_url, f'drop database "{name}" with (force)')


def name_database(url: str, name: str) -> str:
    """The URL of another database of the same server; SQLAlchemy leaves spaces that libpq refuses."""
    return make_url(url).set(database=name).render_as_string(hide_password=False).replace(" ", "%20")


def run_on_server(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> Iterator[str]:
    """Name of a database with the whole schema and no connection, to copy from."""
    with fresh_database(postgres_url) as url:
        engine = create_engine(with_driver(url, "psycopg"), poolclass=NullPool)
        upgrade(engine)
        yield str(engine.url.database)


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """URL of a database without any table."""
    with fresh_database(postgres_url) as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """URL of a migrated database without rows."""
    with fresh_database(postgres_url, migrated_template) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Settings on a migrated database without rows, with a home of their own."""
    settings = Settings(
        home=tmp_path,
        database_url=SecretStr(database_url),
        drive_folder=tmp_path / "drive",
        pipelines_dir=tmp_path / "pipelines",
        output_dir=tmp_path / "output",
    )
    yield settings
    open_database(settings).engine.dispose()  # whoever opened it: the cached pool would outlive its database


@pytest.fixture
def database(settings: Settings) -> Database:
    """The settings' database, open."""
    return open_database(settings)


@pytest.fixture(scope="session")
def readers() -> Iterator[Sandbox]:
    """Reader processes, which cost a second to start."""
    defaults = Settings()
    sandbox = share_sandbox(defaults.workers, defaults.reader_memory_mb, defaults.reader_seconds)
    yield sandbox
    sandbox.close()
