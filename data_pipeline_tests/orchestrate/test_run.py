"""Rules of a date's run as Dagster records it, and of the sensor that asks for one."""

import datetime as dt
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from data_pipeline.errors import RequestError
from data_pipeline.flow.repair import retry_failed
from data_pipeline.flow.workspace import Workspace
from data_pipeline.pipelines.catalog import load_catalog
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    DAY,
    NEXT_DAY,
    ONE_ROW,
    OTHER_ROWS,
    PIPELINE,
    ask,
    drop,
    receive,
)

# All but the last are Dagster's own: it reads names that it deprecated, and calls partitioned checks a preview.
pytestmark = [
    pytest.mark.dagster,
    pytest.mark.postgres,
    pytest.mark.filterwarnings(
        "ignore::dagster.PreviewWarning",
        "ignore:The `__fields__` attribute:DeprecationWarning",
        "ignore:InitResourceContext.dagster_run:DeprecationWarning",
        "ignore:AssetExecutionContext.run_id:DeprecationWarning",
    ),
]

LATER_DAY, SENSOR_DAY, NO_DAY = dt.date(2026, 1, 8), NEXT_DAY + dt.timedelta(days=1), dt.date(2026, 2, 1)


def open_instance(workspace: Workspace) -> Any:
    """Dagster's instance of the installation."""
    from data_pipeline.orchestrate import run  # Dagster takes seconds to import

    return run.open_instance(workspace.settings)


def run(workspace: Workspace, day: dt.date = DAY) -> str:
    """Runs a date as the command line does; gives Dagster's id of the run."""
    from data_pipeline.orchestrate.run import run_day

    return run_day(workspace.settings, "stock_health", day)


def list_events(workspace: Workspace, run_id: str, kind: str) -> list[Any]:
    """What a run recorded of one kind."""
    logs = open_instance(workspace).all_logs(run_id)
    return [log.dagster_event for log in logs if log.is_dagster_event and log.dagster_event.event_type_value == kind]


def read_metadata(event: Any) -> dict[str, Any]:
    """A materialisation's metadata in plain values."""
    return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.fixture(scope="module")
def first_run(workspace: Workspace) -> str:
    """The run of a day with two of three stores."""
    drop(workspace, ANGGREK, OTHER_ROWS)
    drop(workspace, BUKIT, ONE_ROW, store="Bukit Raya")
    receive(workspace)
    return run(workspace)


def test_every_asset_is_materialised_for_the_date(workspace: Workspace, first_run: str) -> None:
    events = list_events(workspace, first_run, "ASSET_MATERIALIZATION")

    made = {event.asset_key.to_user_string(): event.partition for event in events}
    assets = ("rows", "rejects", "snapshot", "stock_health_conditions", "orders")
    assert made == {f"stock_health/{asset}": "2026-01-05" for asset in assets}


def test_an_assets_metadata_says_what_was_done(workspace: Workspace, first_run: str) -> None:
    events = list_events(workspace, first_run, "ASSET_MATERIALIZATION")
    by_asset = {event.asset_key.path[-1]: read_metadata(event) for event in events}
    [(snapshot_id, content_hash)] = ask(
        workspace, "select id, content_hash from snapshots where business_date = date '2026-01-05' and version = 1"
    ).rows()

    rows = {name: by_asset["rows"][name] for name in ("rows_read", "rows_rejected", "files", "files_failed")}
    assert rows == {"rows_read": 4, "rows_rejected": 0, "files": 2, "files_failed": 0}
    assert by_asset["rows"]["by_file"] == (
        "- 1. Toko Kirana Anggrek.csv (Toko Kirana Anggrek, version 1): 3 accepted, 0 rejected\n"
        "- 2. Toko Kirana Bukit Raya.csv (Toko Kirana Bukit Raya, version 1): 1 accepted, 0 rejected"
    )
    told = ("snapshot_id", "content_hash", "version", "newly_published", "is_current", "stores_missing", "total_stock")
    snapshot = {name: by_asset["snapshot"][name] for name in told}
    assert snapshot == {
        "snapshot_id": snapshot_id,
        "content_hash": content_hash,
        "version": 1,
        "newly_published": True,
        "is_current": True,
        "stores_missing": 1,
        "total_stock": 4.0 + 8 + 1 + 7,
    }
    folder = workspace.settings.output_dir / "20260105"
    orders = {name: by_asset["orders"][name] for name in ("folder", "files", "snapshot_id")}
    assert orders == {"folder": str(folder), "files": 13, "snapshot_id": snapshot_id}


