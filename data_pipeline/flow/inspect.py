"""File -> what the reader sees in it. Loads nothing, needs no database."""

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

from data_pipeline.errors import FileRejected
from data_pipeline.flow.columns import Columns
from data_pipeline.flow.prepare import options_of
from data_pipeline.flow.rejects import Rejects
from data_pipeline.flow.row_checks import load_row_checks
from data_pipeline.flow.sensitive import hide_fault, hide_findings, hide_statistics
from data_pipeline.flow.steps import run_steps
from data_pipeline.flow.tally import merge_findings
from data_pipeline.ingest.antivirus import Scanner, find_malware
from data_pipeline.ingest.formats import detect_format
from data_pipeline.ingest.reporting import report
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.ingest.stream import Chunk, ReadingOptions, open_tables
from data_pipeline.ingest.workbook.calamine import list_sheets
from data_pipeline.model.batches import FileFault
from data_pipeline.model.findings import Finding
from data_pipeline.model.inspection import Inspection, Reason, TextForm, Verdict
from data_pipeline.model.reading import Limits
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.model.tables import RawTable
from data_pipeline.transform.registry import compile_steps, split_steps
from data_pipeline.validate.judge import Judge

SHOWN_REASONS = 20


def inspect_file(
    sandbox: Sandbox, path: Path, *, spec: PipelineSpec | None, limits: Limits, scanner: Scanner | None = None
) -> Inspection:
    """Reads a file, and judges it by a pipeline if one is named; whatever is wrong with it is part of the answer.

    Raises: StoreError when the virus scanner that is wanted is away.
    """
    seen = look_at(sandbox, path, spec=spec, limits=limits, scanner=scanner)
    return seen if spec is None else hide_sensitive(seen, spec)


def hide_sensitive(seen: Inspection, spec: PipelineSpec) -> Inspection:
    """The same without cells of the pipeline's sensitive columns; its reasons came without them."""
    hidden = {
        "columns": tuple(hide_statistics(seen.columns, spec)),
        "findings": tuple(hide_findings(seen.findings, spec)),
        "fault": hide_fault(seen.fault, [spec]),
    }
    return seen.model_copy(update=hidden)


def look_at(
    sandbox: Sandbox, path: Path, *, spec: PipelineSpec | None, limits: Limits, scanner: Scanner | None
) -> Inspection:
    """What the virus scanner says, then the reader."""
    seen: Inspection | FileFault | None = find_malware(scanner, path, path.name)
    if seen is None:
        [seen] = sandbox.run(look_into, [(path, path.name, spec, limits)])
    if isinstance(seen, FileFault):
        return Inspection(file=path.name, size_bytes=path.stat().st_size, fault=seen)
    if seen.sheet is None:
        return seen
    [sheets] = sandbox.run(list_sheets, [(path, seen.sheet)])  # those that are not read may be anything
    return seen if isinstance(sheets, FileFault) else seen.model_copy(update={"sheets": sheets})


def look_into(path: Path, name: str, spec: PipelineSpec | None, limits: Limits) -> Inspection:
    """The work itself, in a reader process. A refusal leaves what was seen before it."""
    seen: dict[str, Any] = {"file": name, "size_bytes": path.stat().st_size}
    try:
        kind = seen["format"] = detect_format(path, name=name)
        options = options_of([spec], limits) if spec is not None else ReadingOptions(limits=limits)
        chunks = open_tables(path, name=name, options=options, on_progress=report, kind=kind)
        first = next(chunks)
        seen |= describe_form(first.table)
        look = Look(first.table, spec, name=name)
        try:
            for chunk in itertools.chain([first], chunks):
                look.add(chunk)
            look.refuse_if_too_many()
        finally:
            seen |= look.summary()
    except FileRejected as refusal:
        seen["fault"] = FileFault(code=refusal.code, message=str(refusal))
    return Inspection(**seen)


def describe_form(table: RawTable) -> dict[str, Any]:
    """Sheet or dialect, and where the header is."""
    form: dict[str, Any] = {"sheet": table.origin.sheet or None, "header_rows": table.header_rows}
    if table.origin.text is not None:
        encoding, dialect = table.origin.text.encoding, table.origin.text.dialect
        form["text"] = TextForm(
            encoding=encoding.codec,
            encoding_evidence=encoding.evidence,
            delimiter=dialect.delimiter,
            quote=dialect.quote,
            escape=dialect.escape,
            newline=dialect.newline,
            dialect_evidence=dialect.evidence,
        )
    return form


class Look:
    """Adds up what the chunks of a file show."""

    def __init__(self, table: RawTable, spec: PipelineSpec | None, *, name: str) -> None:
        """Raises: FileRejected when the pipeline's columns are not there."""
        self._judging, self._spec = None, spec
        if spec is not None:
            self._judging = Judge(table.cells.columns, spec, name=name, row_checks=load_row_checks(spec))
            self._steps, _ = split_steps(compile_steps(spec.steps))
            self._rejects = Rejects(spec)
        self._columns = Columns(sampled=1)
        self._findings: list[Finding] = []
        self._codes: Counter[str] = Counter()
        self._reasons: list[Reason] = []

    def add(self, chunk: Chunk) -> None:
        """Counts a chunk in."""
        table = chunk.table
        self._columns.add(table)
        if self._judging is None or self._spec is None:
            self._findings += table.findings
            return
        judged = self._judging.judge(table, is_last=chunk.is_last)
        stepped = run_steps(judged.accepted, self._steps)
        rejects = self._rejects.collect(judged.rejects, stepped.failures, table)
        self._judging.add_rejected(stepped.rejected_records, self._rejects.first)
        self._findings += judged.findings
        self._codes.update(dict(rejects["error_code"].value_counts().iter_rows()))
        wanted = rejects.head(SHOWN_REASONS - len(self._reasons))
        self._reasons += [as_reason(row) for row in wanted.iter_rows(named=True)]

    def refuse_if_too_many(self) -> None:
        """Raises: FileRejected when the pipeline refuses the file as a whole."""
        if self._judging is not None:
            self._judging.refuse_if_too_many()

    def summary(self) -> dict[str, Any]:
        """What is known by now."""
        known: dict[str, Any] = {
            "records": self._columns.records,
            "columns": tuple(self._columns.statistics),
            "findings": tuple(merge_findings(self._findings)),
        }
        if self._judging is not None:
            known["verdict"] = Verdict(
                pipeline=self._judging.pipeline,
                accepted=self._judging.records - self._judging.rejected,
                rejected=self._judging.rejected,
                codes=dict(self._codes),
                first_reasons=tuple(self._reasons),
            )
        return known


def as_reason(row: dict[str, Any]) -> Reason:
    """A row of the rejects as the noun."""
    return Reason(
        row=row["row_number"],
        code=row["error_code"],
        column=row["column_name"],
        text=row["raw_text"],
        message=row["error_message"],
    )
