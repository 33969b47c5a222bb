"""Every pipeline's example, worked by hand, through reader, rules and processor."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.ingest.readers import TABLE_SUFFIXES
from data_pipeline.ingest.references import read_reference
from data_pipeline.ingest.stream import read_table
from data_pipeline.model.processing import Knowledge
from data_pipeline.model.store_names import StoreNames
from data_pipeline.model.tables import ReferenceTable
from data_pipeline.pipelines.catalog import Pipeline, find_pipeline, load_catalog
from data_pipeline.validate.judge import judge


def read_references(folder: Path) -> dict[str, ReferenceTable]:
    """Reference files by their path below the folder."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in TABLE_SUFFIXES]
    names = [path.relative_to(folder).as_posix() for path in paths]
    return {name: ReferenceTable(name, *read_reference(path)) for name, path in zip(names, paths, strict=True)}


def accept_rows(pipeline: Pipeline) -> pl.DataFrame:
    """Rows of the example that pass, as the flow hands them to the processor."""
    rows = judge(read_table(pipeline.folder / "examples" / "rows.csv", name="rows.csv"), pipeline.spec, name="rows.csv")
    provenance = {"source_file": pl.lit("rows.csv"), "source_version": pl.lit(1, pl.Int64)}
    store = {} if "store" in rows.accepted.columns else {"store": pl.lit("")}
    return rows.accepted.with_columns(**store, **provenance)


@pytest.mark.parametrize("name", load_catalog())
def test_an_example_gives_what_was_worked_by_hand(name: str) -> None:
    """`expected.csv` holds some columns of the snapshot, all its rows, in publishing order."""
    pipeline = find_pipeline(name)
    rows = accept_rows(pipeline)
    spec = pipeline.spec
    store_names = StoreNames.build(rows["store"].unique(), {}, spec.identity.chain_prefixes)
    knowledge = Knowledge(
        read_references(pipeline.folder / "examples" / "reference"), store_names, spec.process.options
    )

    processed = pipeline.load_processor()(rows, knowledge).rows

    path = pipeline.folder / "examples" / "expected.csv"
    columns = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    expected = pl.read_csv(path, schema={column: processed.schema[column] for column in columns})
    assert_frame_equal(processed.select(columns), expected)