def test_every_check_is_recorded_for_the_date(workspace: Workspace, first_run: str) -> None:
    events = list_events(workspace, first_run, "ASSET_CHECK_EVALUATION")

    checks = [event.asset_check_evaluation_data for event in events]
    found = {(check.check_name, check.partition, check.passed, check.severity.value) for check in checks}
    assert found == {
        ("rows_conserved", "2026-01-05", True, "ERROR"),
        ("conserved", "2026-01-05", True, "ERROR"),
        ("complete", "2026-01-05", False, "WARN"),
        ("databases_agree", "2026-01-05", True, "ERROR"),
    }
    [complete] = [check for check in checks if check.check_name == "complete"]
    assert {name: value.value for name, value in complete.metadata.items()} == {
        "stores_in": 2,
        "stores_missing": "Toko Kirana Cempaka",
        "stores_unexpected": "none",
    }


def test_a_run_is_in_the_ledger_under_dagsters_id(workspace: Workspace, first_run: str) -> None:
    totals = ask(
        workspace,
        "select t.status, t.trigger, total_files, processed_files, total_rows from pipeline_run_totals t "
        "join pipeline_runs r using (id) where r.dagster_run_id = :id",
        id=first_run,
    )

    assert totals.rows() == [("completed", "cli", "2", "2", "4")]


def test_a_run_that_finds_nothing_new_publishes_nothing(workspace: Workspace, first_run: str) -> None:
    again = run(workspace)

    [snapshot] = [
        read_metadata(event)
        for event in list_events(workspace, again, "ASSET_MATERIALIZATION")
        if event.asset_key.path[-1] == "snapshot"
    ]
    assert (snapshot["version"], snapshot["newly_published"], snapshot["is_current"]) == (1, False, True)
    versions = ask(workspace, "select version from snapshots where business_date = date '2026-01-05'")
    assert versions.rows() == [("1",)]


@pytest.mark.filterwarnings("ignore")  # Great Expectations imports what Python, pandas and others deprecated
def test_the_whole_day_also_runs_the_suite_on_the_snapshot_whatever_date_came_before(workspace: Workspace) -> None:
    from data_pipeline.orchestrate.build import build_definitions

    definitions = build_definitions(list(load_catalog().values()), workspace.settings)
    job = definitions.resolve_job_def("stock_health_day")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    suites = []

    for day in (NEXT_DAY, LATER_DAY, NEXT_DAY):
        drop(workspace, f"{day:%Y%m%d}/1. Toko Kirana Anggrek.csv", OTHER_ROWS, day=day)
        receive(workspace)
        result = job.execute_in_process(
            instance=open_instance(workspace), partition_key=day.isoformat(), run_config=quiet
        )
        suites += [check for check in result.get_asset_check_evaluations() if check.check_name == "expectations"]

    assert [(check.partition, check.passed, check.metadata["failed"].value) for check in suites] == [
        (day.isoformat(), True, "none") for day in (NEXT_DAY, LATER_DAY, NEXT_DAY)
    ]


