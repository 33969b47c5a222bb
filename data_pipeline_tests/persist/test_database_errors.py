"""Rules of the operator's errors: which faults they cover, and what they say."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from data_pipeline.errors import DatabaseError
from data_pipeline.persist.database import Database, open_database
from data_pipeline.persist.database_errors import database_errors, describe_url
from data_pipeline.persist.embedded import ensure_server
from data_pipeline.settings import Settings
from data_pipeline_tests.conftest import name_database


def point_to(url: str) -> Settings:
    """Settings with another database."""
    return Settings(database_url=SecretStr(url))


def raise_in_server(url: str, state: str) -> None:
    """Have the server report an error with this SQLSTATE."""
    with database_errors(url), psycopg.connect(url) as connection:
        connection.execute(f"do $$ begin raise 'words' using errcode = '{state}'; end $$")


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://me:hunter2@db:5433/shop", "database 'shop' on 'db:5433'"),
        ("postgresql://me:hunter2@/shop?host=%2Frun%2Fdb", "database 'shop' on '/run/db'"),
        ("postgresql:///shop", "database 'shop' on 'this machine'"),
    ],
)
def test_a_database_is_described_without_user_and_password(url: str, where: str) -> None:
    assert describe_url(url) == where


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgresql://me:hunter2@localhost:9/shop", ["'localhost:9'", "refused", "Start the server, or check host"]),
        ("postgresql://me:hunter2@db.invalid/shop", ["'db.invalid'", "Check the host name in DATA_PIPELINE_DATABASE"]),
        ("postgresql://me:hunter2@/shop?host=%2Fnowhere", ["'/nowhere'", "No such file", "check the socket folder"]),
    ],
    ids=["refused", "unknown host", "no socket"],
)
def test_an_unreachable_server_is_one_error_that_says_where(url: str, parts: list[str]) -> None:
    with pytest.raises(DatabaseError) as caught:
        open_database(point_to(url))

    message = str(caught.value)
    assert message.startswith("database 'shop' on ")
    assert [part for part in parts if part not in message] == []
    assert "hunter2" not in message
    assert isinstance(caught.value.__cause__, DBAPIError)


@pytest.mark.postgres
def test_a_database_that_does_not_exist_is_named(postgres_url: str) -> None:
    with pytest.raises(DatabaseError, match=r'nosuch" does not exist\. Create the database, or name another in DATA'):
        open_database(point_to(name_database(postgres_url, "nosuch")))


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("08006", "Check that the server runs"),
        ("25006", "The database is read-only"),
        ("28P01", "Check user and password"),
        ("53100", "Free space on the database's disk"),
        ("53200", "The server is out of memory"),
        ("53300", "raise max_connections"),
        ("58030", "The server cannot read or write its files"),
    ],
)
def test_a_fault_of_the_server_is_the_operators(postgres_url: str, state: str, remedy: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        raise_in_server(postgres_url, state)

    assert str(caught.value).startswith(f"{describe_url(postgres_url)}: words. ")
    assert remedy in str(caught.value)


@pytest.mark.postgres
@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57014", "23505", "42P01"])
def test_a_fault_of_the_statement_passes_unchanged(postgres_url: str, state: str) -> None:
    with pytest.raises(psycopg.Error):
        raise_in_server(postgres_url, state)


@pytest.mark.postgres
def test_a_wrong_password_is_said_to_be_one_and_not_shown(home: Path) -> None:
    hba = home / "postgres" / "pg_hba.conf"
    hba.write_text("local all guest scram-sha-256\n" + hba.read_text())
    url = ensure_server(home)
    with psycopg.connect(url) as connection:
        connection.execute("create role guest login password 'right'")

    with pytest.raises(DatabaseError) as caught:
        open_database(point_to(url.replace("postgres@", "guest:hunter2@")))

    assert 'password authentication failed for user "guest". Check user and password in' in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def tiny_disk(postgres_url: str) -> Iterator[Path]:
    """A disk of 2 MB that the embedded server may write to."""
    if os.geteuid() != 0 or "host=%2F" not in postgres_url:
        pytest.skip("a full disk is made by mounting one: only as root, and for the embedded server")
    with tempfile.TemporaryDirectory(prefix="dp-disk-") as folder:
        options = "size=2m,mode=0700,uid=pgserver"
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode != 0:
            pytest.skip("a full disk is made by mounting one: mount is not allowed here")
        Path(folder).chmod(0o700)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


@pytest.mark.postgres
def test_a_full_disk_is_one_error_and_nothing_is_kept(database: Database, tiny_disk: Path) -> None:
    with database.connect_alone() as admin:
        admin.execute(f"create tablespace tiny location '{tiny_disk}'")
        admin.execute("create table filled (x text) tablespace tiny")

        with pytest.raises(DatabaseError, match="No space left on device. Free"), database.raw() as connection:
            connection.execute("insert into filled select repeat('x', 1000) from generate_series(1, 4000)")

        kept = admin.execute("select count(*) from filled").fetchone()
        admin.execute("drop table filled")
        admin.execute("drop tablespace tiny")
    assert kept == (0,)


def test_errors_of_other_libraries_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), database_errors("postgresql:///shop"):
        _ = 1 // 0
