"""A running API for the tests of a file."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from data_pipeline_tests.serve.running import RunningApi, serving


@pytest.fixture(scope="module")
def api(postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """A server with a database of its own."""
    home: Path = tmp_path_factory.mktemp("api")
    with serving(postgres_url, migrated_template, home, api_failures_per_minute=10_000) as running:
        yield running


@pytest.fixture(scope="module")
def client(api: RunningApi) -> Iterator[httpx.Client]:
    """A program of owner acme that may do everything."""
    with api.client() as client:
        yield client
