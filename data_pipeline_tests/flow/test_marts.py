"""Rules of an installation's own marts: a broken one is told with its file, publishes nothing and hides no other."""

import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_pipeline import terminal
from data_pipeline.errors import SpecError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.marts import find_broken_marts
from data_pipeline.flow.publish import publish, show_in_duckdb
from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Statement
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.pipelines.catalog import find_faulty
from data_pipeline_tests.flow.days import DAY, ask, ask_lake

pytestmark = pytest.mark.postgres

SALES: dict[str, Any] = yaml.safe_load("""
title: Sales
description: What was sold on a business date.
source: {only_named: true}
columns:
  - {name: sku, header: SKU, type: text}
  - {name: sold_at, header: Sold at, type: datetime}
  - {name: pieces, header: Pieces, type: integer}
  - {name: price, header: Price, type: number}
identity: {sender: office}
grain: [sku]
""")
LINES = "SKU,Sold at,Pieces,Price\nA,2026-01-05T08:00:00Z,3,2.5\nB,2026-01-05T09:00:00Z,1,9.5\n"
SOUND = "select business_date, sum(pieces * price) as takings from {name}_snapshot group by business_date"
BROKEN = {
    "no column": ("select nope from {name}_snapshot", "Postgres says: column \"nope\" does not exist"),
    "no SQL": ("selec pieces from {name}_snapshot", "Postgres says: syntax error at or near \"selec\""),
    "Postgres alone": ("select sold_at at time zone 'UTC' as t, to_char(price, '9.9') as p from {name}_snapshot",
                       "DuckDB says: Catalog Error: Scalar Function with name to_char does not exist"),
    "DuckDB alone": ("select * exclude (pieces) from {name}_snapshot", "Postgres says: syntax error at or near"),
}  # fmt: skip


def declare(workspace: Workspace, name: str, **marts: str) -> Path:
    """A pipeline of the installation's own, with these marts; returns its folder."""
    folder = workspace.settings.pipelines_dir / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(yaml.safe_dump({"name": name, **SALES, "marts": [*marts]}), encoding="utf-8")
    for mart, select in marts.items():
        (folder / f"{mart}.sql").write_text(select.format(name=name), encoding="utf-8")
    return folder


