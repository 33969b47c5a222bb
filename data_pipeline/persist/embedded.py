"""The embedded PostgreSQL: one server per home, started by whoever needs it first, outliving all of them."""

import errno
import hashlib
import os
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import filelock
import psycopg

from data_pipeline.errors import DatabaseError
from data_pipeline.persist.server_account import Account, choose_account, hand_over, let_traverse
from data_pipeline.persist.server_programs import last_lines, read_log_end, run_pg_ctl, run_program

DATABASE = "data_pipeline"
START_SECONDS = 120  # crash recovery replays the write-ahead log before it answers
STOP_SECONDS = 60
ORPHAN_SECONDS = 30  # for the queries of a killed server to end
POLL_SECONDS = 0.1
LOCK_SECONDS = 300  # longer than one start, so that a waiting process outlives a slow recovery
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 103  # AF_UNIX: 103 on macOS, 107 on Linux
SETTINGS = {
    "listen_addresses": "",  # the socket folder's permissions are the only door
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "cluster_name": DATABASE,  # names the processes in ps
}
LOCALE = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
NOT_OURS = (FileNotFoundError, NotADirectoryError, PermissionError)  # no server yet, or one that is closed to us
REMEDIES = (
    "set DATA_PIPELINE_HOME to a writable folder on a disk with 200 MB free",
    "set DATA_PIPELINE_DATABASE_URL to a PostgreSQL of your own",
)


@dataclass(frozen=True)
class ServerStatus:
    """What is known about a home's server without starting it."""

    is_running: bool
    pid: int | None
    data_dir: Path
    url: str


def ensure_server(home: Path) -> str:
    """Start the home's server unless it runs, and return its libpq URL.

    Raises: DatabaseError when the home or its disk cannot carry a server, or the server does not become ready.
    """
    home = home.resolve()
    if not is_answering(home):
        with locked_home(home):
            if not is_answering(home):
                start_server(home)
    return server_url(home)


