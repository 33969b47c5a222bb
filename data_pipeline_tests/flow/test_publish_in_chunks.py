"""Rules of a date that is read in chunks: published as if it were one table, or not at all."""

import dataclasses
from collections.abc import Iterator

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import ConservationError, StoreError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.publish import hash_rows, publish
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model import rows as model_rows
from data_pipeline.model.rows import Rows
from data_pipeline.model.snapshots import Candidate
from data_pipeline.persist import files
from data_pipeline_tests.flow.days import (
    ANGGREK,
    DAY,
    FIRST_SHOWN,
    OTHER_ROWS,
    PIPELINE,
    SECOND_SHOWN,
    ask,
    assert_both_show,
    drop,
    list_versions,
    receive,
    stage,
)
from data_pipeline_tests.tables import in_chunks

pytestmark = pytest.mark.postgres


@pytest.fixture
def candidate(published: Workspace) -> Candidate:
    """Three rows that would take the place of the two that are shown."""
    receive(published, drop(published, ANGGREK, OTHER_ROWS))
    stage(published)
    return compute_candidate(published, PIPELINE, DAY)


def failing(frame: pl.DataFrame, error: Exception, *, sound_passes: int) -> Rows:
    """One row a chunk; the third cannot be read after some passes."""
    passes = iter(range(100))

    def read() -> Iterator[pl.DataFrame]:
        is_sound = next(passes) < sound_passes
        for place, chunk in enumerate(frame.iter_slices(1)):
            if place == 2 and not is_sound:
                raise error
            yield chunk

    return Rows(read, frame.schema, height=frame.height)


def test_a_date_in_chunks_is_published_as_if_it_were_one_table(published: Workspace, candidate: Candidate) -> None:
    whole = candidate.rows.collect()
    expected = published.lake.write_version("stock_health", DAY, 9, Rows.of(whole))

    made = publish(published, PIPELINE, dataclasses.replace(candidate, rows=in_chunks(whole)))

    assert (made.row_count, made.content_hash) == (3, hash_rows(Rows.of(whole)))
    assert_both_show(published, SECOND_SHOWN)
    written = published.lake.load_version(made.parquet_path)
    assert_frame_equal(written.select(whole.columns), published.lake.load_version(expected))
    assert written["position"].to_list() == [0, 1, 2]


@pytest.mark.parametrize("sound_passes", [0, 1, 2], ids=["when written", "when hashed", "when copied"])
def test_a_fault_in_the_third_chunk_leaves_nothing_visible(
    published: Workspace, candidate: Candidate, sound_passes: int
) -> None:
    whole = candidate.rows.collect()
    broken = failing(whole, StoreError("no third chunk"), sound_passes=sound_passes)

    with pytest.raises(StoreError, match="no third chunk"):
        publish(published, PIPELINE, dataclasses.replace(candidate, rows=broken))

    assert_both_show(published, FIRST_SHOWN)
    assert ask(published, "select version from snapshots").rows() == [("1",)]
    assert [path.name for path in list_versions(published)][1:] == ["2026-01-05.v2.parquet"] * (sound_passes > 0)
    assert publish(published, PIPELINE, candidate).version == 2
    assert_both_show(published, SECOND_SHOWN)


def test_rows_that_went_missing_since_they_were_proven_are_not_published(
    published: Workspace, candidate: Candidate
) -> None:
    whole = candidate.rows.collect()
    shorter = Rows(lambda: [whole.head(2)], whole.schema, height=3)

    with pytest.raises(ConservationError, match="expected 3 rows, read 2"):
        publish(published, PIPELINE, dataclasses.replace(candidate, rows=shorter))

    assert_both_show(published, FIRST_SHOWN)
    assert [path.name for path in list_versions(published)] == ["2026-01-05.v1.parquet"]


def test_the_hash_of_a_content_does_not_depend_on_its_chunks() -> None:
    frame = pl.DataFrame({"n": range(250_001)})

    hashes = {hash_rows(in_chunks(frame, size)) for size in (7_919, 100_000, 300_000)}

    # Of slices of 100,000 rows, as published before there were chunks.
    assert hashes == {"33fd50e1a65cbd0a63e8d0059af853c34a1220317093908f2a1c32ee818dad64"}


def test_a_file_does_not_depend_on_the_chunks(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"n": range(250), "text": [f"row {number}" for number in range(250)]})
    for module in (model_rows, files):
        monkeypatch.setattr(module, "SLICE_ROWS", 100)

    paths = [
        workspace.lake.write_version("shelf", DAY, version, in_chunks(frame, size))
        for version, size in enumerate((1, 70, 100, 300))
    ]

    assert len({(workspace.home / path).read_bytes() for path in paths}) == 1
    opened = workspace.lake.open_version(paths[0])
    assert [chunk.height for chunk in opened.chunks()] == [100, 100, 50]
    assert_frame_equal(opened.collect(), frame)
