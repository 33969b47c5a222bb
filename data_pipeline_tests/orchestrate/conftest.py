"""What tests of Dagster's side share."""

import shutil
from collections.abc import Iterator

import pytest

from data_pipeline.flow.workspace import Workspace, open_workspace
from data_pipeline.settings import PROJECT_ROOT, Settings
from data_pipeline_tests.conftest import fresh_database
from data_pipeline_tests.flow.days import write_references


@pytest.fixture(scope="module")
def workspace(
    postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """An installation with Dagster's storage, named by the environment; the tests take different dates."""
    from data_pipeline.orchestrate.run import open_instance

    home = tmp_path_factory.mktemp("home")
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)  # beside it Dagster keeps a folder for each run
    (home / "drive").mkdir()
    with fresh_database(postgres_url, migrated_template) as url, pytest.MonkeyPatch.context() as environment:
        settings = {"HOME": home, "DATABASE_URL": url, "REFERENCE_DIR": write_references(home / "reference")}
        for name, value in {**settings, "FLUSH_FILES": 1, "DAGSTER_HOME": home}.items():
            environment.setenv(f"DATA_PIPELINE_{name}", str(value))
        workspace = open_workspace(Settings.from_env())
        yield workspace
        open_instance(workspace.settings).dispose()
        workspace.database.engine.dispose()