def stop_server(home: Path) -> bool:
    """Shut the home's server down, cutting its connections; whether there was one."""
    home = home.resolve()
    if not data_dir_of(home).exists():
        return False
    with locked_home(home):
        if find_postmaster(home) is None:
            return False
        account = choose_account(data_dir_of(home))
        socket_dir = find_socket_dir(home)
        run_pg_ctl(data_dir_of(home), account, ["stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS)])
        if socket_dir.parent != home:
            with suppress(OSError):  # nobody would look for it there; one that stays does no harm
                socket_dir.rmdir()
    return True


def server_status(home: Path) -> ServerStatus:
    """Look at the home's server; starts nothing."""
    home = home.resolve()
    pid = find_postmaster(home)
    return ServerStatus(is_running=pid is not None, pid=pid, data_dir=data_dir_of(home), url=server_url(home))


def data_dir_of(home: Path) -> Path:
    """Where the server keeps its files."""
    return home / "postgres"


def server_url(home: Path, database: str = DATABASE) -> str:
    """libpq URL of a database on the home's server; the port keeps PGPORT of the environment out."""
    return f"postgresql://postgres@/{database}?host={quote(str(find_socket_dir(home)), safe='')}&port=5432"


def find_socket_dir(home: Path) -> Path:
    """Where the running server says it listens, else where the next one will.

    A process with another TMPDIR would compute another fallback folder, hence the pid file comes first; it counts only
    if it names this very folder, since a copied home still holds the pid file of the original.
    """
    lines = read_pid_file(home)
    if len(lines) > 4 and lines[1] == str(data_dir_of(home)):
        return Path(lines[4])
    return choose_socket_dir(home)


def choose_socket_dir(home: Path) -> Path:
    """The home's own folder unless no URL or socket address can hold its path."""
    inside = home / "socket"
    is_too_long = len(os.fsencode(inside / SOCKET_NAME)) > SOCKET_PATH_BYTES
    if not is_too_long and "," not in str(inside):  # libpq takes a comma for a list of hosts
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"{DATABASE}-{digest}"


def read_pid_file(home: Path) -> list[str]:
    """Lines of postmaster.pid: pid, data folder, start time, port, socket folder …; empty without a server."""
    try:
        return (data_dir_of(home) / "postmaster.pid").read_text().splitlines()
    except NOT_OURS:
        return []


def is_answering(home: Path) -> bool:
    """Whether our server takes connections now; kept cheap, every process asks it first."""
    if not is_private(find_socket_dir(home), data_dir_of(home)):
        return False
    try:
        psycopg.connect(server_url(home), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return "too many clients" in str(error)  # it runs; the caller's own connection will say so
    return True


def is_private(socket_dir: Path, data_dir: Path) -> bool:
    """Whether only the server's account can have put a socket there; anyone can make a folder in /tmp."""
    try:
        found, owner = socket_dir.lstat(), data_dir.stat().st_uid
    except NOT_OURS:
        return False
    return stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077 and found.st_uid == owner


def find_postmaster(home: Path) -> int | None:
    """Pid of the live server on the home's files; a pid that another process got since is not one."""
    import psutil  # 30 ms, needed only when no server answers

    lines = read_pid_file(home)
    try:
        process = psutil.Process(int(lines[0]))
        is_ours = process.name() == "postgres" and Path(process.cwd()) == data_dir_of(home).resolve()
    except (
        IndexError,
        ValueError,
        psutil.NoSuchProcess,
        psutil.AccessDenied,
    ):  # empty or half-written file, no such pid
        return None
    return process.pid if is_ours else None


@contextmanager
def locked_home(home: Path) -> Iterator[None]:
    """One process at a time starts or stops; whatever the disk or a server binary says becomes a DatabaseError."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(home / "postgres.lock", timeout=LOCK_SECONDS):
            yield
    except filelock.Timeout as error:
        raise failure(
            home, f"another process has held 'postgres.lock' for {LOCK_SECONDS} s", "end that process"
        ) from error
    except subprocess.CalledProcessError as error:
        raise failure(home, f"{Path(error.cmd[0]).name} failed: {last_lines(error.stderr or '')}") from error
    except psycopg.Error as error:
        log_end = last_lines(read_log_end(data_dir_of(home)))
        found = f"the server does not become ready: {' '.join(str(error).split())}; its log ends: {log_end}"
        raise failure(home, found, "end the server or free what it waits for") from error
    except OSError as error:
        raise failure(home, f"{error.strerror or error}: {error.filename or home!s}") from error


def failure(home: Path, found: str, remedy: str = "") -> DatabaseError:
    """The one shape of this module's errors: where, what was found, what to do."""
    remedies = ", or ".join(filter(None, [remedy, *REMEDIES]))
    return DatabaseError(f"embedded database in {str(home)!r}: {found}. To go on, {remedies}.")


def start_server(home: Path) -> None:
    """Make what is missing of files, server and database; the caller holds the lock."""
    with connect_to_started(home) as connection:
        if connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f"create database {DATABASE}")


def connect_to_started(home: Path) -> psycopg.Connection:
    """A connection to the server's own database, as soon as crash recovery lets it."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        if find_postmaster(home) is None:  # asked each time: the one found before may have been dying
            launch(home, choose_account(data_dir_of(home)))
        try:
            return psycopg.connect(server_url(home, "postgres"), connect_timeout=5, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def make_data_dir(home: Path, account: Account) -> None:
    """Run initdb aside and rename, so that a half-made folder never looks like a database."""
    for leftover in home.glob("postgres.new-*"):
        end_orphans(leftover)  # an initdb whose starter was killed still writes there
        shutil.rmtree(leftover, ignore_errors=True)  # it may write once more: what that leaves goes next time
    if data_dir_of(home).exists():
        data_dir_of(home).rmdir()  # refuses a folder with content, which is not ours to replace
    let_traverse(home, account)
    fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=home))
    try:
        hand_over(fresh, account)
        run_program(["initdb", "-U", "postgres", "--auth=trust", *LOCALE, "-D", str(fresh)], account, cwd=fresh)
        fresh.rename(data_dir_of(home))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # nothing is there after the rename


def launch(home: Path, account: Account) -> None:
    """Start a server that is not running in a session of its own, and wait until it answers."""
    data_dir, socket_dir = data_dir_of(home), choose_socket_dir(home)
    if not (data_dir / "PG_VERSION").exists():
        make_data_dir(home, account)
    for stale in (data_dir / "postmaster.pid", socket_dir / f"{SOCKET_NAME}.lock"):
        stale.unlink(missing_ok=True)  # postgres would take any process that got the pid since for a server
    prepare_socket_dir(socket_dir, account)
    hand_over(data_dir, account)
    let_traverse(data_dir.parent, account)
    let_traverse(socket_dir.parent, account)
    arguments = ["start", "-w", "-t", str(START_SECONDS), "-o", server_options(socket_dir)]
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        try:
            return run_pg_ctl(data_dir, account, arguments)
        except subprocess.CalledProcessError as error:
            if "is still in use" not in error.stderr or time.monotonic() > deadline:
                raise
        end_orphans(data_dir)
        time.sleep(POLL_SECONDS)


def end_orphans(folder: Path) -> None:
    """End what works on a folder without a living server or starter: it goes on until it notices."""
    import psutil  # see find_postmaster

    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] in ("postgres", "initdb") and process.info["cwd"] == str(folder.resolve()):
            with suppress(psutil.NoSuchProcess):
                process.terminate()


def server_options(socket_dir: Path) -> str:
    """The server's command line; pg_ctl gives it to a shell, and the list of socket folders has quotes of its own."""
    folders = '"' + str(socket_dir).replace('"', '""') + '"'
    settings = {**SETTINGS, "unix_socket_directories": folders}
    return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())


def prepare_socket_dir(socket_dir: Path, account: Account) -> None:
    """Make the socket's folder, for the server's account alone."""
    socket_dir.mkdir(mode=0o700, exist_ok=True)
    found = socket_dir.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.uid):
        raise PermissionError(errno.EPERM, "the folder for the socket is not ours", str(socket_dir))
    socket_dir.chmod(0o700)
    hand_over(socket_dir, account)
