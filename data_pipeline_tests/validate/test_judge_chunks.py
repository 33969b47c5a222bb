"""Rules of judging a file that comes in chunks: as if it had come at once."""

import dataclasses

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_pipeline.flow.tally import Tally
from data_pipeline.model.tables import RawTable
from data_pipeline.validate.judge import Judge, judge
from data_pipeline_tests.specs import shelf_spec
from data_pipeline_tests.tables import raw_table

SKUS, STOCKS, SALES = (
    st.sampled_from(["1", "2", "3", "4", ""]),
    st.sampled_from(["1", "x", "-2", ""]),
    ["0.5", "2e9", "NAN"],
)
RECORDS = st.lists(st.tuples(SKUS, STOCKS, st.sampled_from(SALES)), min_size=1, max_size=12)


def build(records: list[tuple[str, str, str]]) -> RawTable:
    """The records as a file's table."""
    columns = list(zip(*records, strict=True))
    return raw_table(
        pl.DataFrame(
            {
                "SKU": columns[0],
                "Brand": ["A"] * len(records),
                "Toko": ["Padang"] * len(records),
                "Stok": columns[1],
                "Daily Sales": columns[2],
            }
        )
    )


@settings(deadline=None)
@given(RECORDS, st.integers(1, 5))
def test_where_a_file_is_cut_changes_nothing(records: list[tuple[str, str, str]], size: int) -> None:
    table, spec = build(records), shelf_spec()
    whole = judge(table, spec, name="a.csv")
    judging, tally = Judge(table.cells.columns, spec, name="a.csv"), Tally(spec)

    starts = range(0, table.cells.height, size)
    tables = [
        dataclasses.replace(
            table, cells=table.cells.slice(start, size), row_numbers=table.row_numbers.slice(start, size)
        )
        for start in starts
    ]
    pieces = [judging.judge(one, is_last=one is tables[-1]) for one in tables]

    for part in ("accepted", "rejects", "values"):
        assert_frame_equal(pl.concat([getattr(piece, part) for piece in pieces]), getattr(whole, part))
    at_once = Tally(spec)
    at_once.add(table, whole)
    for one, piece in zip(tables, pieces, strict=True):
        tally.add(one, piece)
    assert (judging.records, judging.rejected) == (len(records), whole.rejected_rows)
    assert (tally.cells_sha256, tally.measures, tally.stores) == (
        at_once.cells_sha256,
        at_once.measures,
        at_once.stores,
    )
    assert tally.statistics == at_once.statistics
    assert [(found.code, found.rows) for found in tally.findings] == [
        (found.code, found.rows) for found in at_once.findings
    ]
