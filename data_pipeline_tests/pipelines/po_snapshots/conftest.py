"""Fixtures of the PO tests: an empty installation on the reader processes that all tests share."""

from collections.abc import Iterator

import pytest

from data_pipeline.flow.workspace import Workspace
from data_pipeline.settings import Settings


@pytest.fixture
def workspace(settings: Settings) -> Iterator[Workspace]:
    """An empty installation with a drive."""
    settings.drive_folder.mkdir()
    opened = Workspace.open(settings)
    yield opened
    opened.sandbox.close()
