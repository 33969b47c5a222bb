"""`data-pipeline db ...`: the embedded server and the schema."""

from typing import Annotated

import typer

from data_pipeline import terminal
from data_pipeline.flow.workspace import open_workspace
from data_pipeline.persist import embedded
from data_pipeline.settings import Settings

db = typer.Typer(no_args_is_help=True, help="The database: the embedded server and the schema.")


@db.command("status")
def db_status() -> None:
    """Show the server and the schema."""
    terminal.show_database(Settings.from_env())


@db.command("start")
def db_start() -> None:
    """Start the embedded server and bring the schema up to date."""
    open_workspace(Settings.from_env())
    terminal.show_database(Settings.from_env())


@db.command("stop")
def db_stop() -> None:
    """Stop the embedded server."""
    was_running = embedded.stop_server(Settings.from_env().home)
    terminal.say("stopped" if was_running else "was not running")


@db.command("upgrade")
def db_upgrade() -> None:
    """Apply the migrations that are not applied yet; every command does so when it starts."""
    open_workspace(Settings.from_env())
    terminal.show_database(Settings.from_env())


@db.command("rollback")
def db_rollback(
    to: Annotated[
        str | None, typer.Option(help="Migration to go back to, or 'base'; the one before by default.")
    ] = None,
) -> None:
    """Undo migrations. The next command applies them again: for going back to an older release."""
    from data_pipeline.persist.database import open_database
    from data_pipeline.persist.migrate import rollback as undo

    undone = undo(open_database(Settings.from_env()).engine, to)
    terminal.say(f"undone: {', '.join(undone) or 'nothing'}")
