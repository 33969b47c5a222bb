"""Keys and the audit log by the command line."""

import re
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from data_pipeline.cli.app import app
from data_pipeline.errors import RequestError
from data_pipeline.persist.database import Database
from data_pipeline.persist.keys import FORM
from data_pipeline.settings import Settings
from data_pipeline_tests.serve.test_health import run as change

pytestmark = pytest.mark.postgres

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command into an empty installation."""
    for name, value in settings.child_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("data_pipeline.terminal.console.width", 200)
    return lambda *words: CliRunner().invoke(app, words)


def issue(run: Run, *words: str) -> str:
    """A new key."""
    issued = run("keys", "issue", "--owner", "acme", "--name", "loader", *words)
    assert issued.exit_code == 0, issued.output
    return issued.stdout.strip()


def test_a_key_is_issued_listed_replaced_and_revoked(run: Run) -> None:
    key = issue(run, "--expires-in-days", "30", "--scope", "batches:write", "--scope", "batches:read")
    prefix = key.split("_")[2]
    successor = run("keys", "rotate", prefix, "--overlap-seconds", "60").stdout.strip()
    revoked, unknown = run("keys", "revoke", prefix), run("keys", "revoke", "000000000000")
    listed, shown = run("keys", "list").stdout, run("audit", "show", "--owner", "acme").stdout

    assert FORM.fullmatch(key)
    assert FORM.fullmatch(successor)
    assert revoked.exit_code == 0
    assert isinstance(unknown.exception, RequestError)
    assert key not in listed
    assert [line.split("│")[-2].strip() for line in listed.splitlines() if f" {prefix} " in line] == ["revoked"]
    assert re.findall(r"owner\.create|key\.\w+", shown) == ["key.revoke", "key.rotate", "key.issue", "owner.create"]


def test_without_scopes_a_key_may_do_everything_but_administer(run: Run) -> None:
    issue(run)

    listed = run("keys", "list").stdout
    assert "snapshots:read" in listed
    assert "admin" not in listed


def test_verify_says_whether_the_log_is_whole(run: Run, database: Database) -> None:
    issue(run)
    sealed, whole = run("audit", "seal"), run("audit", "verify")
    change(database, "alter table audit_log disable trigger user", "update audit_log set actor = 'nobody'")
    broken = run("audit", "verify")

    assert sealed.stdout == "sealed: 2 entries\n"
    assert (whole.exit_code, whole.stdout) == (0, "whole: 1 seals over 2 entries, 0 not sealed yet\n")
    assert (broken.exit_code, "seal 1" in broken.stdout) == (1, True)


def test_a_scope_that_there_is_not_is_refused(run: Run) -> None:
    refused = run("keys", "issue", "--owner", "acme", "--name", "x", "--scope", "everything")

    assert refused.stdout == ""
    assert "found everything" in str(refused.exception)