def test_an_error_of_a_step_is_raised_as_it_is(workspace: Workspace) -> None:
    """Dagster chains errors in circles; whoever follows them must not do so for ever."""
    started = time.monotonic()

    with pytest.raises(RequestError) as caught:
        run(workspace, NO_DAY)

    assert str(caught.value) == (
        "stock_health 2026-02-01: no readable delivery. See: data-pipeline status --date 2026-02-01"
    )
    assert time.monotonic() - started < 30
    [record] = open_instance(workspace).get_run_records(limit=1)
    assert (record.dagster_run.tags["dagster/partition"], record.dagster_run.status.value) == ("2026-02-01", "FAILURE")
    ledger = ask(workspace, "select status, error_message from pipeline_runs where business_date = date '2026-02-01'")
    assert ledger.rows() == [("failed", str(caught.value))]


def start_run_of(workspace: Workspace, process: str) -> str:
    """A run that some process of this machine's command line began."""
    import dagster as dg

    tags = {"trigger": "cli", "host": socket.gethostname(), "process": process}
    begun = dg.DagsterRun(
        job_name="stock_health_publish", run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.STARTED, tags=tags
    )
    open_instance(workspace).add_run(begun)
    return begun.run_id


def test_the_run_of_a_killed_process_is_failed_by_the_next(workspace: Workspace) -> None:
    from data_pipeline.orchestrate.run import fail_abandoned, name_process

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        name = name_process(process.pid)
        process.kill()
    runs = [start_run_of(workspace, name), start_run_of(workspace, name_process(os.getpid()))]

    fail_abandoned(open_instance(workspace))

    states = [open_instance(workspace).get_run_by_id(run_id).status.value for run_id in runs]
    assert states == ["FAILURE", "STARTED"]


def look(workspace: Workspace, cursor: str | None) -> Any:
    """One tick of the drive sensor."""
    import dagster as dg

    from data_pipeline.orchestrate.build import build_definitions

    definitions = build_definitions(list(load_catalog().values()), workspace.settings)
    [sensor] = [one for one in definitions.sensors if one.name == "drive"]
    resources = {"workspace": definitions.resources["workspace"]}
    return sensor(dg.build_sensor_context(instance=open_instance(workspace), cursor=cursor, resources=resources))


@contextmanager
def asked_for(workspace: Workspace, request: Any) -> Iterator[None]:
    """While a run of this request is about to begin."""
    import dagster as dg

    run_id, tags = str(uuid.uuid4()), {"dagster/partition": request.partition_key}
    starting = dg.DagsterRun(request.job_name, run_id, status=dg.DagsterRunStatus.STARTING, tags=tags)
    open_instance(workspace).add_run(starting)
    yield
    open_instance(workspace).delete_run(run_id)


def test_the_sensor_asks_once_for_the_same_files_and_anew_after_a_retry(workspace: Workspace) -> None:
    path = drop(workspace, f"{SENSOR_DAY:%Y%m%d}/1. Toko Kirana Anggrek.csv", day=SENSOR_DAY)
    path.write_bytes(b"Stok;Stok\r\n1;2\r\n")

    first = look(workspace, None)
    second = look(workspace, first.cursor)
    assert [result.run_requests for result in (first, second)] == [[], []]  # taken at the second look, and broken

    retry_failed(workspace, PIPELINE, SENSOR_DAY)
    [waiting] = look(workspace, second.cursor).run_requests
    [same] = look(workspace, second.cursor).run_requests
    assert (waiting.job_name, waiting.partition_key) == ("stock_health_day", SENSOR_DAY.isoformat())
    assert waiting.tags == {"pipeline": "stock_health", "reason": "1 files wait (limit 1)"}
    assert same.run_key == waiting.run_key

    with asked_for(workspace, waiting):
        assert look(workspace, second.cursor).run_requests == [], "the run that is to begin will take it"

    with pytest.raises(RequestError, match="no readable delivery"):
        run(workspace, SENSOR_DAY)
    retry_failed(workspace, PIPELINE, SENSOR_DAY)
    [after] = look(workspace, second.cursor).run_requests
    assert after.run_key != waiting.run_key
