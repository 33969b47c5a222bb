"""A drive that people drop files into: what is there, and which of it has come to rest."""

import re
import stat
import time
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol

from data_pipeline.errors import DriveError
from data_pipeline.model.batches import DriveFile

# Names that programs use for files they are still writing or keep to themselves.
TEMPORARY = ("~$*", ".*", "*.tmp", "*.part", "*.crdownload", "desktop.ini", "thumbs.db")
# Control characters, line ends, marks that turn the direction of writing, and bytes that are no text: what a terminal
# obeys instead of showing it.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
EMPTY_SECONDS = 600  # after which a file without a byte in it is a mistake, no longer a copy that is about to begin


class Drive(Protocol):
    """Where files come from; the local folder now, a cloud drive behind the same two verbs later."""

    def list_files(self) -> list[DriveFile]:
        """Every file that a person may have dropped, in a stable order. Raises: DriveError."""
        ...

    def name(self) -> str:
        """What an operator calls this drive."""
        ...


class LocalDrive:
    """A folder of this machine."""

    def __init__(self, root: Path, *, patterns: Iterable[str] = ("*",)) -> None:
        self._root = root.resolve()
        self._patterns = tuple(patterns)

    def name(self) -> str:
        """The folder's path."""
        return str(self._root)

    def list_files(self) -> list[DriveFile]:
        """Regular files below the folder, hidden and temporary ones left out; links are not followed.

        Raises: DriveError when the folder or one below it cannot be listed: no access is not "no files".
        """
        try:
            found = sorted(self._walk(self._root))
        except OSError as error:
            raise DriveError(
                f"drive folder {self._root}: cannot be listed ({error.strerror}: {error.filename}). "
                "Check that it exists, is mounted and may be read."
            ) from error
        return [file for path in found if (file := self._look_at(path)) is not None]

    def _walk(self, root: Path) -> Iterable[Path]:
        folders = [root]
        while folders:
            for entry in folders.pop().iterdir():
                if any(fnmatch(entry.name.lower(), pattern) for pattern in TEMPORARY):
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    folders.append(entry)
                elif any(fnmatch(entry.name.lower(), pattern) for pattern in self._patterns):
                    yield entry

    def _look_at(self, path: Path) -> DriveFile | None:
        try:
            status = path.lstat()
        except FileNotFoundError:  # renamed or taken away since it was listed
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        relative = str(Path(self._root.name) / path.relative_to(self._root))
        shown = UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], relative)
        return DriveFile(path=path, relative=shown, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def find_name_fault(file: DriveFile) -> str | None:
    """Why a file's path cannot be written into messages and tables as it is; None when it can."""
    if not file.has_text_name:
        return "its name is not text (a foreign encoding?); rename it"
    found = UNPRINTABLE.search(str(file.path))
    if found is None:
        return None
    return f"its name holds the character {ascii(found.group())}, which no screen shows; rename it"


def find_settled(files: Iterable[DriveFile], before: Mapping[str, tuple[int, int]]) -> list[DriveFile]:
    """Files that look as they did at the last look; one that still grows, or has yet to be filled, is left alone."""
    settled = [file for file in files if before.get(str(file.path)) == file.fingerprint]
    return [file for file in settled if file.size_bytes > 0 or time.time() - file.mtime_ns / 1e9 > EMPTY_SECONDS]
