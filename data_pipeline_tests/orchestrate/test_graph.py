"""The whole asset graph as text, so that a change of it is seen in review.

`python -m data_pipeline_tests.orchestrate.test_graph` writes graph.txt again.
"""

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GRAPH = Path(__file__).parents[1] / "graph.txt"
REWRITE = "python -m data_pipeline_tests.orchestrate.test_graph"


# Both are Dagster's: partitioned checks are a preview, and its own models still ask pydantic for an old name.
pytestmark = [
    pytest.mark.dagster,
    pytest.mark.filterwarnings(
        "ignore::dagster.PreviewWarning", "ignore:The `__fields__` attribute:DeprecationWarning"
    ),
]


def test_the_graph_is_as_reviewed() -> None:
    drawn = draw_graph()

    assert drawn == GRAPH.read_text(encoding="utf-8"), f"if the change is meant: {REWRITE}"


def test_the_graph_is_drawn_without_a_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The UI, the daemon and CI load definitions before any server runs."""
    monkeypatch.setenv("DATA_PIPELINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATA_PIPELINE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.delitem(sys.modules, "data_pipeline.definitions", raising=False)

    assert draw_graph().startswith("asset ")
    assert not (tmp_path / "home").exists()


def draw_graph() -> str:
    """Assets, checks, jobs and sensors, each with what it depends on."""
    from data_pipeline.definitions import defs  # Dagster takes a second to import

    lines = [*draw_assets(defs), "", *draw_jobs(defs), "", *draw_sensors(defs)]
    return "\n".join(lines) + "\n"


def draw_assets(defs: Any) -> Iterator[str]:
    """Every asset with its dependencies, partitions and checks."""
    graph = defs.resolve_asset_graph()
    for node in sorted(graph.asset_nodes, key=lambda node: node.key):
        yield f"asset {node.key.to_user_string()}"
        yield from (f"    after {key.to_user_string()}" for key in sorted(node.parent_keys))
        yield f"    partitions {node.partitions_def}"
        for key in sorted(node.check_keys):
            check = graph.get(key)
            own = "" if check.partitions_def == node.partitions_def else f", partitions {check.partitions_def}"
            yield f"    check {key.name}{', blocking' if check.blocking else ''}{own}"


def draw_jobs(defs: Any) -> Iterator[str]:
    """Every declared job with what it runs."""
    for job in sorted(defs.resolve_all_job_defs(), key=lambda job: job.name):
        if job.name.startswith("__"):  # Dagster's own, of everything
            continue
        yield f"job {job.name}, partitions {job.partitions_def}"
        graph = job.asset_layer.asset_graph
        yield from (f"    {key.to_user_string()}" for key in sorted(job.asset_layer.selected_asset_keys))
        yield from (f"    check {key.to_user_string()}" for key in sorted(graph.asset_check_keys))


def draw_sensors(defs: Any) -> Iterator[str]:
    """Every sensor with the jobs that it asks for."""
    for sensor in sorted(defs.sensors, key=lambda sensor: sensor.name):
        yield f"sensor {sensor.name}, {sensor.default_status.value.lower()} by default"
        yield from (f"    runs {target.job_name}" for target in sensor.targets)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    GRAPH.write_text(draw_graph(), encoding="utf-8")
