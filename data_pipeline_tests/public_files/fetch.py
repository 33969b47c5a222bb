"""Pinned packages -> their table files in out/public_files, each under its hash.

Every registry is asked through its ordinary client, which knows where it is: unearth (a finder of Python packages that
downloads without building, from an environment that uv makes for it), `npm pack`, `apt-get source --download-only`.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import IO

from data_pipeline_tests.public_files.manifest import FOLDER, INSTALLED, Expected, Package, Source

ARCHIVES, FILES, APT = FOLDER / "archives", FOLDER / "files", FOLDER / "apt"
MOST_BYTES = 32 << 20  # of one table file
UNEARTH = ("tool", "run", "--from", "unearth==0.19.0", "unearth", "--no-binary", "--download")
APT_SOURCES = Path("/etc/apt")
SECONDS = 600


class FetchError(Exception):
    """A package that cannot be had, or is another than the pinned one."""


def fetch(package: Package) -> Path:
    """The package's archive, downloaded once.

    Raises: FetchError when its client fails or it has other bytes.
    """
    path = ARCHIVES / package.archive
    if not path.exists():
        ARCHIVES.mkdir(parents=True, exist_ok=True)
        command = build_command(package)
        done = subprocess.run(command, cwd=ARCHIVES, capture_output=True, text=True, timeout=SECONDS)
        if done.returncode or not path.exists():
            raise FetchError(f"{package.name} {package.version}: {command[0]} failed: {done.stderr[-500:]}")
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != package.sha256:
        raise FetchError(f"{path}: expected the SHA-256 {package.sha256}, found {found}. Remove it and try again.")
    return path


def build_command(package: Package) -> list[str]:
    """What downloads a package into the current folder."""
    pinned = {"pypi": "==", "npm": "@", "debian": "="}[package.source].join((package.name, package.version))
    commands: dict[Source, list[str]] = {
        "pypi": [sys.executable, "-m", "uv", *UNEARTH, ".", pinned],
        "npm": ["npm", "pack", pinned],
        "debian": ["apt-get", *list_apt_options(), "source", "--download-only", "--only-source", pinned],
    }
    if package.source == "debian":
        prepare_apt()
    return commands[package.source]


def prepare_apt() -> None:
    """A list of source packages of our own, from the registries that the machine knows; its own list stays."""
    lists = APT / "sources"
    if lists.exists():
        return
    lists.mkdir(parents=True)
    (APT / "lists" / "partial").mkdir(parents=True)
    (APT / "cache" / "archives" / "partial").mkdir(parents=True)
    for path in [APT_SOURCES / "sources.list", *(APT_SOURCES / "sources.list.d").glob("*")]:
        if path.suffix in (".list", ".sources") and path.exists():
            text = path.read_text(encoding="utf-8")
            name = path.name if path.parent.name == "sources.list.d" else "main.list"
            text = re.sub(r"^Types:.*", "Types: deb-src", re.sub(r"^deb ", "deb-src ", text, flags=re.M), flags=re.M)
            (lists / name).write_text(text, encoding="utf-8")
    subprocess.run(["apt-get", *list_apt_options(), "update"], check=True, capture_output=True, timeout=SECONDS)


def list_apt_options() -> list[str]:
    """What makes apt-get use the lists and folders of our own."""
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": APT / "sources",
        "Dir::State::Lists": APT / "lists",
        "Dir::Cache": APT / "cache",
        "APT::Sandbox::User": "root",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def unpack(archive: Path, wanted: dict[str, str]) -> None:
    """Copies these members, by path and SHA-256, each to a file named by its hash; nothing else is unpacked.

    Raises: FetchError when one is missing or has other bytes.
    """
    missing = {path for path, sha256 in wanted.items() if not place(sha256).exists()}
    if not missing:
        return
    FILES.mkdir(parents=True, exist_ok=True)
    for path, content in list_members(archive):
        if path in missing:
            keep(content.read(MOST_BYTES + 1), wanted[path], path)
            missing.discard(path)
    if missing:
        raise FetchError(f"{archive}: lacks {sorted(missing)[:3]}.")


def list_members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The ordinary files of an archive, in its order."""
    with tarfile.open(archive) as members:
        for member in members:
            content = members.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content


def keep(content: bytes, sha256: str, path: str) -> None:
    """Writes one file under its hash."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise FetchError(f"{path}: expected the SHA-256 {sha256}, found {found}.")
    place(sha256).write_bytes(content)


def place(sha256: str) -> Path:
    """Where a file of this hash lies."""
    return FILES / sha256


def find_installed(expected: Expected) -> Path | None:
    """A file that our own requirements install, if it has the bytes that are expected."""
    if expected.package != INSTALLED:
        return None
    path = Path(str(distribution(INSTALLED).locate_file(expected.path)))
    is_same = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == expected.sha256
    return path if is_same else None
