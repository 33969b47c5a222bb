"""`data-pipeline destinations` and `data-pipeline deliver`: who has what, and sending it again."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from data_pipeline import terminal
from data_pipeline.flow.workspace import Workspace, open_workspace
from data_pipeline.persist.tracking import Row
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline.settings import Settings

STYLES = {"failed": "red", "open": "red", "half-open": "yellow", "delivering": "yellow"}


def show_destinations(
    date: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Business date.")] = None,
) -> None:
    """Show what each destination has, and whether it answers: state of its breaker, since when, last error."""
    from data_pipeline.flow.due import read_destinations

    seen = read_destinations(open_workspace(Settings.from_env()), None if date is None else date.date())
    terminal.console.print(tabulate_dependencies(seen.dependencies))
    terminal.console.print(tabulate_deliveries(seen.latest))
    for row in seen.latest:
        if row["error_message"]:
            terminal.say(f"  [red]{row['error_code']}[/red] {escape(row['error_message'])}")


def tabulate_dependencies(rows: list[Row]) -> Table:
    """A line for everything outside that was ever asked."""
    table = Table(title="what destinations depend on", title_justify="left")
    for name in ("dependency", "breaker", "since", "failures in a row", "last error", "at"):
        table.add_column(name, overflow="fold")
    for row in rows:
        texts = (row["name"], row["state"], show(row["changed_at"]), str(row["failures"]), row["last_error"] or "")
        table.add_row(*map(escape, texts), show(row["last_error_at"]), style=STYLES.get(row["state"]))
    return table


def tabulate_deliveries(rows: list[Row]) -> Table:
    """A line for each date and destination."""
    table = Table(title="deliveries", title_justify="left")
    names = ("pipeline", "date", "destination", "version", "status", "attempts", "rows", "refused", "left out", "at")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        counts = [terminal.count(row[name]) for name in ("rows_delivered", "rows_refused", "rows_left_out")]
        what = (row["pipeline"], str(row["business_date"]), row["destination"], str(row["version"]), row["status"])
        style = STYLES.get(row["status"])
        table.add_row(*what, str(row["attempts"]), *counts, show(row["completed_at"]), style=style)
    return table


def show(moment: dt.datetime | None) -> str:
    """A moment in UTC; nothing where there is none."""
    return "" if moment is None else f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def deliver_published(
    pipeline: Annotated[str, typer.Option(help="Name of the pipeline.")],
    date: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="Business date, YYYY-MM-DD.")],
    output_dir: Annotated[Path | None, typer.Option(help="Folder of the files.")] = None,
) -> None:
    """Bring what is published of a date to the destinations that do not have it."""
    workspace = open_workspace(Settings.from_env())
    deliver_and_show(workspace, workspace.pipeline(pipeline), date.date(), folder=output_dir)


def deliver_and_show(workspace: Workspace, pipeline: Pipeline, business_date: dt.date, *, folder: Path | None) -> None:
    """Delivers, and prints a line for each destination.

    Raises: DestinationError when one does not take it.
    """
    from data_pipeline.flow.deliveries import deliver_all, refuse_failed

    found = deliver_all(
        workspace, pipeline, business_date, folder or workspace.settings.output_dir / f"{business_date:%Y%m%d}"
    )
    for one in found:
        counts = f"{one.rows_delivered} rows, {one.rows_refused} refused, {one.rows_left_out} left out"
        terminal.say(f"  [{STYLES.get(one.status, 'green')}]{one.status:<10}[/] {one.destination}: {counts}")
    refuse_failed(found, f"{pipeline.name} {business_date}")
