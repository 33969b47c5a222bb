"""Rules of runs that the daemon launches: each in a process of its own, which is known by who looks later."""

import contextlib
import os
import signal
import sys
import time
from typing import Any

import psutil
import pytest

from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import ANGGREK, DAY, ONE_ROW, drop, receive

pytestmark = [
    pytest.mark.dagster,
    pytest.mark.postgres,
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),  # it calls partitioned checks a preview
]

GIVE_UP_SECONDS = 60
JOB = "stock_health_publish"


def launch(workspace: Workspace) -> tuple[Any, str]:
    """Dagster's instance, and the id of a run that its launcher just started."""
    import dagster as dg
    from dagster._core.code_pointer import ModuleCodePointer
    from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

    from data_pipeline.orchestrate.build import load_definitions
    from data_pipeline.orchestrate.run import open_instance

    instance = open_instance(workspace.settings)
    pointer = ModuleCodePointer("data_pipeline.definitions", "defs", working_directory=None)
    origin = JobPythonOrigin(JOB, RepositoryPythonOrigin(sys.executable, pointer))
    run = instance.create_run_for_job(
        load_definitions(workspace.settings).resolve_job_def(JOB),
        tags={"dagster/partition": DAY.isoformat()},
        status=dg.DagsterRunStatus.NOT_STARTED,
        job_code_origin=origin,
    )
    instance.launch_run(run.run_id, workspace=None)
    return instance, run.run_id


def wait_for(instance: Any, run_id: str, *states: str) -> Any:
    """The run, once it is in one of these states."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while (run := instance.get_run_by_id(run_id)).status.value not in states:
        assert time.monotonic() < give_up, run.status
        time.sleep(0.05)
    return run


def test_a_run_is_done_by_a_process_that_is_known_and_ends_with_it(workspace: Workspace) -> None:
    from dagster._core.launcher import WorkerStatus

    from data_pipeline.orchestrate.run import find_process

    drop(workspace, ANGGREK, ONE_ROW)
    receive(workspace)

    instance, run_id = launch(workspace)
    during = instance.get_run_by_id(run_id)
    health = instance.run_launcher.check_run_worker_health(during)
    process = find_process(during.tags)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(process).wait(GIVE_UP_SECONDS)
    run = wait_for(instance, run_id, "SUCCESS", "FAILURE")

    assert health.status == WorkerStatus.RUNNING
    assert process is not None
    assert run.status.value == "SUCCESS"
    assert not instance.run_launcher.terminate(run_id), "it has ended"


def test_the_next_run_finds_a_process_that_waits(workspace: Workspace) -> None:
    instance, first = launch(workspace)
    waiting = instance.run_launcher.waiting_process
    wait_for(instance, first, "SUCCESS", "FAILURE")

    _, second = launch(workspace)

    tags = wait_for(instance, second, "SUCCESS", "FAILURE").tags
    assert tags["process"].startswith(f"{waiting}@")


def test_a_killed_run_is_seen_by_another_launcher_and_one_elsewhere_is_not_judged(workspace: Workspace) -> None:
    import dagster as dg
    from dagster._core.launcher import WorkerStatus

    instance, run_id = launch(workspace)
    run = wait_for(instance, run_id, "STARTED", "SUCCESS")
    os.kill(int(run.tags["process"].partition("@")[0]), signal.SIGKILL)
    with dg.DagsterInstance.from_ref(instance.get_ref()) as other:
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while other.run_launcher.check_run_worker_health(run).status != WorkerStatus.FAILED:
            assert time.monotonic() < give_up
        elsewhere = run.with_tags({**run.tags, "host": "elsewhere"})
        assert other.run_launcher.check_run_worker_health(elsewhere).status == WorkerStatus.UNKNOWN
    instance.report_run_failed(run)


def test_a_run_that_is_asked_to_end_is_cancelled(workspace: Workspace) -> None:
    instance, run_id = launch(workspace)
    wait_for(instance, run_id, "STARTED")

    asked = instance.run_launcher.terminate(run_id)

    assert (asked, wait_for(instance, run_id, "CANCELED", "SUCCESS").status.value) == (True, "CANCELED")
