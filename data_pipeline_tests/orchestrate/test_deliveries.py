"""Rules of the asset that delivers, and of the sensor that has it tried again."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from data_pipeline.flow.due import read_destinations
from data_pipeline.flow.workspace import Workspace, open_workspace
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.settings import Settings
from data_pipeline_tests.conftest import fresh_database
from data_pipeline_tests.flow.days import ANGGREK, DAY, ask, drop, make_snapshot, receive, write_references
from data_pipeline_tests.flow.sending import COLUMNS, webhook, with_destinations
from data_pipeline_tests.persist.destinations.receiver import Answer, Receiver, receiving

# Dagster's own: names that it deprecated.
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


@pytest.fixture(scope="module")
def workspace(
    postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A published day, in an installation that the environment names."""
    home = tmp_path_factory.mktemp("home")
    (home / "drive").mkdir()
    with fresh_database(postgres_url, migrated_template) as url, pytest.MonkeyPatch.context() as environment:
        for name, value in {"HOME": home, "DATABASE_URL": url, "REFERENCE_DIR": write_references(home / "ref")}.items():
            environment.setenv(f"DATA_PIPELINE_{name}", str(value))
        workspace = open_workspace(Settings.from_env())
        drop(workspace, ANGGREK)
        receive(workspace)
        make_snapshot(workspace)
        yield workspace
        workspace.database.engine.dispose()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web address that takes rows."""
    with receiving() as running:
        yield running


def materialise(workspace: Workspace, pipeline: Pipeline) -> Any:
    """A run of the asset alone."""
    import dagster as dg

    from data_pipeline.orchestrate.assets import build_deliveries
    from data_pipeline.orchestrate.resources import WorkspaceResource

    resource = WorkspaceResource(reference_dir=str(workspace.settings.reference_dir))
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [build_deliveries(pipeline)],
            partition_key=DAY.isoformat(),
            resources={"workspace": resource},
            instance=instance,
            raise_on_error=False,
        )


def ask_sensor(workspace: Workspace, pipeline: Pipeline) -> list[Any]:
    """The runs that the sensor asks for."""
    import dagster as dg

    from data_pipeline.orchestrate.build import build_definitions

    definitions = build_definitions([pipeline], workspace.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {"workspace": definitions.resources["workspace"]}  # type: ignore[index] # it is a dict here
        context = dg.build_sensor_context(instance=instance, resources=resources)
        result: Any = definitions.resolve_sensor_def("deliveries")(context)
    return list(result.run_requests)


def test_a_destination_that_is_away_fails_the_asset_and_nothing_else_and_is_tried_again(
    workspace: Workspace, receiver: Receiver
) -> None:
    receiver.script = lambda _: Answer(503)
    policy = {"attempts": 1, "open_after_failures": 9, "reset_seconds": 0.001}
    pipeline = with_destinations(
        webhook(receiver.url, policy=policy), {"kind": "csv", "name": "stock", "columns": COLUMNS}
    )

    failed = materialise(workspace, pipeline)

    [failure] = [event for event in failed.all_events if event.is_step_failure]
    assert "stock_health 2026-01-05 is published, but 1 of 2 destinations do not have it" in str(
        failure.step_failure_data.error
    )
    assert (workspace.settings.output_dir / "20260105" / "stock.csv").exists()
    assert ask(workspace, "select version from snapshots where is_current").rows() == [("1",)]
    [request] = ask_sensor(workspace, pipeline)
    assert (request.job_name, request.partition_key) == ("stock_health_deliver", "2026-01-05")

    receiver.script = lambda _: Answer()
    made = materialise(workspace, pipeline)

    [event] = made.get_asset_materialization_events()
    metadata = {name: value.value for name, value in event.materialization.metadata.items()}
    assert made.success
    assert metadata["by_destination"] == (
        "- erp: delivered, 2 rows, 0 refused, 0 left out by its condition\n"
        "- stock: delivered, 2 rows, 0 refused, 0 left out by its condition"
    )
    assert len(receiver.rows) == 2
    assert ask_sensor(workspace, pipeline) == []
    assert {row["status"] for row in read_destinations(workspace, DAY).latest} == {"delivered"}


def test_a_pipeline_without_destinations_has_no_such_asset() -> None:
    from data_pipeline.orchestrate.assets import build_assets

    keys = [key.path[-1] for asset in build_assets(with_destinations()) for key in asset.keys]

    assert "deliveries" not in keys


def test_the_commands_show_who_has_what(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    from data_pipeline.cli.destinations import deliver_and_show, show_destinations

    deliver_and_show(workspace, with_destinations({"kind": "jsonl", "name": "lines"}), DAY, folder=None)
    show_destinations(dt.datetime(2026, 1, 5))  # noqa: DTZ001 - as typer parses it

    shown = capsys.readouterr().out
    assert "delivered  lines: 2 rows, 0 refused, 0 left out" in shown
    assert "http://127.0.0.1" in shown
    assert "closed" in shown
