"""Rules of the server's account: never root, and no more rights than it needs."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from data_pipeline.persist.embedded import ensure_server, stop_server

pytestmark = pytest.mark.postgres

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a plain user runs the server himself")


def test_only_the_server_account_can_open_the_files_and_the_socket(home: Path) -> None:
    ensure_server(home)

    modes = [stat.S_IMODE((home / name).stat().st_mode) for name in ("postgres", "socket", "socket/.s.PGSQL.5432")]

    assert modes == [0o700, 0o700, 0o700]


@needs_root
def test_root_lets_the_server_account_through_closed_folders_but_not_see_them(home: Path, folder: Path) -> None:
    closed = [folder, home]
    for path in closed:
        path.chmod(0o700)

    ensure_server(home)

    assert [stat.S_IMODE(path.stat().st_mode) for path in closed] == [0o701, 0o701]
    assert (home / "postgres").owner() == "pgserver"


@pytest.mark.skipif(os.geteuid() == 0, reason="root runs the server under another account")
def test_a_plain_user_runs_the_server_himself_and_opens_no_folder(home: Path, folder: Path) -> None:
    home.chmod(0o700)

    ensure_server(home)

    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, home)] == [0o700, 0o700]
    assert (home / "postgres").stat().st_uid == os.geteuid()


@needs_root
def test_root_keeps_a_users_home_that_users(home: Path) -> None:
    ensure_server(home)
    stop_server(home)
    for folder, _, names in os.walk(home / "postgres"):
        for path in (folder, *(os.path.join(folder, name) for name in names)):  # noqa: PTH118 - thousands of files
            os.chown(path, 12345, 12345)
    shutil.rmtree(home / "socket")

    ensure_server(home)

    assert (home / "postgres" / "postmaster.pid").stat().st_uid == 12345
