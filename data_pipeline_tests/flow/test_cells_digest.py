"""Rules of the hash of cells: equal for what says the same, wherever it was cut, and different for anything else."""

import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from data_pipeline.flow.cells_digest import CellsDigest

ROWS = st.tuples(
    st.none() | st.text(max_size=3), st.none() | st.text(max_size=3), st.none() | st.sampled_from([0.0, 0.07, 1e300])
)
SCHEMA = {"a": pl.String, "b": pl.String, "c": pl.Float64}


def digest(*chunks: pl.DataFrame) -> bytes:
    """The hash of some chunks."""
    hashing = CellsDigest()
    for chunk in chunks:
        hashing.add(chunk)
    return hashing.digest()


def frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    """Rows of two texts and a number."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@given(st.lists(ROWS, max_size=5), st.lists(ROWS, max_size=5))
def test_rows_hash_alike_only_if_they_are_alike(
    left: list[tuple[object, ...]], right: list[tuple[object, ...]]
) -> None:
    """Texts moved to the neighbour, to the next row, or blank instead of missing are other rows."""
    assert (digest(frame(left)) == digest(frame(right))) == (left == right)


@given(st.lists(ROWS, min_size=1, max_size=8), st.integers(0, 8))
def test_it_does_not_matter_where_rows_are_cut(rows: list[tuple[object, ...]], cut: int) -> None:
    whole = frame(rows)

    assert digest(whole.head(cut), whole.slice(cut)) == digest(whole)


def test_columns_of_other_types_and_names_are_other_columns() -> None:
    columns = [
        pl.Series("a", [0, 0], dtype=pl.Int64),
        pl.Series("a", [0.0, 0.0]),
        pl.Series("a", [dt.date(1970, 1, 1)] * 2),
        pl.Series("a", ["", ""]),
        pl.Series("b", [0, 0], dtype=pl.Int64),
        pl.Series("a", [None, 0], dtype=pl.Int64),
    ]

    assert len({digest(column.to_frame()) for column in columns}) == len(columns)


def test_a_number_that_a_spreadsheet_saved_again_is_the_same() -> None:
    assert digest(pl.DataFrame({"a": [0.07]})) == digest(pl.DataFrame({"a": [0.07000000000000001]}))
