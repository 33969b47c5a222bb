"""The command line: what an operator types, and the only place that knows exit codes.

0: done. 1: not done, one error says why. 2: not understood. 3: done, but some files wait for a person.
"""

import datetime as dt
import functools
import getpass
import importlib
import signal
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from data_pipeline import terminal
from data_pipeline.cli.api import api
from data_pipeline.cli.audit import audit
from data_pipeline.cli.database import db
from data_pipeline.cli.destinations import deliver_and_show, deliver_published, show_destinations
from data_pipeline.cli.inspect import inspect
from data_pipeline.cli.keys import keys
from data_pipeline.cli.new import new, schema
from data_pipeline.errors import DestinationError, PipelineError, RequestError
from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Receipt, Statement
from data_pipeline.flow.workspace import Workspace, open_workspace
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.model.batches import DriveFile
from data_pipeline.settings import PROJECT_ROOT, Settings

# Dagster chains errors in circles, which rich tracebacks follow for ever: pretty_exceptions_enable is off.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A morning's store workbooks in, one published snapshot out.",
)
app.add_typer(db, name="db")
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
app.command()(api)
app.command()(new)
app.command()(schema)
app.command()(inspect)
app.command("destinations")(show_destinations)
app.command("deliver")(deliver_published)

NEEDS_A_PERSON = 3
PipelineName = Annotated[str, typer.Option("--pipeline", help="Name of the pipeline.")]
MaybePipeline = Annotated[str | None, typer.Option("--pipeline", help="Name of the pipeline.")]
Day = Annotated[dt.datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Business date, YYYY-MM-DD.")]
MaybeDay = Annotated[dt.datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Business date.")]
OutputDir = Annotated[Path | None, typer.Option(help="Folder of the order files.")]
ReferenceDir = Annotated[Path | None, typer.Option(help="Folder of suppliers, contributions and lists.")]


def main() -> None:
    """Runs a command; what people can mend is one line, anything else is our bug and stays loud."""
    try:
        app()
    except PipelineError as error:
        terminal.show_error(error)
        sys.exit(1)


def as_date(day: dt.datetime | None) -> dt.date | None:
    """A calendar day out of what typer parsed."""
    return None if day is None else day.date()


@functools.cache
def load_runner(settings: Settings) -> "Future[ModuleType]":
    """Imports Dagster and opens its instance in a thread: other processes read files meanwhile."""
    return ThreadPoolExecutor(max_workers=1).submit(open_runner, settings)


def open_runner(settings: Settings) -> ModuleType:
    """The module that runs a date."""
    runner = importlib.import_module("data_pipeline.orchestrate.run")
    runner.open_instance(settings)
    return runner


def run_and_show(
    workspace: Workspace, pipeline: str, business_date: dt.date, *, output_dir: Path | None = None
) -> bool:
    """Runs a date and prints it, also where a destination does not take it; whether nobody needs to look at it."""
    undelivered = None
    with terminal.waiting(f"{pipeline} {business_date}: judging, computing, publishing"):
        runner = load_runner(workspace.settings).result()
        try:
            runner.run_day(workspace.settings, pipeline, business_date, output_dir=output_dir)
        except DestinationError as error:
            undelivered = error
    folder = output_dir or workspace.settings.output_dir / f"{business_date:%Y%m%d}"
    is_clean = terminal.show_day(workspace, workspace.pipeline(pipeline), business_date, folder=folder)
    if undelivered is not None:
        raise undelivered
    return is_clean


def receive(workspace: Workspace, files: list[DriveFile], statement: Statement | None = None) -> list[Receipt]:
    """Takes files in, with progress, and prints those that are not simply new."""
    with terminal.reading(files) as meter:
        receipts = receive_files(workspace, files, statement, on_receipt=meter.receipt, on_progress=meter.progress)
    terminal.show_receipts(receipts)
    return receipts


def finish(*, is_clean: bool) -> None:
    """Ends a command with the status that says whether a person must look at some file."""
    if not is_clean:
        raise typer.Exit(NEEDS_A_PERSON)


@app.command()
def process(
    pipeline: PipelineName,
    date: Day,
    input_dir: Annotated[Path, typer.Option(help="Folder of the day's files.")],
    output_dir: OutputDir = None,
    reference_dir: ReferenceDir = None,
) -> None:
    """Process one business date from a folder: read, judge, publish, write the order files."""
    settings = Settings.from_env(reference_dir=reference_dir)
    load_runner(settings)
    workspace = open_workspace(settings)
    spec = workspace.pipeline(pipeline).spec
    files = LocalDrive(input_dir, patterns=spec.source.patterns).list_files()
    if not files:
        raise RequestError(f"{input_dir}: expected files like {', '.join(spec.source.patterns)}, found none.")
    receipts = receive(workspace, files, Statement(pipeline=pipeline, business_date=date.date()))
    is_clean = run_and_show(workspace, pipeline, date.date(), output_dir=output_dir)
    finish(is_clean=is_clean and all(receipt.outcome != "parked" for receipt in receipts))


@app.command()
def retry(pipeline: PipelineName, date: MaybeDay = None, output_dir: OutputDir = None) -> None:
    """Try failed files again, and only those; a file that was repaired in its place is read anew."""
    from data_pipeline.flow.repair import retry_failed

    workspace = open_workspace(Settings.from_env())
    receipts = retry_failed(workspace, workspace.pipeline(pipeline), as_date(date))
    if not receipts:
        terminal.say("nothing failed, nothing to retry")
    terminal.show_receipts(receipts, everything=True)
    days = sorted({receipt.business_date for receipt in receipts if receipt.business_date})
    clean = [run_and_show(workspace, pipeline, day, output_dir=output_dir) for day in days]
    finish(is_clean=all(clean))


@app.command()
def watch(
    drive_folder: Annotated[Path | None, typer.Option(help="Folder that files are dropped into.")] = None,
    poll_interval: Annotated[int | None, typer.Option(help="Seconds between two looks.")] = None,
    once: Annotated[bool, typer.Option(help="Run everything that waits once no more files come, and stop.")] = False,
) -> None:
    """Watch the drive folder without Dagster's daemon, until stopped."""
    from data_pipeline.flow.watch import Fingerprints, find_due_dates, look_at_drive

    settings = Settings.from_env(drive_folder=drive_folder, poll_seconds=poll_interval)
    workspace = open_workspace(Settings.from_env())
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    drive, unsettled = LocalDrive(settings.drive_folder), Fingerprints()
    while not stopping.is_set():
        look = look_at_drive(workspace, drive, unsettled)
        terminal.show_receipts(look.receipts, everything=True)
        is_quiet = not look.receipts and look.unsettled == unsettled
        for one in find_due_dates(workspace, everything=once and is_quiet):
            run_and_show(workspace, one.pipeline, one.business_date)
        if once and is_quiet:
            break
        unsettled = look.unsettled
        stopping.wait(settings.poll_seconds)


@app.command()
def status(pipeline: MaybePipeline = None, date: MaybeDay = None) -> None:
    """Show what is published, what waits, what failed and what is parked; with a date, everything of that date."""
    from data_pipeline.flow.report import list_pipelines_of

    workspace = open_workspace(Settings.from_env())
    if date is None:
        terminal.show_overview(workspace)
        return
    names = [pipeline] if pipeline else list_pipelines_of(workspace, date.date())
    for name in names:
        terminal.show_day(workspace, workspace.pipeline(name), date.date(), folder=None)
    if not names:
        terminal.say(f"{date:%Y-%m-%d}: nothing was delivered to any pipeline")


@app.command()
def assign(
    file: Path,
    date: Day,
    store: Annotated[str | None, typer.Option(help="The store that the file is from, where files are of one.")] = None,
    pipeline: MaybePipeline = None,
) -> None:
    """Decide what a parked file is; the spelling of its name is remembered."""
    from data_pipeline.flow.repair import assign_file, find_only_pipeline

    workspace = open_workspace(Settings.from_env())
    found = find_only_pipeline(workspace, file, pipeline)
    statement = Statement(store=store, business_date=date.date())
    receipt = assign_file(workspace, found, file, statement, taught_by=getpass.getuser())
    terminal.show_receipts([receipt], everything=True)
    finish(is_clean=receipt.outcome != "parked" and run_and_show(workspace, found.name, date.date()))


@app.command()
def rollback(
    pipeline: PipelineName,
    date: Day,
    to: Annotated[int, typer.Option(help="Version that is to be shown again.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Show an earlier version of a business date again, in both databases and in the order files."""
    from data_pipeline.flow.deliver import deliver
    from data_pipeline.flow.publish import load_published, roll_back

    workspace = open_workspace(Settings.from_env())
    found, day = workspace.pipeline(pipeline), date.date()
    moved = roll_back(workspace, found, day, to, reason=reason, actor=getpass.getuser())
    terminal.say(f"{pipeline} {day}: version {moved.version} is shown ({moved.row_count} rows, {moved.id})")
    if found.spec.outputs:
        folder = workspace.settings.output_dir / f"{day:%Y%m%d}"
        deliver(workspace, found, day, load_published(workspace, found, day), folder)
        terminal.say(f"order files written again: {folder}")
    deliver_and_show(workspace, found, day, folder=None)


@app.command()
def demo(seeds: Annotated[Path, typer.Option(help="Folder of the seeds.")] = PROJECT_ROOT / "seeds") -> None:
    """Run the main job on the seeds: two business days, faults included, then the store that comes late."""
    started = time.monotonic()
    settings = Settings.from_env(reference_dir=seeds / "reference")
    load_runner(settings)
    workspace = open_workspace(settings)
    for folder in (seeds / "drive", seeds / "late"):
        terminal.say(f"\n[bold]{folder.relative_to(seeds.parent)}[/bold]: store files, as they were dropped")
        receipts = receive(workspace, LocalDrive(folder).list_files())
        dates = {(one.pipeline, one.business_date) for one in receipts if one.pipeline and one.business_date}
        for name, day in sorted(dates):
            run_and_show(workspace, name, day)
    terminal.show_next_steps(workspace, seconds=time.monotonic() - started)


@app.command()
def generate(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")] = Path("generated"),
    stores: Annotated[int, typer.Option(help="Number of stores.")] = 6,
    rows: Annotated[int, typer.Option(help="Rows per store.")] = 1000,
    days: Annotated[int, typer.Option(help="Number of business days.")] = 1,
    first_day: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"])] = dt.datetime(2026, 1, 5),  # noqa: DTZ001
) -> None:
    """Make store workbooks and reference data of any size."""
    from data_pipeline.generate import generate as generate_files

    made = generate_files(folder, stores=stores, rows=rows, days=days, first_day=first_day.date())
    terminal.say(f"{made.files} files with {made.rows} rows below {folder}")


@app.command()
def up() -> None:
    """Run everything in the foreground: database, code location, daemon with its sensors, Dagster's UI."""
    from data_pipeline.orchestrate.up import run_everything

    raise typer.Exit(run_everything(Settings.from_env(), say=terminal.say))
