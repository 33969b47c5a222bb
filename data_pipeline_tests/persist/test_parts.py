"""Rules of parts that come in chunks: read as one table, and whole or not at all."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import StoreError
from data_pipeline.persist.parts import read_chunks, writing_part

CHUNKS = [pl.DataFrame({"sku": [f"{start}", "x"], "stock": [start, 2]}) for start in range(3)]


def write(path: Path, chunks: list[pl.DataFrame]) -> None:
    """A part made of these chunks."""
    with writing_part(path) as writer:
        for chunk in chunks:
            writer.add(chunk)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_part_is_read_by_its_path_however_many_chunks_it_has(tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.parquet"

    write(path, CHUNKS[:count])

    assert_frame_equal(pl.read_parquet(path), pl.concat(CHUNKS[:count]))
    assert_frame_equal(pl.concat(read_chunks(path)), pl.concat(CHUNKS[:count]))
    assert [one.name for one in tmp_path.iterdir()] == ["a.parquet"]


def test_a_part_that_is_written_again_holds_nothing_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write(path, CHUNKS)

    write(path, CHUNKS[:2])

    assert_frame_equal(pl.read_parquet(path), pl.concat(CHUNKS[:2]))


@pytest.mark.parametrize("count", [1, 3])
def test_a_part_that_is_not_finished_leaves_nothing(tmp_path: Path, count: int) -> None:
    def fail() -> None:
        with writing_part(tmp_path / "a.parquet") as writer:
            for chunk in CHUNKS[:count]:
                writer.add(chunk)
            raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"):
        fail()

    assert list(tmp_path.iterdir()) == []
