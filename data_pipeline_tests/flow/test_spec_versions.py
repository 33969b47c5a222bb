"""Rules of spec versions: every content of a declaration has one number, and a batch knows which judged it."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from data_pipeline import terminal
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.publish import publish
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.persist import tracking
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline_tests.flow.days import ANGGREK, DAY, PIPELINE, ask, drop, receive
from data_pipeline_tests.specs import shelf_spec

pytestmark = pytest.mark.postgres

JUDGED = "select spec_version, status from batches order by version"


def register(workspace: Workspace, spec: PipelineSpec) -> int:
    """The version of a declaration, registered in a transaction of its own."""
    with workspace.database.transaction() as connection:
        return tracking.register_spec(connection, spec)[1]


def change(**changes: object) -> Pipeline:
    """The pipeline, declared otherwise."""
    return dataclasses.replace(PIPELINE, spec=PIPELINE.spec.model_copy(update=changes))


def run_day(workspace: Workspace, pipeline: Pipeline) -> int:
    """Judges and publishes; returns the snapshot's version."""
    with track_run(workspace, pipeline, DAY, dagster_run_id=pipeline.spec.declaration_hash, trigger="test") as run_id:
        stage_batches(workspace, pipeline, DAY, run_id)
    return publish(workspace, pipeline, compute_candidate(workspace, pipeline, DAY)).version


def test_each_content_has_a_number_and_an_earlier_one_its_earlier_number(workspace: Workspace) -> None:
    titles = ["One", "One", "Two", "Three", "One", "Two"]

    versions = [register(workspace, shelf_spec(title=title)) for title in titles]

    assert versions == [1, 1, 2, 3, 1, 2]
    kept = ask(workspace, "select version, spec ->> 'title' as title from pipeline_specs order by version")
    assert kept.rows() == [("1", "One"), ("2", "Two"), ("3", "Three")]
    assert ask(workspace, "select config ->> 'title' as title from pipelines").rows() == [("Two",)]


def test_pipelines_count_by_themselves(workspace: Workspace) -> None:
    specs = [shelf_spec(name=name, title=title) for title in ("One", "Two") for name in ("shelf", "till")]

    assert [register(workspace, spec) for spec in specs] == [1, 1, 2, 2]


def test_what_is_kept_is_the_whole_declaration(workspace: Workspace) -> None:
    spec = shelf_spec()
    register(workspace, spec)

    with workspace.database.transaction() as connection:
        kept = connection.execute(text("select spec, spec_hash from pipeline_specs")).mappings().one()

    assert PipelineSpec.model_validate(kept["spec"]) == spec
    assert kept["spec_hash"] == spec.declaration_hash


def test_processes_that_register_at_once_give_no_number_twice(workspace: Workspace) -> None:
    specs = [shelf_spec(title=f"Title {number}") for number in range(8)] * 2

    with ThreadPoolExecutor(max_workers=4) as threads:
        versions = list(threads.map(lambda spec: register(workspace, spec), specs))

    assert sorted(versions[:8]) == list(range(1, 9))
    assert versions[8:] == versions[:8]


def test_a_batch_knows_by_which_version_it_was_judged(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    assert ask(workspace, JUDGED).rows() == [(None, "pending")]

    run_day(workspace, PIPELINE)
    first = ask(workspace, JUDGED).rows()
    stricter = change(rules=PIPELINE.spec.rules[:1])
    run_day(workspace, stricter)
    second = ask(workspace, JUDGED).rows()
    run_day(workspace, change(title="Only called otherwise", rules=PIPELINE.spec.rules[:1]))
    third = ask(workspace, JUDGED).rows()
    run_day(workspace, PIPELINE)

    assert (first, second) == ([("1", "completed")], [("2", "completed")])
    assert third == second  # judged by the same rules: nobody judged again
    assert ask(workspace, JUDGED).rows() == first


def test_so_does_one_that_failed_when_it_came(workspace: Workspace) -> None:
    register(workspace, change(title="Before").spec)
    drop(workspace, ANGGREK, "SKU | Stok\n0101 | x\n0102 | y")

    receive(workspace)

    assert ask(workspace, JUDGED).rows() == [("2", "failed")]


def test_the_day_says_which_versions_judged_it(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    register(workspace, change(title="Before").spec)
    run_day(workspace, PIPELINE)

    terminal.show_day(workspace, PIPELINE, DAY, folder=None)

    assert "judged by version 1 of the declaration" in capsys.readouterr().out


def test_a_snapshot_is_the_same_whatever_the_number(workspace: Workspace) -> None:
    """The number is bookkeeping of this installation: another one may have counted otherwise."""
    drop(workspace, ANGGREK)
    receive(workspace)
    run_day(workspace, PIPELINE)
    before = compute_candidate(workspace, PIPELINE, DAY).manifest

    with workspace.database.transaction() as connection:
        tracking.run(connection, "insert_spec", pipeline_id=tracking.register_pipeline(connection, PIPELINE.spec),
                     spec_hash="of another content", config="{}")  # fmt: skip

    assert compute_candidate(workspace, PIPELINE, DAY).manifest == before
    assert "spec_version" not in before.model_dump_json()
