"""Rules of files that are there whole or not at all."""

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import StoreError
from data_pipeline.model.rows import Rows
from data_pipeline.persist.files import write_atomically, write_parquet
from data_pipeline_tests.tables import table

LIMIT_BYTES = 64 * 1024


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond LIMIT_BYTES, as on a disk that is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("survives_power_cut", [True, False])
def test_a_file_is_written_with_its_folders(tmp_path: Path, *, survives_power_cut: bool) -> None:
    path = tmp_path / "a" / "b" / "file.csv"

    write_atomically(path, b"content", survives_power_cut=survives_power_cut)

    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(path.parent) == ["file.csv"]  # noqa: PTH208 - names are compared


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a longer content than the new one")
    with path.open("rb") as reader:
        write_atomically(path, b"new")

        assert reader.read() == b"a longer content than the new one", "who reads the old file reads all of it"
    assert path.read_bytes() == b"new"


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125 + ".csv")

    write_atomically(path, b"content")

    assert path.read_bytes() == b"content"


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    outside, link = tmp_path / "outside", tmp_path / "link"
    outside.write_bytes(b"other")
    link.symlink_to(outside)

    write_atomically(link, b"content")

    assert (outside.read_bytes(), link.is_symlink()) == (b"other", False)


@pytest.mark.parametrize("survives_power_cut", [True, False])
def test_a_full_disk_leaves_the_old_content_and_nothing_else(tmp_path: Path, *, survives_power_cut: bool) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"old")

    with full_disk(), pytest.raises(StoreError) as caught:
        write_atomically(path, bytes(LIMIT_BYTES + 1), survives_power_cut=survives_power_cut)

    assert str(caught.value) == f"{path}: cannot be written: File too large. Free space or choose another folder."
    assert isinstance(caught.value.__cause__, OSError)
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"file.csv": b"old"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("file/new.csv", "Not a directory|File exists"), ("folder", "Is a directory"), ("x" * 256, "too long")],
)
def test_a_place_that_cannot_be_written_is_the_operators(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()

    with pytest.raises(
        StoreError, match=f"cannot be written: .*({reason}).*\\. Free space or choose another folder\\."
    ):
        write_atomically(tmp_path / name, b"content")

    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


FRAME = """
    sku  | stock:integer | price:number | day:date
    0042 | 3             | 0.5          | 2025-11-25
    ''   |               |              |
"""


@pytest.mark.parametrize("frame", [table(FRAME), table(FRAME).clear()], ids=["rows", "no rows"])
def test_a_frame_is_read_back_as_it_was_written(frame: pl.DataFrame, tmp_path: Path) -> None:
    write_parquet(tmp_path / "part.parquet", Rows.of(frame))

    assert_frame_equal(pl.read_parquet(tmp_path / "part.parquet"), frame)


def test_a_frame_on_a_full_disk_is_not_half_written(tmp_path: Path) -> None:
    incompressible = pl.DataFrame({"x": [os.urandom(1000).hex() for _ in range(200)]})

    with full_disk(), pytest.raises(StoreError):
        write_parquet(tmp_path / "part.parquet", Rows.of(incompressible))

    assert list(tmp_path.iterdir()) == []
