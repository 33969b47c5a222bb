"""`data-pipeline audit ...`: what was done and refused, and whether the log is still as it was written."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from data_pipeline import terminal
from data_pipeline.flow.workspace import open_workspace
from data_pipeline.settings import Settings

audit = typer.Typer(no_args_is_help=True, help="The audit log: sealed, shown, verified.")


@audit.command("verify")
def audit_verify() -> None:
    """Compare every entry with its seal; ends with 1 when one was changed, removed or added afterwards."""
    from data_pipeline.flow.upkeep import verify

    verdict = verify(open_workspace(Settings.from_env()))
    found = f"{verdict.seals} seals over {verdict.rows} entries, {verdict.unsealed} not sealed yet"
    if verdict.broken is None:
        terminal.say(f"whole: {found}")
        return
    terminal.say(f"[red]broken[/red]: {found}; the first that its entries do not fit is seal {verdict.broken}")
    raise typer.Exit(1)


@audit.command("seal")
def audit_seal() -> None:
    """Seal what was written since the last seal; a running API does so every few seconds."""
    from data_pipeline.flow.upkeep import seal

    terminal.say(f"sealed: {seal(open_workspace(Settings.from_env()))} entries")


@audit.command("show")
def audit_show(
    owner: Annotated[str, typer.Option(help="Whose entries.")] = "builtin",
    most: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
) -> None:
    """Show the newest entries of an owner."""
    from data_pipeline.cli.keys import find_steward, show
    from data_pipeline.flow.keys import list_audit

    table = Table(title=f"audit log of {owner}", title_justify="left")
    for column in ("id", "at", "actor", "action", "subject", "outcome", "details"):
        table.add_column(column, overflow="fold")
    rows = list_audit(open_workspace(Settings.from_env()), find_steward(), owner, before=None, most=most)
    for row in rows:
        texts = (row["actor"], row["action"], row["subject"], row["outcome"], str(row["details"] or ""))
        table.add_row(str(row["id"]), show(row["at"]), *map(escape, texts))
    terminal.console.print(table)
