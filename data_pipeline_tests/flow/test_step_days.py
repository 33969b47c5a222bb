"""A day whose pipeline has steps: what they drop and reject is in the ledger, and the snapshot is proven with it."""

import dataclasses
import uuid
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import StoreError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.publish import load_published, publish
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.snapshots import Published
from data_pipeline.model.spec import SourceSpec, StepSpec
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline_tests.flow.days import ANGGREK, DAY, NEXT_DAY, PIPELINE, ask, drop, receive
from data_pipeline_tests.tables import table

ROWS = """
    SKU  | Stok | Brand
    0101 | 3    | A
    0102 | 8    | A
    0103 | 0    | A
    0104 | 1    | Z
    0105 | 1    | A
"""
KNOWN = "known.csv"
LOOKUP = StepSpec(use="lookup", column="sku", file=KNOWN, key="SKU", value="Shelf", into="shelf", missing="reject")
STEPS = (
    StepSpec(use="filter", where="stock > 0"),
    StepSpec(use="map_values", column="brand", values={"A": "A"}),
    LOOKUP,
)
UNKNOWN_BRAND = "processing step 2 (map_values): expected one of 'A', found 'Z'. Correct it."
UNKNOWN_SKU = "processing step 3 (lookup): expected a value that 'known.csv' holds, found '0105'. Correct it."
COUNTS = "select record_count, processed_count, failed_count from batches"
ERRORS = """
    select row_number, error_code, error_message, column_name, raw_text, record_index < 0 as is_of_date
    from batch_errors order by row_number
"""


def with_steps(*steps: StepSpec) -> Pipeline:
    """The stock pipeline with steps before its processor."""
    source = SourceSpec(**{**PIPELINE.spec.source.model_dump(), "reject_file_over_percent": 50})
    return dataclasses.replace(PIPELINE, spec=PIPELINE.spec.model_copy(update={"steps": steps, "source": source}))


def write_known(workspace: Workspace, *skus: str) -> Path:
    path = workspace.settings.reference_dir / KNOWN
    path.write_text("SKU,Shelf\n" + "".join(f"{sku},left\n" for sku in skus), encoding="utf-8")
    return path


