"""Runs PostgreSQL's own programs: initdb to make a server's files, pg_ctl to start and stop it."""

import os
import subprocess
from pathlib import Path

from data_pipeline.persist.server_account import Account, let_execute, load_pgserver

POSTGRES_MAJOR = 18
LOG_NAME = "postgres.log"
LOG_END_BYTES = 4096


def run_pg_ctl(data_dir: Path, account: Account, arguments: list[str]) -> None:
    """Run pg_ctl on a server's files; its output goes where the server's goes, into the log beside them.

    pg_ctl hands -D and -l to a shell inside double quotes, where a folder named '$x' would be lost; PGDATA and an open
    file are quoted by nobody.

    Raises: CalledProcessError with what this run added to the log.
    """
    log = log_of(data_dir)
    with log.open("ab") as output:
        start = output.tell()
        try:
            run_program(["pg_ctl", *arguments], account, cwd=data_dir, output=output.fileno())
        except subprocess.CalledProcessError as error:
            error.stderr = read_log_end(data_dir, start)
            raise


def run_program(command: list[str], account: Account, *, cwd: Path, output: int = subprocess.PIPE) -> None:
    """Run a program of PostgreSQL as the account, out of reach of the terminal's ctrl-C and of our environment.

    Raises: CalledProcessError with the program's error output.
    """
    # The wheel's own server class is not used: it has one lock file for the whole machine, waits 10 s, takes any live
    # pid for the server, and opens all parent folders for reading.
    programs: Path = load_pgserver().POSTGRES_VERSIONS[POSTGRES_MAJOR]
    let_execute(programs, account)
    subprocess.run(
        [str(programs / command[0]), *command[1:]],
        cwd=cwd,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGDATA": str(cwd)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output != subprocess.PIPE else subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=True,
        start_new_session=True,
        **account.as_options(),
    )


def log_of(data_dir: Path) -> Path:
    """The server's log, beside its files so that it outlives them."""
    return data_dir.parent / LOG_NAME


def read_log_end(data_dir: Path, start: int = 0) -> str:
    """The end of the server's log, from a byte position on."""
    log = log_of(data_dir)
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(start, log.stat().st_size - LOG_END_BYTES))
        return file.read().decode("utf-8", errors="replace")


def last_lines(text: str, count: int = 6) -> str:
    """The last lines of a program's output, as one line."""
    return " | ".join([line.strip() for line in text.splitlines() if line.strip()][-count:]) or "it said nothing"