def run_day(workspace: Workspace, name: str, lines: str = LINES) -> None:
    """A file that comes in, is judged and published."""
    pipeline = workspace.pipeline(name)
    path = workspace.settings.drive_folder / "20260105" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(lines, encoding="utf-8")
    files = [file for file in LocalDrive(workspace.settings.drive_folder).list_files() if file.path == path]
    receive_files(workspace, files, Statement(name))
    with track_run(workspace, pipeline, DAY, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        stage_batches(workspace, pipeline, DAY, run_id)
    publish(workspace, pipeline, compute_candidate(workspace, pipeline, DAY))


def show_takings(workspace: Workspace, mart: str) -> list[list[str]]:
    """A mart in both databases."""
    statement = f"select takings from {mart}"  # noqa: S608 - our own names
    return [ask(workspace, statement)["takings"].to_list(), ask_lake(workspace, statement)["takings"].to_list()]


@pytest.mark.parametrize(("select", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_mart_publishes_nothing_and_says_why(workspace: Workspace, select: str, reason: str) -> None:
    declare(workspace, "sound", takings=SOUND)
    folder = declare(workspace, "sales", by_day="select business_date from {name}_snapshot", broken=select)
    run_day(workspace, "sound")

    with pytest.raises(SpecError) as refusal:
        run_day(workspace, "sales")

    assert str(refusal.value).startswith(
        f"pipeline 'sales', mart 'broken': expected a SELECT for Postgres and DuckDB, but {reason}"
    )
    assert str(refusal.value).endswith(f"Mend {folder / 'broken.sql'} and run the date again.")
    assert ask(workspace, "select to_regclass('sales_snapshot') as a, to_regclass('by_day') as b").rows() == [
        (None, None)
    ]
    assert ask(workspace, "select id from snapshots").height == 1
    assert not (workspace.home / "lake" / "sales").exists()
    assert show_takings(workspace, "takings") == [["17.0"], ["17.0"]]


def test_a_mended_mart_is_published_with_its_day(workspace: Workspace) -> None:
    declare(workspace, "sales", takings=BROKEN["no column"][0])
    with pytest.raises(SpecError):
        run_day(workspace, "sales")

    declare(workspace, "sales", takings=SOUND)
    run_day(workspace, "sales")

    assert show_takings(workspace, "takings") == [["17.0"], ["17.0"]]


def test_a_mart_may_look_at_other_marts_at_other_pipelines_and_at_what_was_published_before(
    workspace: Workspace,
) -> None:
    declare(workspace, "sound", takings=SOUND)
    run_day(workspace, "sound")
    both = "select a.takings, b.takings as other from own as a join takings as b using (business_date)"
    declare(workspace, "aside", own=SOUND, compared=both)

    run_day(workspace, "aside")

    assert ask_lake(workspace, "select takings, other from compared").rows() == [("17.0", "17.0")]


@pytest.mark.parametrize("select", [select for select, _ in BROKEN.values()][:3], ids=[*BROKEN][:3])
def test_one_that_is_broken_later_is_left_out_and_told_and_the_others_stay(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], select: str
) -> None:
    declare(workspace, "sales", broken=SOUND)
    declare(workspace, "sound", takings=SOUND)
    for name in ("sales", "sound"):
        run_day(workspace, name)
    assert [*find_broken_marts(workspace)] == []

    (workspace.settings.pipelines_dir / "sales" / "broken.sql").write_text(select.format(name="sales"))
    run_day(workspace, "sound", LINES.replace("9.5", "10.5"))

    assert show_takings(workspace, "takings") == [["18.0"], ["18.0"]]
    assert ask_lake(workspace, "select sku from sales_snapshot").height == 2
    terminal.show_overview(workspace)
    shown = " ".join(capsys.readouterr().out.split())
    assert (
        "faulty pipeline 'sales', mart 'broken': expected a SELECT for Postgres and DuckDB, but DuckDB says:" in shown
    )


def test_one_whose_file_is_gone_hides_no_other(workspace: Workspace) -> None:
    declare(workspace, "sales", gone=SOUND)
    declare(workspace, "sound", takings=SOUND)
    for name in ("sales", "sound"):
        run_day(workspace, name)

    (workspace.settings.pipelines_dir / "sales" / "gone.sql").unlink()
    show_in_duckdb(workspace)

    assert show_takings(workspace, "takings") == [["17.0"], ["17.0"]]
    assert ask_lake(workspace, "select sku from sales_snapshot").height == 2
    [faulty] = find_faulty(workspace.settings.pipelines_dir)
    assert faulty.message.endswith("sales/pipeline.yaml: marts: expected a file gone.sql beside it, found none")


@pytest.mark.parametrize(
    ("mart", "reason"),
    [
        ("takings", "'takings' is a mart of pipeline 'sales' too, and there is one view of a name; rename this one"),
        ("sales_snapshot", "'sales_snapshot' is named like the views of published rows; rename it"),
        ("stock_health_conditions", "'stock_health_conditions' is a mart of pipeline"),
    ],
    ids=["own", "published rows", "built-in"],
)
def test_a_name_that_is_taken_is_refused(workspace: Workspace, mart: str, reason: str) -> None:
    declare(workspace, "sales", takings=SOUND)
    declare(workspace, "sound", **{mart: SOUND})

    [faulty] = find_faulty(workspace.settings.pipelines_dir)

    assert f"sound/pipeline.yaml: marts: {reason}" in faulty.message
    assert "sales" in workspace.pipelines()


def test_so_is_one_that_is_called_as_a_table(workspace: Workspace) -> None:
    declare(workspace, "sales", batches=SOUND)

    with pytest.raises(SpecError, match="Postgres says: a table is called so already"):
        run_day(workspace, "sales")
