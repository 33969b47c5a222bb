"""A pipeline's example through reader, rules, steps and processor, beside what is expected of it."""

from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from data_pipeline.flow.compute import process
from data_pipeline.flow.prepare import options_of
from data_pipeline.flow.steps import run_steps
from data_pipeline.ingest.readers import TABLE_SUFFIXES
from data_pipeline.ingest.references import read_reference
from data_pipeline.ingest.stream import read_table
from data_pipeline.model.processing import Knowledge
from data_pipeline.model.reading import Limits
from data_pipeline.model.rows import Rows
from data_pipeline.model.store_names import StoreNames
from data_pipeline.model.tables import ReferenceTable
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.transform.registry import compile_steps
from data_pipeline.transform.step import Known
from data_pipeline.validate.judge import judge


def read_references(folder: Path) -> dict[str, ReferenceTable]:
    """Reference files by their path below the folder."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in TABLE_SUFFIXES]
    names = [path.relative_to(folder).as_posix() for path in paths]
    return {name: ReferenceTable(name, *read_reference(path)) for name, path in zip(names, paths, strict=True)}


def accept_rows(pipeline: Pipeline) -> pl.DataFrame:
    """Rows of the example that pass, as the flow hands them on."""
    [path] = (pipeline.folder / "examples").glob("rows.*")
    spec = pipeline.spec
    rows = judge(read_table(path, name=path.name, options=options_of([spec], Limits())), spec, name=path.name)
    provenance = {"source_file": pl.lit(path.name), "source_version": pl.lit(1, pl.Int64)}
    store = {} if "store" in rows.accepted.columns else {"store": pl.lit("")}
    return rows.accepted.with_columns(**store, **provenance)


def compute_example(pipeline: Pipeline) -> pl.DataFrame:
    """The rows of the snapshot that the example gives."""
    spec = pipeline.spec
    references = read_references(pipeline.folder / "examples" / "reference")
    known = Known(references={name: table.with_header() for name, table in references.items()})
    rows = run_steps(accept_rows(pipeline), compile_steps(spec.steps), known).rows
    store_names = StoreNames.build(rows["store"].unique(), {}, spec.identity.chain_prefixes)
    options = {} if spec.process is None else spec.process.options
    made, _, _ = process(pipeline, Rows.of(rows), Knowledge(references, store_names, options))
    return made.collect()


def check_example(pipeline: Pipeline) -> None:
    """`expected.csv` holds some columns of the snapshot, all its rows, in publishing order."""
    rows = compute_example(pipeline)
    path = pipeline.folder / "examples" / "expected.csv"
    columns = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    expected = pl.read_csv(path, schema={column: rows.schema[column] for column in columns})

    assert_frame_equal(rows.select(columns), expected)
