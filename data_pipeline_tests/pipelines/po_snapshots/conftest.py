"""Fixtures of the PO tests: an empty installation on reader processes that all of them share."""

import pytest

from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.settings import Settings


@pytest.fixture
def workspace(settings: Settings, readers: Sandbox) -> Workspace:
    """An empty installation with a drive."""
    settings.drive_folder.mkdir()
    opened = Workspace.open(settings)
    assert opened.sandbox is readers
    return opened
