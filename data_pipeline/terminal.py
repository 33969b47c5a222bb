"""What the command line shows: tables, progress, one line for an error."""

import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from data_pipeline.flow.record import Receipt
from data_pipeline.flow.report import (
    DayReport,
    Overview,
    is_beside_files,
    read_overview,
    report_day,
    summarise,
)
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.batches import DriveFile
from data_pipeline.model.inspection import Inspection, SheetForm, Verdict
from data_pipeline.model.reading import Progress as FileProgress
from data_pipeline.persist import embedded
from data_pipeline.persist.database import open_database
from data_pipeline.persist.database_errors import describe_url
from data_pipeline.persist.migrate import status
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.settings import Settings

# A log file or a pipe has no width of its own.
console = Console(width=None if sys.stdout.isatty() else 120)
errors = Console(stderr=True)

SHOWN_REJECTS = 8
STYLES = {"batch": "green", "failed": "red", "parked": "yellow", "unreadable": "red"}


def say(text: str) -> None:
    """One line."""
    console.print(text, highlight=False)


def show_error(error: Exception) -> None:
    """What went wrong, for the person who must act."""
    errors.print(f"[bold red]error:[/bold red] {escape(str(error))}", highlight=False, soft_wrap=True)


class Meter:
    """Counts bytes that are read, also within a file, for a progress bar."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task
        self._done: dict[str, int] = {}

    def progress(self, name: str, progress: FileProgress) -> None:
        """A file is read this far."""
        self._advance(name, progress.bytes_processed)

    def receipt(self, receipt: Receipt) -> None:
        """A file is done."""
        self._advance(receipt.file.path.name, receipt.file.size_bytes)
        self._done.pop(receipt.file.path.name, None)

    def _advance(self, name: str, position: int) -> None:
        self._bar.advance(self._task, max(0, position - self._done.get(name, 0)))
        self._done[name] = position


@contextmanager
def reading(files: Sequence[DriveFile]) -> Iterator[Meter]:
    """Progress over bytes with percent and time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(f"reading {len(files)} files", total=sum(file.size_bytes for file in files))
        yield Meter(progress, task)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A sign of life while something takes seconds."""
    with console.status(what):
        yield


def show_receipts(receipts: Sequence[Receipt], *, everything: bool = False) -> None:
    """What came of files; new ones only when asked for."""
    shown = [
        receipt for receipt in receipts if everything or receipt.outcome != "batch" or "supersedes" in receipt.note
    ]
    for receipt in shown:
        style = STYLES.get(receipt.outcome, "dim")
        say(f"  [{style}]{receipt.outcome:<10}[/{style}] {escape(receipt.file.relative)}: {escape(receipt.note)}")


def show_day(workspace: Workspace, pipeline: Pipeline, business_date: dt.date, *, folder: Path | None) -> bool:
    """Prints a day; whether no file of it waits for a person."""
    report = report_day(workspace, pipeline, business_date, most_rejects=SHOWN_REJECTS)
    published = report.published
    rows = workspace.lake.scan_version(published.parquet_path) if published else None
    summary = summarise(rows, pipeline) if rows is not None else pl.DataFrame()
    beside = summary if is_beside_files(pipeline) else pl.DataFrame()
    console.print(tabulate_deliveries(pipeline, business_date, report, beside))
    if summary.width and not is_beside_files(pipeline):
        console.print(tabulate_summary(summary, pipeline))
    show_snapshot(report)
    show_spec_versions(report)
    for delivery in report.deliveries:
        if delivery["status"] == "failed":
            say(f"  [red]failed[/red]   {escape(delivery['error_message'])}")
    for reject in report.rejects:
        column = f", column {reject['column_name']!r}" if reject["column_name"] else ""
        place = f"{reject['file_name']}, row {reject['row_number']}{column}"
        say(f"  [red]rejected[/red] {escape(place)}: {escape(reject['error_message'])}")
    if folder is not None and pipeline.spec.outputs:
        say(f"  order files: {escape(str(folder))}")
    return all(delivery["status"] == "completed" for delivery in report.deliveries)


def tabulate_deliveries(pipeline: Pipeline, business_date: dt.date, report: DayReport, beside: pl.DataFrame) -> Table:
    """One line per delivery: whose it is, rows, rejected rows, and what the summary says of its store."""
    spec = pipeline.spec
    shown = list(spec.summary.show) if spec.summary and is_beside_files(pipeline) else []
    sender = "store" if spec.identity.store_column else "sender" if spec.identity.sender else "file"
    table = Table(title=f"{spec.title}, {business_date}", title_justify="left")
    for name in (sender, "version", "rows", "rejected", *shown, "status"):
        table.add_column(name, justify="left" if name in (sender, "status") else "right", overflow="fold")
    lines = {row["store"]: row for row in beside.to_dicts()}
    for delivery in report.deliveries:
        line = lines.get(delivery["store"], {})
        failed = delivery["status"] == "failed"
        table.add_row(
            delivery["store"] or delivery["file_name"],
            str(delivery["version"]),
            count(delivery["processed_count"]),
            count(delivery["failed_count"]),
            *(show_value(line.get(title)) for title in shown),
            delivery["error_code"] if failed else delivery["status"],
            style="red" if failed else None,
        )
    return table


def tabulate_summary(summary: pl.DataFrame, pipeline: Pipeline) -> Table:
    """One line per group of the snapshot."""
    table = Table(title=f"{pipeline.spec.title}, as published", title_justify="left")
    for name, dtype in summary.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in summary.iter_rows():
        table.add_row(*map(show_value, row))
    return table


def show_value(value: object) -> str:
    """A cell of a summary."""
    return count(value) if isinstance(value, int | float | None) else escape(str(value))


def count(number: float | None) -> str:
    """A whole number with separators; nothing where there is none."""
    return "" if number is None else f"{number:,.0f}"


def show_snapshot(report: DayReport) -> None:
    """Version, completeness and id of what is published."""
    published = report.published
    if published is None:
        say("  nothing is published")
        return
    completeness = published.completeness
    state = "final" if completeness.is_final else "provisional, missing: " + ", ".join(completeness.stores_missing)
    if completeness.stores_unexpected:
        state += f"; not on the roster: {', '.join(completeness.stores_unexpected)}"
    say(f"  snapshot version {published.version}, {published.row_count:,} rows, {escape(state)}")
    say(f"  snapshot id {published.id}, content {published.content_hash[:16]}")


def show_spec_versions(report: DayReport) -> None:
    """Which versions of the declaration judged the files."""
    versions = sorted({delivery["spec_version"] for delivery in report.deliveries} - {None})
    if versions:
        say(f"  judged by version {', '.join(map(str, versions))} of the declaration")


def show_overview(workspace: Workspace) -> None:
    """Prints everything at a glance."""
    overview: Overview = read_overview(workspace)
    table = Table(title="Published", title_justify="left")
    for name in ("pipeline", "business date", "version", "rows", "stores", "missing"):
        table.add_column(name)
    for one in overview.published:
        inside, missing = one.completeness.stores_in, one.completeness.stores_missing
        day = one.business_date.isoformat()
        table.add_row(one.pipeline, day, str(one.version), count(one.row_count), str(len(inside)), str(len(missing)))
    console.print(table)
    for row in overview.waiting:
        say(f"  waiting  {row['pipeline']} {row['business_date']}: {row['files']} files")
    for row in overview.failed:
        say(f"  [red]failed[/red]   {row['business_date']} {escape(row['error_message'])}")
    for row in overview.parked:
        say(f"  [yellow]parked[/yellow]   {escape(row['path'])}: {escape(row['note'])}")
    for message in overview.faulty:
        say(f"  [red]faulty[/red]   {escape(message)}")


def show_next_steps(workspace: Workspace, *, seconds: float) -> None:
    """Where to look after the demo."""
    settings = workspace.settings
    names = sorted({one.pipeline for one in read_overview(workspace).published})
    views = [view for name in names for view in (f"{name}_snapshot", *workspace.pipeline(name).spec.marts)]
    lines = [
        f"\n[bold]Done in {seconds:.0f} s.[/bold] Where to look next:",
        f"  order files   {escape(str(settings.output_dir))}",
        f"  DuckDB        {escape(str(workspace.lake.catalog))}: {', '.join(views)}",
        "  Postgres      data-pipeline db status",
        "  Dagster UI    make up, then http://" + f"{settings.ui_host}:{settings.ui_port}",
        f"  your files    drop them into {escape(str(settings.drive_folder))} while it is up",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def show_database(settings: Settings) -> None:
    """Prints server and migrations, without starting the embedded server."""
    if settings.database_url is None:
        server = embedded.server_status(settings.home)
        state = f"running, pid {server.pid}" if server.is_running else "not running"
        say(f"embedded PostgreSQL in {server.data_dir}: {state}")
        console.print(server.url, highlight=False, soft_wrap=True)
        if not server.is_running:
            return
    database = open_database(settings)
    say(f"{describe_url(database.url)}")
    for migration in status(database.engine):
        applied = f"applied {migration.applied_at:%Y-%m-%d %H:%M:%S}" if migration.applied_at else "pending"
        say(f"  {migration.revision} {migration.name}: {applied}{'' if migration.checksum_ok else ', edited since'}")


def show_inspection(seen: Inspection) -> None:
    """What the reader sees in a file."""
    say(f"{seen.file}: {seen.format or 'unknown format'}, {seen.size_bytes:,} bytes, {seen.records:,} records")
    if seen.text is not None:
        text = seen.text
        say(f"  encoding   {text.encoding}: {text.encoding_evidence}")
        say(f"  dialect    delimiter {text.delimiter!r}, quote {text.quote!r}: {text.dialect_evidence}")
    if seen.sheet is not None:
        say(f"  sheet      {', '.join(map(describe_sheet, seen.sheets)) or seen.sheet}")
    if seen.header_rows:
        say(f"  header     row {', '.join(map(str, seen.header_rows))}")
    if seen.columns:
        console.print(tabulate_columns(seen))
    for finding in seen.findings:
        say(f"  {finding.severity:<8} {finding.code}: {finding.message}")
    if seen.verdict is not None:
        show_verdict(seen.verdict)
    if seen.fault is not None:
        errors.print(f"[red]{seen.fault.code}[/red] {escape(seen.fault.message)}", highlight=False, soft_wrap=True)


def describe_sheet(sheet: SheetForm) -> str:
    """A sheet's name with what is to be known of it."""
    size = f"{sheet.rows:,} x {sheet.columns:,}" if sheet.kind == "cells" else sheet.kind
    marks = {"read": sheet.is_read, "hidden": sheet.is_hidden}
    return f"{sheet.name} ({', '.join([*(mark for mark, applies in marks.items() if applies), size])})"


