"""What a driver says about a broken connection -> one DatabaseError for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from data_pipeline.errors import DatabaseError

SETTING = "DATA_PIPELINE_DATABASE_URL"

# By SQLSTATE, or its first two characters. States that are not here are about a statement: they are the caller's.
REMEDY_BY_STATE = {
    "08": "Check that the server runs, then run the command again; what was not committed is undone",
    "25006": f"The database is read-only (a standby?); set {SETTING} to one that can be written",
    "28": f"Check user and password in {SETTING}",
    "3D": f"Create the database, or name another in {SETTING}",
    "53100": "Free space on the database's disk, then run the command again; what was not committed is undone",
    "53200": "The server is out of memory; give it more, or use fewer workers",
    "53300": "Close other programs' connections, or raise max_connections on the server",
    "57P": "The server is starting or stopping; run the command again when it is up, what was not committed is undone",
    "58": "The server cannot read or write its files; see its log",
}
# A connection that was never made carries no SQLSTATE, only libpq's words.
REMEDY_BY_WORDS = {
    "password": REMEDY_BY_STATE["28"],
    "no pg_hba.conf entry": f"The server lets this host or user not in; check user and SSL mode in {SETTING}",
    "role ": REMEDY_BY_STATE["28"],
    "does not exist": REMEDY_BY_STATE["3D"],
    "resolve host": f"Check the host name in {SETTING}",
    "translate host": f"Check the host name in {SETTING}",
    "refused": f"Start the server, or check host and port in {SETTING}",
    "No such file": f"Start the server, or check the socket folder in {SETTING}",
    "timeout": f"Check that the host can be reached, and host and port in {SETTING}",
    "too many clients": REMEDY_BY_STATE["53300"],
    "starting up": REMEDY_BY_STATE["57P"],
    "shutting down": REMEDY_BY_STATE["57P"],
}


@contextmanager
def database_errors(url: str | URL) -> Iterator[None]:
    """Turn faults of connection, server and disk into a DatabaseError; faults of a statement pass unchanged.

    Raises: DatabaseError naming host and database, never the password.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        remedy = find_remedy(cause)
        if remedy is None:
            raise
        raise DatabaseError(f"{describe_url(url)}: {first_line(cause)}. {remedy}.") from error


def find_remedy(cause: BaseException | None) -> str | None:
    """What the operator can do; None when the fault is not the operator's."""
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate
    if state is not None:
        return next((remedy for known, remedy in REMEDY_BY_STATE.items() if state.startswith(known)), None)
    if not isinstance(cause, psycopg.OperationalError):
        return None
    words = str(cause)
    return next((remedy for known, remedy in REMEDY_BY_WORDS.items() if known in words), REMEDY_BY_STATE["08"])


def describe_url(url: str | URL) -> str:
    """Database, host and port of a URL, without user and password."""
    parts = make_url(url)
    host = parts.host or parts.query.get("host") or "this machine"
    port = f":{parts.port}" if parts.port else ""
    return f"database {parts.database!r} on {str(host) + port!r}"


def first_line(cause: BaseException | None) -> str:
    """The driver's first line; the rest are hints and further attempts."""
    return str(cause).strip().partition("\n")[0].rstrip(".")
