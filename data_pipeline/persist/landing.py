"""Delivered bytes, kept under their own hash and never changed."""

import hashlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data_pipeline.errors import DriveError, StoreError

CHUNK_BYTES = 1 << 20
LEFTOVER_SECONDS = 24 * 60 * 60  # after which nobody is writing to a copy any more
SUFFIX = re.compile(r"\.[a-z0-9]{1,16}")
# Folders are passed through; listing them may be forbidden, and only Linux tells the two apart.
FOLDER_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Landed:
    """A copy that nobody changes any more."""

    sha256: str
    size_bytes: int
    path: Path


class Landing:
    """A folder of files named by the SHA-256 of their content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def open(cls, folder: Path) -> "Landing":
        """The landing in that folder, without the half copies that killed processes left there.

        Raises: StoreError when they cannot be removed.
        """
        try:
            for path in folder.glob("*.part"):
                if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                    path.unlink(missing_ok=True)
        except FileNotFoundError:  # another process opens it too
            pass
        except OSError as error:
            raise StoreError(
                f"{error.filename}: cannot be removed: {error.strerror}. Check its access rights."
            ) from error
        return cls(folder)

    def find(self, sha256: str, suffix: str) -> Path:
        """Where the content with that hash lies; a suffix that no program gives is left out, names being anybody's."""
        plain = suffix.lower() if SUFFIX.fullmatch(suffix.lower()) else ""
        return self._folder / sha256[:2] / f"{sha256}{plain}"

    def get(self, sha256: str, file_name: str) -> Landed:
        """Content that was taken in before, under the suffix of the name that its sender gave it.

        Raises: StoreError when it is gone.
        """
        path = self.find(sha256, Path(file_name).suffix)
        if not path.exists():
            raise StoreError(f"{file_name}: its landed bytes {path} are gone. Restore the folder from a backup.")
        return Landed(sha256, path.stat().st_size, path)

    def take(self, source: Path) -> Landed:
        """Copies a file in, flushed to disk, before anything else happens to it.

        Raises: DriveError when it is no regular file, cannot be read, or changes under our hands; StoreError when our
        own disk is full.
        """
        descriptor = open_plainly(source)
        with os.fdopen(descriptor, "rb") as stream:
            before = os.fstat(descriptor)
            # One byte more than there was tells that it grew; who never stops writing does not fill our disk.
            temporary, digest = self._copy(stream, source, before.st_size + 1)
            after = os.fstat(descriptor)
        looks = {(status.st_size, status.st_mtime_ns) for status in (before, after)}
        if len(looks) > 1 or temporary.stat().st_size != after.st_size:
            temporary.unlink()
            raise DriveError(f"{source}: changed while it was read. It is taken when it has come to rest.")
        target = self.find(digest, source.suffix)
        with self._own_disk(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.chmod(0o444)
            temporary.replace(target)
        return Landed(sha256=digest, size_bytes=after.st_size, path=target)

    @contextmanager
    def receiving(self, name: str) -> Iterator["Arriving"]:
        """A copy of what comes piece by piece; without `finish` nothing of it stays.

        Raises: StoreError when our own disk is full.
        """
        with self._own_disk(Path(name)):
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, path = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield Arriving(self, name, stream, Path(path))
        finally:
            Path(path).unlink(missing_ok=True)

    def _copy(self, stream: BinaryIO, source: Path, most_bytes: int) -> tuple[Path, str]:
        digest = hashlib.sha256()
        with self._own_disk(source):
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with self._own_disk(source), os.fdopen(descriptor, "wb") as copy:
                while chunk := read_chunk(stream, source, min(CHUNK_BYTES, most_bytes - copy.tell())):
                    digest.update(chunk)
                    copy.write(chunk)
                copy.flush()
                os.fsync(copy.fileno())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return Path(name), digest.hexdigest()

    @contextmanager
    def _own_disk(self, source: Path) -> Iterator[None]:
        """What fails here is our own disk, not the sender's."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"{source}: cannot be copied to {self._folder}: {error.strerror}. Free space.") from error


class Arriving:
    """Bytes on their way into the landing."""

    def __init__(self, landing: Landing, name: str, stream: BinaryIO, path: Path) -> None:
        self._landing, self._name = landing, name
        self._stream, self._path = stream, path
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def write(self, piece: bytes) -> None:
        """Takes the next bytes. Raises: StoreError when our own disk is full."""
        with self._landing._own_disk(Path(self._name)):
            self._stream.write(piece)
        self._digest.update(piece)
        self.size_bytes += len(piece)

    def finish(self) -> Landed:
        """Flushed to disk under its hash. Raises: StoreError when our own disk is full."""
        digest = self._digest.hexdigest()
        target = self._landing.find(digest, Path(self._name).suffix)
        with self._landing._own_disk(Path(self._name)):
            self._stream.flush()
            os.fsync(self._stream.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            self._path.chmod(0o444)
            self._path.replace(target)
            flush_folder(target.parent)
        return Landed(sha256=digest, size_bytes=self.size_bytes, path=target)


def flush_folder(folder: Path) -> None:
    """A renamed file is there after a power cut only when its folder was flushed too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_plainly(source: Path) -> int:
    """A descriptor of a regular file; links, pipes, devices and folders are refused.

    Raises: DriveError.
    """
    # Further names of a file (hard links) are allowed: copy and backup tools make them, and Linux lets nobody link what
    # they may not read and write themselves (fs.protected_hardlinks). Its bytes are copied before they are used.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with opening_folder(source.parent.absolute()) as folder:
            descriptor = os.open(source.name, flags, dir_fd=folder)
    except OSError as error:
        raise DriveError(f"{source}: cannot be read ({error.strerror}). Check its access rights.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DriveError(f"{source}: expected a file, found something else. Put the file itself there.")
    return descriptor


@contextmanager
def opening_folder(folder: Path) -> Iterator[int]:
    """A descriptor of a folder that no link leads to: none that took the place of a folder since it was listed."""
    with ExitStack() as opened:
        descriptor = os.open(folder.anchor, FOLDER_FLAGS)
        opened.callback(os.close, descriptor)
        for part in folder.parts[1:]:
            descriptor = os.open(part, FOLDER_FLAGS, dir_fd=descriptor)
            opened.callback(os.close, descriptor)
        yield descriptor


def read_chunk(stream: BinaryIO, source: Path, most_bytes: int) -> bytes:
    """The next bytes of the sender's file. Raises: DriveError."""
    try:
        return stream.read(most_bytes)
    except OSError as error:
        raise DriveError(f"{source}: cannot be read ({error.strerror}). Check the drive.") from error
