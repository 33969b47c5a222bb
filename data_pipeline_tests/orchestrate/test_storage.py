"""Rules of Dagster's storage on the product's database."""

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest

from data_pipeline.orchestrate.storage import SCHEMA, ProductStorage
from data_pipeline_tests.conftest import fresh_database

pytestmark = [pytest.mark.dagster, pytest.mark.postgres]

COMERS = 4


def test_all_that_open_an_empty_database_at_once_find_dagsters_tables_without_a_word(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = Barrier(COMERS)

    def open_storage(_: int) -> int:
        start.wait()
        return len(ProductStorage.from_config_value(None, {}).run_storage.get_runs())

    with fresh_database(postgres_url) as url, caplog.at_level(logging.WARNING):
        monkeypatch.setenv("DATA_PIPELINE_DATABASE_URL", url)
        with ThreadPoolExecutor(COMERS) as pool:
            runs = list(pool.map(open_storage, range(COMERS)))
        with psycopg.connect(url) as connection:
            tables = connection.execute(
                "select count(*) from pg_tables where schemaname = %s and tablename = 'event_logs'", [SCHEMA]
            ).fetchone()

    assert runs == [0] * COMERS
    assert tables == (1,)
    assert caplog.messages == []
