"""Fixtures of the PO tests: an empty installation on reader processes that all of them share."""

from collections.abc import Iterator

import pytest

from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.sandbox import Sandbox, share_sandbox
from data_pipeline.settings import Settings


@pytest.fixture(scope="session")
def readers() -> Iterator[Sandbox]:
    """Reader processes, which cost a second to start."""
    defaults = Settings()
    sandbox = share_sandbox(defaults.workers, defaults.reader_memory_mb, defaults.reader_seconds)
    yield sandbox
    sandbox.close()


@pytest.fixture
def workspace(settings: Settings, readers: Sandbox) -> Workspace:
    """An empty installation with a drive."""
    settings.drive_folder.mkdir()
    opened = Workspace.open(settings)
    assert opened.sandbox is readers
    return opened
