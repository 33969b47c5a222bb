"""Rules of `data-pipeline up` beside its children: the embedded database is kept running too."""

import os
import signal

import pytest

from data_pipeline.orchestrate.up import revive_database
from data_pipeline.persist.database import open_database
from data_pipeline.persist.embedded import server_status
from data_pipeline.settings import Settings
from data_pipeline_tests.conftest import server_folder

pytestmark = pytest.mark.postgres


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