def tabulate_columns(seen: Inspection) -> Table:
    """One line per column."""
    table = Table(box=None)
    for name in ("column", "filled", "blank", "distinct", "kinds", "least", "most", "longest", "examples"):
        table.add_column(name, justify="right" if name in ("filled", "blank", "distinct", "longest") else "left")
    for column in seen.columns:
        distinct = f"> {column.distinct}" if column.has_more_distinct else str(column.distinct)
        kinds = ", ".join(f"{kind} {count}" if len(column.kinds) > 1 else kind for kind, count in column.kinds.items())
        bounds = ("" if bound is None else f"{bound:.15g}" if isinstance(bound, float) else shorten(bound)
                  for bound in (column.minimum, column.maximum))  # fmt: skip
        examples = " | ".join(shorten(example) for example in column.examples[:3])
        cells = (column.name, str(column.count - column.blanks), str(column.blanks), distinct, kinds, *bounds)
        table.add_row(*map(escape, (*cells, str(column.longest), examples)))
    return table


def shorten(text: str, longest: int = 18) -> str:
    """A text that fits into a column."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def show_verdict(verdict: Verdict) -> None:
    """What a pipeline would make of a file."""
    say(f"  judged by {verdict.pipeline}: {verdict.accepted:,} rows accepted, {verdict.rejected:,} rejected")
    for code, count in verdict.codes.items():
        say(f"    {code}: {count}")
    for reason in verdict.first_reasons[:SHOWN_REJECTS]:
        column = f", column {reason.column!r}" if reason.column else ""
        say(f"    row {reason.row}{column}: {reason.message}")
