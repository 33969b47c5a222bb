"""Fixtures of the embedded server's tests: homes that are cheap to start from."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.persist.embedded import ensure_server, stop_server
from data_pipeline_tests.conftest import server_folder


@pytest.fixture(scope="session")
def stopped_home() -> Iterator[Path]:
    """A home whose server was started once and stopped; tests copy it."""
    with server_folder() as folder:
        home = folder / "stopped"
        ensure_server(home)
        stop_server(home)
        yield home


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder for homes; what runs in them is stopped after the test."""
    with server_folder() as folder:
        yield folder


@pytest.fixture
def home(folder: Path, stopped_home: Path) -> Path:
    """A home that was used before and whose server does not run."""
    return shutil.copytree(stopped_home, folder / "home", ignore=shutil.ignore_patterns("socket"))
