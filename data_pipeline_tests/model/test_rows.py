"""Rules of rows in chunks: the same rows wherever they are cut, none lost, keys found again across chunks."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import ConservationError, StoreError
from data_pipeline.model import repeats
from data_pipeline.model.repeats import append, count_doubled, find_repeats
from data_pipeline.model.rows import Rows, concat_rows
from data_pipeline_tests.tables import in_chunks, table

FRAME = pl.DataFrame({"n": range(7)})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 9])
def test_pieces_are_of_equal_length_whatever_the_chunks(size: int) -> None:
    pieces = [piece["n"].to_list() for piece in in_chunks(FRAME, size).iter_slices(3)]

    assert pieces == [[0, 1, 2], [3, 4, 5], [6]]


def test_no_rows_are_no_piece() -> None:
    assert list(in_chunks(FRAME.clear()).iter_slices(3)) == []
    assert list(Rows.of(FRAME.clear()).iter_slices(3)) == []
    assert_frame_equal(in_chunks(FRAME.clear()).collect(), FRAME.clear())


@pytest.mark.parametrize("size", [1, 2, 9])
def test_ranges_are_taken_out_in_one_pass(size: int) -> None:
    taken = in_chunks(FRAME, size).take([(1, 1), (2, 3), (6, 1)])

    assert [piece["n"].to_list() for piece in taken] == [[1], [2, 3, 4], [6]]


def test_rows_are_numbered_across_chunks() -> None:
    numbered = in_chunks(FRAME).number("position").collect()

    assert numbered["position"].to_list() == numbered["n"].to_list()


def test_a_column_that_one_table_lacks_is_null_there() -> None:
    both = concat_rows([in_chunks(table("a | b\n1 | x\n2 | y\n3 | z")), Rows.of(table("b | c\nw | 9"))])

    assert both.height == 4
    assert_frame_equal(both.collect(), table("a | b | c\n1 | x |\n2 | y |\n3 | z |\n  | w | 9"))


def test_what_is_left_out_is_counted_by_a_pass() -> None:
    odd = in_chunks(FRAME).map(lambda chunk: chunk.filter(pl.col("n") % 2 == 1), drops=True)

    assert (odd.height, odd.collect()["n"].to_list()) == (3, [1, 3, 5])


def test_a_pass_that_gives_fewer_rows_than_the_one_before_is_told() -> None:
    passes = iter([FRAME, FRAME.head(6)])
    rows = Rows(lambda: [next(passes)], FRAME.schema)
    assert rows.height == 7

    with pytest.raises(ConservationError, match="expected 7 rows, read 6: something changed them meanwhile"):
        rows.collect()


KEYS = table("""
    store  | sku
    Padang | 1
    Padang | 2
           | 1
    Padang | 1
    1      |
    Aceh   | 1
    Padang | 1
           | 1
""")


@pytest.mark.parametrize("bucket", [1, 3, 100], ids=["a file a row", "three files", "in memory"])
def test_a_key_is_found_again_wherever_it_lies(bucket: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "BUCKET_ROWS", bucket)

    assert count_doubled(in_chunks(KEYS), ["store", "sku"]) == 5
    assert find_repeats(in_chunks(KEYS), ["store", "sku"]) == [3, 6, 7]
    assert find_repeats(in_chunks(KEYS), ["sku"]) == [2, 3, 5, 6, 7]
    assert count_doubled(in_chunks(KEYS.clear()), ["sku"]) == 0


def test_a_full_folder_of_temporary_files_is_named() -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as file,
        pytest.raises(StoreError, match=r"cannot be written: No space left on device\. Free space or set TMPDIR"),
    ):
        append(b"key", file)
