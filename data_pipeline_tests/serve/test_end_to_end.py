"""The real thing once: posted over HTTP, run by Dagster as in production, read back over HTTP."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from data_pipeline.settings import PROJECT_ROOT
from data_pipeline_tests.serve.running import CONFIG, DAY, RunningApi, make_pipeline, post_records, serving

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

COLUMNS = [*CONFIG["columns"], {"name": "shop", "header": "shop", "type": "text"}]
STEPS = [{"use": "trim", "columns": ["shop"]}, {"use": "case", "columns": ["shop"], "to": "title"}]
RECORDS: list[dict[str, Any]] = [
    {"id": "1", "amount": 12.5, "shop": " padang "},
    {"id": "2", "amount": "many", "shop": "aceh"},
    {"id": "3", "amount": 7, "shop": "medan"},
]


@pytest.fixture(scope="module")
def installed(
    postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningApi]:
    """An API whose installation Dagster finds by the environment."""
    from data_pipeline.orchestrate.run import open_instance  # Dagster takes seconds to import

    home: Path = tmp_path_factory.mktemp("end_to_end")
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)
    with (
        serving(postgres_url, migrated_template, home, dagster_home=home) as api,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in api.workspace.settings.child_environment().items():
            environment.setenv(name, value)
        yield api
        open_instance(api.workspace.settings).dispose()


def test_what_is_posted_is_run_by_dagster_and_read_back(installed: RunningApi) -> None:
    from data_pipeline.orchestrate.run import open_instance, run_day

    with installed.client() as client:
        pipeline_id = make_pipeline(client, config={**CONFIG, "columns": COLUMNS, "processors": STEPS})
        asset = client.get(f"/pipelines/{pipeline_id}").json()["asset"]
        batch_id = post_records(client, pipeline_id, RECORDS)
        [asked] = look_for_posted(installed)

        run_id = run_day(installed.workspace.settings, asset, dt.date.fromisoformat(DAY))

        batch = client.get(f"/pipelines/{pipeline_id}/batches/{batch_id}").json()
        [rejected] = client.get(f"/pipelines/{pipeline_id}/batches/{batch_id}/errors").json()["items"]
        rows = read_rows(client, pipeline_id)
        metrics = client.get(f"/pipelines/{pipeline_id}/metrics").json()

    assert (asked.job_name, asked.partition_key) == (f"{asset}_publish", DAY)
    assert (batch["status"], batch["processed_count"], batch["failed_count"]) == ("completed", 2, 1)
    assert (rejected["record_index"], rejected["column"], rejected["record"]) == (1, "amount", RECORDS[1])
    assert rows == [{"id": "1", "amount": 12.5, "shop": "Padang"}, {"id": "3", "amount": 7.0, "shop": "Medan"}]
    assert {name: metrics[name] for name in ("batches", "completed", "records_processed", "records_failed")} == {
        "batches": 1, "completed": 1, "records_processed": 2, "records_failed": 1,
    }  # fmt: skip
    assert metrics["error_rate"] == pytest.approx(1 / 3)
    assert metrics["latency_seconds"] > 0
    run = open_instance(installed.workspace.settings).get_run_by_id(run_id)
    assert run is not None
    assert (run.status.value, run.tags["dagster/partition"]) == ("SUCCESS", DAY)


def look_for_posted(api: RunningApi) -> list[Any]:
    """The runs that one look of the sensor asks for."""
    import dagster as dg

    from data_pipeline.orchestrate.build import load_definitions
    from data_pipeline.orchestrate.run import open_instance

    definitions = load_definitions(api.workspace.settings)
    [sensor] = [one for one in definitions.sensors or () if one.name == "posted"]
    resources = {"workspace": (definitions.resources or {})["workspace"]}
    context = dg.build_sensor_context(instance=open_instance(api.workspace.settings), resources=resources)
    return list(sensor(context).run_requests)


def read_rows(client: httpx.Client, pipeline_id: str) -> list[dict[str, object]]:
    """What is published for the date."""
    answer = client.get(f"/pipelines/{pipeline_id}/snapshots/{DAY}", params={"columns": "id,amount,shop"})
    rows: list[dict[str, object]] = answer.json()
    return rows