def make(workspace: Workspace, pipeline: Pipeline) -> Published:
    """Stages and publishes the day."""
    with track_run(workspace, pipeline, DAY, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        stage_batches(workspace, pipeline, DAY, run_id)
    return publish(workspace, pipeline, compute_candidate(workspace, pipeline, DAY))


@pytest.fixture
def delivered(workspace: Workspace) -> Workspace:
    """One store's list, waiting."""
    drop(workspace, ANGGREK, ROWS)
    receive(workspace)
    write_known(workspace, "0101", "0102", "0103", "0104")
    return workspace


@pytest.mark.postgres
def test_what_steps_drop_and_reject_is_told_and_the_rest_is_published(delivered: Workspace) -> None:
    pipeline = with_steps(*STEPS)

    make(delivered, pipeline)

    rows = load_published(delivered, pipeline, DAY)
    assert rows.select("sku", "shelf").rows() == [("0101", "left"), ("0102", "left")]
    assert_frame_equal(ask(delivered, COUNTS), table("record_count | processed_count | failed_count\n5 | 3 | 2"))
    assert ask(delivered, ERRORS).rows() == [
        ("5", "PROCESSING_ERROR", UNKNOWN_BRAND, "Brand", "Z", "False"),
        ("6", "PROCESSING_ERROR", UNKNOWN_SKU, "sku", "0105", "True"),
    ]
    [finding] = [one for one in compute_candidate(delivered, pipeline, DAY).findings if one.code.startswith("ROWS_")]
    assert finding.message == "1. Toko Kirana Anggrek.csv: step 1 (filter) left out 1 of 4 rows"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("rows", "first"),
    [
        (ROWS, f"row 5, column 'Brand': {UNKNOWN_BRAND.replace('step 2', 'step 1')}"),
        (
            ROWS.replace("0102 | 8 ", "0102 | x "),
            "row 3, column 'Stok': expected an integer, found 'x'. Use whole units.",
        ),
    ],
    ids=["only steps reject", "judging rejects one further up"],
)
def test_a_file_of_which_steps_reject_too_much_goes_back_with_the_first_reason(
    workspace: Workspace, rows: str, first: str
) -> None:
    pipeline = with_steps(STEPS[1])
    strict = pipeline.spec.source.model_copy(update={"reject_file_over_percent": 10})
    pipeline = dataclasses.replace(pipeline, spec=pipeline.spec.model_copy(update={"source": strict}))
    drop(workspace, ANGGREK, rows)
    receive(workspace)

    with track_run(workspace, pipeline, DAY, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        [batch] = stage_batches(workspace, pipeline, DAY, run_id)

    assert batch.fault is not None
    assert batch.fault.code == "TOO_MANY_REJECTED"
    assert f"10 % are allowed. First: {first} Mend the file" in batch.fault.message


@pytest.mark.postgres
def test_a_mended_reference_file_takes_a_rejected_row_in_without_reading_the_file_again(delivered: Workspace) -> None:
    pipeline = with_steps(*STEPS)
    first = make(delivered, pipeline)

    write_known(delivered, "0101", "0102", "0105")
    second = make(delivered, pipeline)

    assert (first.version, second.version) == (1, 2)
    assert load_published(delivered, pipeline, DAY)["sku"].to_list() == ["0101", "0102", "0105"]
    assert_frame_equal(ask(delivered, COUNTS), table("record_count | processed_count | failed_count\n5 | 4 | 1"))


@pytest.mark.postgres
def test_the_same_day_again_is_the_same_version(delivered: Workspace) -> None:
    pipeline = with_steps(*STEPS)

    versions = [make(delivered, pipeline).version for _ in range(3)]

    assert versions == [1, 1, 1]
    assert_frame_equal(ask(delivered, COUNTS), table("record_count | processed_count | failed_count\n5 | 3 | 2"))


@pytest.mark.postgres
def test_steps_on_chunks_alone_judge_again_only_when_they_change(delivered: Workspace) -> None:
    make(delivered, with_steps(*STEPS))
    before = {path.name for path in (delivered.home / "staging" / "stock_health").iterdir()}

    make(delivered, with_steps(*STEPS[:2]))
    same = {path.name for path in (delivered.home / "staging" / "stock_health").iterdir()}
    make(delivered, with_steps(STEPS[0]))
    other = {path.name for path in (delivered.home / "staging" / "stock_health").iterdir()}

    assert same == before
    assert len(other - before) == 1


@pytest.mark.postgres
def test_a_day_without_the_reference_file_of_a_step_is_not_published(delivered: Workspace) -> None:
    write_known(delivered).unlink()

    with pytest.raises(StoreError, match=f"expected a reference file {KNOWN!r}"):
        make(delivered, with_steps(*STEPS))


@pytest.mark.postgres
def test_hashes_take_their_key_from_the_installation_alone(delivered: Workspace) -> None:
    pipeline = with_steps(StepSpec(use="hash", columns=["sku"]))

    with pytest.raises(StoreError, match="DATA_PIPELINE_HASH_KEY"):
        make(delivered, pipeline)
    keyed = [
        dataclasses.replace(
            delivered, settings=delivered.settings.model_validate({**delivered.settings.model_dump(), "hash_key": key})
        )
        for key in ("one", "other")
    ]
    manifests = [compute_candidate(one, pipeline, DAY).manifest for one in keyed]

    assert manifests[0].hash != manifests[1].hash
    assert "one" not in manifests[0].reference["hash key"]


@pytest.mark.postgres
def test_a_seasonal_score_sees_what_earlier_days_show(delivered: Workspace) -> None:
    score = StepSpec(use="anomaly_score", column="stock", method="seasonal", days=30)
    make(delivered, with_steps(score))

    drop(delivered, ANGGREK.replace("0105", "0106"), ROWS, day=NEXT_DAY)
    receive(delivered)
    pipeline = with_steps(score)
    with track_run(delivered, pipeline, NEXT_DAY, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        stage_batches(delivered, pipeline, NEXT_DAY, run_id)
    candidate = compute_candidate(delivered, pipeline, NEXT_DAY)

    rows = candidate.rows.collect()
    assert rows["anomaly_score"].null_count() == rows.height == 5
    assert "earlier snapshots" in candidate.manifest.reference
