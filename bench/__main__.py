"""Measures each stage of a day against its floor in the same run; ratios count, seconds only on this machine now.

    python -m bench [--stores 6] [--rows 6000] [--rounds 5] [--real FOLDER --reference FOLDER]

Floors: inflating the workbooks' XML, or Polars' own CSV reader (read), reading them (guard), one hand-written Polars
cast of the same cells (judge), reading the parts back (compute), a plain COPY of the same CSV into an unindexed table
(publish). Medians of several rounds. Files of gigabytes: `python -m bench.large`.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from bench.clock import Line, compare
from bench.day import DAY, time_whole_day
from bench.readers import measure_readers, read_all
from bench.rules import measure_rules
from data_pipeline.generate import generate
from data_pipeline.ingest.readers import read_rows
from data_pipeline.ingest.stream import read_table
from data_pipeline.model.processing import Knowledge
from data_pipeline.model.store_names import StoreNames
from data_pipeline.model.tables import RawTable, ReferenceTable
from data_pipeline.persist.embedded import stop_server
from data_pipeline.pipelines.catalog import Pipeline, find_pipeline
from data_pipeline.validate.judge import judge

NUMBERS = ("Stok", "Daily Sales", "Max. Daily Sales", "Lead Time", "Max. Lead Time", "Min. Order", "Sedang PO", "HPP",
           "Harga")  # fmt: skip


def main(
    stores: Annotated[int, typer.Option()] = 6,
    rows: Annotated[int, typer.Option()] = 6000,
    rounds: Annotated[int, typer.Option()] = 5,
    real: Annotated[Path | None, typer.Option(help="Folder of real workbooks instead of generated ones.")] = None,
    reference: Annotated[Path | None, typer.Option(help="Its reference folder.")] = None,
) -> None:
    """Prints a line per stage."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        if real is None or reference is None:
            generate(folder, stores=stores, rows=rows, days=1, first_day=DAY)
            real, reference = folder / f"{DAY:%Y%m%d}", folder / "reference"
        files = sorted(real.glob("*.xlsx"))
        pipeline = find_pipeline("stock_health")
        table = Table("stage", "seconds", "floor", "ratio", "floor is", title=f"{len(files)} workbooks")
        for line in measure_readers(files, folder, rounds=rounds):
            table.add_row(*line)
        for line in measure_stages(files, reference, pipeline, rounds=rounds):
            table.add_row(*line)
        try:
            for line in time_whole_day(real, reference, folder / "home", read_all(files), rounds=max(1, rounds // 2)):
                table.add_row(*line)
        finally:
            stop_server(folder / "home")
        table.add_row(*measure_rules(1_000_000, rounds=rounds))  # last: a fork counts what its parent holds
        Console(width=110).print(table)


def measure_stages(files: list[Path], reference: Path, pipeline: Pipeline, *, rounds: int) -> list[Line]:
    """The stages that run in one process."""
    tables = {path.name: read_table(path, name=path.name) for path in files}
    parts = [judge(table, pipeline.spec, name=name).accepted for name, table in tables.items()]
    accepted = pl.concat(parts)
    knowledge = know(reference, accepted, pipeline)
    process = pipeline.load_processor()
    return [
        compare(
            "judge",
            lambda: [judge(table, pipeline.spec, name=name) for name, table in tables.items()],
            lambda: [cast_plainly(table) for table in tables.values()],
            "one cast of the numbers",
            rounds,
        ),
        compare(
            "compute", lambda: process(accepted, knowledge), lambda: accepted.sort("store", "sku"), "one sort", rounds
        ),
    ]


def cast_plainly(table: RawTable) -> pl.DataFrame:
    """The numbers of a file, with no word about those that are none."""
    return table.cells.select(pl.col(NUMBERS).cast(pl.Float64, strict=False))


def know(reference: Path, accepted: pl.DataFrame, pipeline: Pipeline) -> Knowledge:
    """Reference files and store names as a run would have them."""
    paths = [path for path in sorted(reference.rglob("*")) if path.suffix in (".csv", ".xlsx")]
    tables = {
        path.relative_to(reference).as_posix(): ReferenceTable(path.name, "", read_rows(path, name=path.name))
        for path in paths
    }
    names = StoreNames.build(accepted["store"].unique(), {}, pipeline.spec.identity.chain_prefixes)
    options = pipeline.spec.process.options if pipeline.spec.process else {}
    return Knowledge(references=tables, store_names=names, options=options)


if __name__ == "__main__":
    typer.run(main)
