"""`data-pipeline keys ...`: the keys of programs, for whoever may type commands here."""

import datetime as dt
import getpass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from data_pipeline import terminal
from data_pipeline.flow.workspace import open_workspace
from data_pipeline.persist.keys import SCOPES, Limits
from data_pipeline.settings import Settings

if TYPE_CHECKING:
    from data_pipeline.flow.keys import Steward

keys = typer.Typer(no_args_is_help=True, help="Keys of programs: issued, listed, revoked, replaced.")

PROGRAM_SCOPES = tuple(scope for scope in SCOPES if scope != "admin")
Limit = Annotated[int | None, typer.Option(min=1)]


@keys.command("issue")
def keys_issue(  # noqa: PLR0913 - everything that a key is
    owner: Annotated[str, typer.Option(help="Whose it is; made when new.")],
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; several.")] = list(PROGRAM_SCOPES),  # noqa: B006
    expires_in_days: Annotated[int | None, typer.Option(min=1, help="Unset: good until it is revoked.")] = None,
    requests_per_minute: Limit = None,
    waiting_batches: Limit = None,
    records_per_day: Limit = None,
) -> None:
    """Make a key and print it, for the only time; without --scope it may do everything but administer."""
    from data_pipeline.flow.keys import NewKey, issue, list_owners, make_owner

    workspace, steward = open_workspace(Settings.from_env()), find_steward()
    if owner not in {row["id"] for row in list_owners(workspace, steward)}:
        make_owner(workspace, steward, owner, owner)
    expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=expires_in_days) if expires_in_days else None
    limits = Limits(requests_per_minute, waiting_batches, records_per_day)
    issued = issue(workspace, steward, NewKey(owner, name, list(dict.fromkeys(scope)), limits, expires_at))
    show_secret(issued.key)


@keys.command("list")
def keys_list(owner: Annotated[str | None, typer.Option(help="Whose.")] = None) -> None:
    """Show every key without its secret."""
    from data_pipeline.flow.keys import list_keys

    table = Table(title="keys", title_justify="left")
    for column in ("prefix", "owner", "name", "scopes", "created", "expires", "last used", "state"):
        table.add_column(column, overflow="fold")
    for row in list_keys(open_workspace(Settings.from_env()), find_steward(), owner):
        state = "revoked" if row["revoked_at"] else f"replaced by {row['successor']}" if row["successor"] else ""
        dates = [show(row[name]) for name in ("created_at", "expires_at", "last_used_at")]
        table.add_row(row["prefix"], row["owner_id"], escape(row["name"]), " ".join(row["scopes"]), *dates, state)
    terminal.console.print(table)


@keys.command("revoke")
def keys_revoke(prefix: Annotated[str, typer.Argument(help="The part of a key that the list shows.")]) -> None:
    """End a key; running servers refuse it within seconds."""
    from data_pipeline.flow.keys import revoke

    row = revoke(open_workspace(Settings.from_env()), find_steward(), prefix)
    terminal.say(f"revoked: {row['prefix']} of {row['owner_id']}")


@keys.command("rotate")
def keys_rotate(
    prefix: Annotated[str, typer.Argument(help="The part of a key that the list shows.")],
    overlap_seconds: Annotated[float, typer.Option(min=0, help="How long the old one stays good.")] = 3600,
) -> None:
    """Make a key with the same scopes and limits in place of another, and print it, for the only time."""
    from data_pipeline.flow.keys import rotate

    workspace = open_workspace(Settings.from_env())
    show_secret(rotate(workspace, find_steward(), prefix, overlap_seconds=overlap_seconds).key)


def find_steward() -> "Steward":
    """Whoever may type here manages every owner."""
    from data_pipeline.flow.keys import OPERATORS, Steward

    return Steward(OPERATORS, f"cli {getpass.getuser()}")


def show_secret(key: str) -> None:
    """Plainly and alone on its line, for pipes: nothing may fold it."""
    typer.echo(key)


def show(moment: dt.datetime | None) -> str:
    """A moment in UTC; nothing where there is none."""
    return "" if moment is None else f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
