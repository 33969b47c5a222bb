"""Rules of a run's row in the ledger."""

import pytest

from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import DAY, PIPELINE, ask

pytestmark = pytest.mark.postgres


def test_a_run_that_fails_says_why(workspace: Workspace) -> None:
    def fail() -> None:
        with track_run(workspace, PIPELINE, DAY, dagster_run_id="r", trigger="test"):
            raise RuntimeError("no disk")

    with pytest.raises(RuntimeError, match="no disk"):
        fail()

    runs = ask(workspace, "select status, error_message, completed_at is not null as is_over from pipeline_runs")
    assert runs.rows() == [("failed", "no disk", "True")]


def test_steps_of_one_run_share_its_row(workspace: Workspace) -> None:
    for _ in range(2):
        with track_run(workspace, PIPELINE, DAY, dagster_run_id="r", trigger="test"):
            pass

    assert ask(workspace, "select dagster_run_id, status from pipeline_runs").rows() == [("r", "completed")]
