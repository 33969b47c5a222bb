"""Landed file -> judged rows on disk. Runs inside the sandbox: nothing else touches a file's content.

The result is a pure function of the file's bytes and of how the pipeline judges, so it is kept under both hashes and
never computed twice, whoever asks first: the sensor that wants to know what a file is, or the run that wants its rows.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from data_pipeline.flow.rejects import Rejects
from data_pipeline.flow.row_checks import load_row_checks
from data_pipeline.flow.sensitive import hide_fault, hide_summary
from data_pipeline.flow.steps import run_steps
from data_pipeline.flow.tally import Tally
from data_pipeline.ingest.antivirus import find_malware, open_scanner
from data_pipeline.ingest.identity import choose_pipeline
from data_pipeline.ingest.reporting import report
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.ingest.stream import ReadingOptions, open_tables
from data_pipeline.model.batches import FileFault, Prepared
from data_pipeline.model.reading import Limits, Progress, ReadingSpec
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.tables import RawTable
from data_pipeline.persist.files import write_atomically
from data_pipeline.persist.landing import Landed
from data_pipeline.persist.parts import writing_part
from data_pipeline.threads import Beside
from data_pipeline.transform.registry import compile_steps, split_steps
from data_pipeline.validate.judge import Judge, Judged

# Part of the key: other versions of our code or of the reader may read other rows.
READING_VERSION = f"{version('data_pipeline')}+excelreader{version('excelreader-native')}"

OnProgress = Callable[[str, Progress], None]
"""Gets a file's name and how far it is read; called from several threads."""


class PrepareSettings(Protocol):
    """The part of Settings that reading needs; settings lie above this layer."""

    @property
    def home(self) -> Path: ...

    @property
    def limits(self) -> Limits: ...

    @property
    def clamd(self) -> str | None: ...


def prepared_folder(home: Path, spec: PipelineSpec) -> Path:
    """Where the judged files of a pipeline lie, by how it judges and which steps it takes on each chunk of a file."""
    steps, _ = split_steps(compile_steps(spec.steps))
    on_chunks = "".join(one.model_dump_json() for one in spec.steps[: len(steps)])
    key = hashlib.sha256(f"{spec.judging_hash} {on_chunks} {READING_VERSION}".encode()).hexdigest()
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


def prepare_file(
    landed: Path, sha256: str, name: str, specs: Sequence[PipelineSpec], home: Path, limits: Limits
) -> Prepared:
    """Reads, judges and writes accepted rows and reasons as Parquet; the record last, so it never names a half file.

    With several specs, the header says which pipeline the file is for. Memory holds one chunk of the file.
    Raises: FileRejected when the file as a whole is unusable; StoreError when they cannot be written.
    """
    tables = open_tables(landed, name=name, options=options_of(specs, limits), on_progress=report)
    first = next(tables)
    header = first.table.cells.columns
    spec = choose_pipeline(header, specs, name=name)
    judging, tally = Judge(header, spec, name=name, row_checks=load_row_checks(spec)), Tally(spec)
    rejected = Rejects(spec)
    steps, _ = split_steps(compile_steps(spec.steps))
    part, rejects = f"{sha256}.parquet", f"{sha256}.rejects.parquet"
    folder = prepared_folder(home, spec)
    with writing_part(folder / part) as accepted, writing_part(folder / rejects) as refused:

        def keep(pair: tuple[RawTable, Judged]) -> None:
            table, judged = pair
            stepped = run_steps(judged.accepted, steps)
            writing.run(accepted.add, stepped.rows)
            refused.add(rejected.collect(judged.rejects, stepped.failures, table))
            counting.run(lambda all_of_it: tally.add(*all_of_it), (table, judged, stepped))

        # Each takes about as long as judging; one after another they would hold it up.
        with Beside() as writing, Beside() as counting, Beside() as keeping:
            for chunk in itertools.chain([first], tables):
                keeping.run(keep, (chunk.table, judging.judge(chunk.table, is_last=chunk.is_last)))
        judging.add_rejected(tally.rows_failed, rejected.first)
        judging.refuse_if_too_many()
    origin = first.table.origin
    prepared = Prepared(
        pipeline=spec.name,
        content_sha256=sha256,
        sheet=origin.sheet,
        rows_read=judging.records,
        rows_rejected=judging.rejected,
        created_at=origin.created_at,
        part=part,
        rejects=rejects,
        **hide_summary(tally.summarise(name=name), spec),
    )
    write_atomically(folder / f"{sha256}.json", prepared.model_dump_json().encode())
    return prepared


def options_of(specs: Sequence[PipelineSpec], limits: Limits) -> ReadingOptions:
    """How a file is read that may be for any of these pipelines: what all of them declare, and their headers."""
    declared = {spec.source.reading for spec in specs}
    headers = frozenset(header for spec in specs for column in spec.columns for header in column.headers)
    ignored = frozenset(header for spec in specs for header in spec.source.ignored_headers)
    reading = declared.pop() if len(declared) == 1 else ReadingSpec()
    return ReadingOptions(reading=reading, known_headers=headers | ignored, limits=limits)


def prepare_all(
    sandbox: Sandbox,
    landed: Sequence[tuple[Landed, str]],
    specs: Sequence[PipelineSpec],
    *,
    settings: PrepareSettings,
    on_progress: OnProgress = lambda _, __: None,
) -> Iterator[Prepared | FileFault]:
    """Prepares files in parallel, those with a kept result at once; yields in order of `landed` (file, given name).

    Raises: StoreError when a virus scanner is wanted and away: no reader sees a file that was not scanned.
    """
    scanner = open_scanner(settings.clamd)
    kept: list[Prepared | FileFault | None] = [
        load_prepared(settings.home, file.sha256, specs) or find_malware(scanner, file.path, name)
        for file, name in landed
    ]
    calls = [
        (file.path, file.sha256, name, specs, settings.home, settings.limits)
        for (file, name), prepared in zip(landed, kept, strict=True)
        if prepared is None
    ]
    names = [call[2] for call in calls]
    told = lambda position, progress: on_progress(names[position], progress)  # noqa: E731 - a partial over a list
    fresh = sandbox.run(prepare_file, calls, on_told=told) if calls else iter(())
    for prepared in kept:
        yield prepared if prepared is not None else hide_fault(next(fresh), specs)
