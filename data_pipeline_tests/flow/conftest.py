"""Fixtures of the flow's tests: a workspace of its own for each test, on reader processes that all of them share."""

import shutil
from pathlib import Path

import pytest

from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.settings import Settings
from data_pipeline_tests.flow.days import ANGGREK, OTHER_ROWS, drop, make_snapshot, receive, write_references


@pytest.fixture(scope="session")
def chain_references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chain's reference files, not to be changed."""
    return write_references(tmp_path_factory.mktemp("references"))


@pytest.fixture
def workspace(settings: Settings, readers: Sandbox, chain_references: Path, tmp_path: Path) -> Workspace:
    """An empty installation with a drive and reference files that the test may change."""
    shutil.copytree(chain_references, tmp_path / "reference")
    settings.drive_folder.mkdir()
    opened = Workspace.open(settings.model_copy(update={"reference_dir": tmp_path / "reference"}))
    assert opened.sandbox is readers
    return opened


@pytest.fixture
def published(workspace: Workspace) -> Workspace:
    """A day with one store, published."""
    drop(workspace, ANGGREK)
    receive(workspace)
    make_snapshot(workspace)
    return workspace


@pytest.fixture
def published_twice(published: Workspace) -> Workspace:
    """The same day, published again after the store sent another list."""
    receive(published, drop(published, ANGGREK, OTHER_ROWS))
    make_snapshot(published)
    return published
