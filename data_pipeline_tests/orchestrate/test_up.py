"""Rules of `data-pipeline up` beside its children: the embedded database is kept running too."""

import os
import signal
import sys

import psutil
import pytest

from data_pipeline.orchestrate.up import HOLLOW_SECONDS, Child, revive_database
from data_pipeline.persist.database import open_database
from data_pipeline.persist.embedded import server_status
from data_pipeline.settings import Settings
from data_pipeline_tests.conftest import server_folder

pytestmark = pytest.mark.postgres


def test_a_server_whose_worker_was_killed_is_noticed() -> None:
    """As Dagster's proxy goes on without the server behind it."""
    proxy = "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
    child = Child("proxy", [sys.executable, "-c", proxy], has_worker=True)
    child.start(Settings())
    try:
        process = psutil.Process(child.process.pid if child.process else -1)
        while not process.children():
            pass
        child.started_at -= HOLLOW_SECONDS
        before = child.is_hollow
        [worker] = process.children()
        worker.kill()
        while process.children() and worker.status() != psutil.STATUS_ZOMBIE:
            pass
        assert (before, child.is_hollow) == (False, True)
    finally:
        child.stop()


def test_a_database_that_was_killed_is_started_again_and_keeps_what_it_holds() -> None:
    with server_folder() as home:
        settings, said = Settings(home=home), list[str]()
        database = open_database(settings)
        with database.transaction() as connection:
            connection.exec_driver_sql("insert into stores (name) values ('Padang')")
        pid = server_status(home).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

        revive_database(settings, say=said.append)

        with database.transaction() as connection:
            assert connection.exec_driver_sql("select name from stores").scalars().all() == ["Padang"]
        assert said == []
        database.engine.dispose()
