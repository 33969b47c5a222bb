"""Landed file -> judged rows on disk. Runs inside the sandbox: nothing else touches a file's content.

The result is a pure function of the file's bytes and of how the pipeline judges, so it is kept under both hashes and
never computed twice, whoever asks first: the sensor that wants to know what a file is, or the run that wants its rows.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import polars as pl

from data_pipeline.aggregate.measures import sum_measures
from data_pipeline.ingest.identity import choose_pipeline
from data_pipeline.ingest.readers import read_table
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault, Prepared
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.persist.files import write_atomically, write_parquet
from data_pipeline.persist.landing import Landed
from data_pipeline.validate.judge import Judged, judge

# Part of the key: other versions of our code or of the reader may read other rows.
READING_VERSION = f"{version('data_pipeline')}+excelreader{version('excelreader-native')}"
SIGNIFICANT_DIGITS = 15  # what a spreadsheet program keeps; a re-saved 0.07000000000000001 is the same cell as 0.07


def prepared_folder(home: Path, spec: PipelineSpec) -> Path:
    """Where the judged files of a pipeline lie, by how it judges."""
    key = hashlib.sha256(f"{spec.judging_hash} {READING_VERSION}".encode()).hexdigest()
    return home / "staging" / spec.name / key[:16]


def load_prepared(home: Path, sha256: str, specs: Sequence[PipelineSpec]) -> Prepared | None:
    """The kept result for a file, if it was computed before."""
    for spec in specs:
        folder = prepared_folder(home, spec)
        record = folder / f"{sha256}.json"
        if record.exists():
            prepared = Prepared.model_validate_json(record.read_bytes())
            if (folder / prepared.part).exists() and (folder / prepared.rejects).exists():
                return prepared
    return None


def prepare_file(landed: Path, sha256: str, name: str, specs: Sequence[PipelineSpec], home: Path) -> Prepared:
    """Reads, judges and writes accepted rows and reasons as Parquet; the record last, so it never names a half file.

    With several specs, the header says which pipeline the file is for.
    Raises: FileRejected when the file as a whole is unusable.
    """
    table = read_table(landed, name=name)
    spec = choose_pipeline(table.cells.columns, specs, name=name)
    judged = judge(table, spec, name=name)
    part, rejects = f"{sha256}.parquet", f"{sha256}.rejects.parquet"
    folder = prepared_folder(home, spec)
    write_parquet(folder / part, judged.accepted)
    write_parquet(folder / rejects, judged.rejects)
    prepared = Prepared(
        pipeline=spec.name,
        content_sha256=sha256,
        cells_sha256=hash_cells(judged),
        sheet=table.origin.sheet,
        rows_read=table.cells.height,
        rows_accepted=judged.accepted.height,
        rows_rejected=judged.rejected_rows,
        measures=sum_measures(judged.accepted, spec.measures),
        stores=count_values(judged, spec.identity.store_column),
        sales_dates=count_days(judged, spec.identity.sales_date_column),
        created_at=table.origin.created_at,
        findings=list(judged.findings),
        part=part,
        rejects=rejects,
    )
    write_atomically(folder / f"{sha256}.json", prepared.model_dump_json().encode())
    return prepared


def prepare_all(
    sandbox: Sandbox, landed: Sequence[tuple[Landed, str]], specs: Sequence[PipelineSpec], home: Path
) -> Iterator[Prepared | FileFault]:
    """Prepares files in parallel, those with a kept result at once; yields in order of `landed` (file, given name)."""
    kept = [load_prepared(home, file.sha256, specs) for file, _ in landed]
    calls = [
        (file.path, file.sha256, name, specs, home)
        for (file, name), prepared in zip(landed, kept, strict=True)
        if prepared is None
    ]
    fresh = sandbox.run(prepare_file, calls) if calls else iter(())
    for prepared in kept:
        yield prepared if prepared is not None else next(fresh)


def hash_cells(judged: Judged) -> str:
    """Hash of what the declared cells mean: equal for two files that say the same in another encoding."""
    meaning = judged.values.with_columns(pl.col(pl.Float64).round_sig_figs(SIGNIFICANT_DIGITS))
    unread = judged.rejects.select("record_index", "error_code", "column_name", "raw_text")
    return hashlib.sha256((meaning.write_csv() + unread.write_csv()).encode()).hexdigest()


def count_values(judged: Judged, column: str | None) -> dict[str, int]:
    """How many records name each value of a column; blank ones are not counted."""
    if column is None or column not in judged.values.columns:
        return {}
    named = judged.values[column].drop_nulls()
    return dict(named.filter(named != "").value_counts(sort=True).iter_rows())


def count_days(judged: Judged, column: str | None) -> dict[str, int]:
    """How many records name each day; texts that are no day of our times, such as 0000-00-00, are not counted."""
    counts = count_values(judged, column)
    named = pl.DataFrame(
        {"day": list(counts), "rows": list(counts.values())}, schema={"day": pl.String, "rows": pl.Int64}
    )
    days = named.with_columns(pl.col("day").str.to_date("%Y-%m-%d", strict=False))
    real = days.filter(pl.col("day").is_between(dt.date(1990, 1, 1), dt.date(2100, 1, 1)))
    return {day.isoformat(): rows for day, rows in real.group_by("day").sum().sort("day").iter_rows()}
