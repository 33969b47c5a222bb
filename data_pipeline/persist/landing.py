"""Delivered bytes, kept under their own hash and never changed."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data_pipeline.errors import DriveError, StoreError

CHUNK_BYTES = 1 << 20


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

    def find(self, sha256: str, suffix: str) -> Path:
        """Where the content with that hash lies."""
        return self._folder / sha256[:2] / f"{sha256}{suffix.lower()}"

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
            temporary, digest = self._copy(stream, source)
            after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            temporary.unlink()
            raise DriveError(f"{source}: changed while it was read. It is taken when it has come to rest.")
        target = self.find(digest, source.suffix)
        with self._own_disk(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.chmod(0o444)
            temporary.replace(target)
        return Landed(sha256=digest, size_bytes=after.st_size, path=target)

    def _copy(self, stream: BinaryIO, source: Path) -> tuple[Path, str]:
        digest = hashlib.sha256()
        with self._own_disk(source):
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with self._own_disk(source), os.fdopen(descriptor, "wb") as copy:
                for chunk in iter(lambda: read_chunk(stream, source), b""):
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


def open_plainly(source: Path) -> int:
    """A descriptor of a regular file; links, pipes, devices and folders are refused.

    Raises: DriveError.
    """
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DriveError(f"{source}: cannot be read ({error.strerror}). Check its access rights.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DriveError(f"{source}: expected a file, found something else. Put the file itself there.")
    return descriptor


def read_chunk(stream: BinaryIO, source: Path) -> bytes:
    """The next bytes of the sender's file. Raises: DriveError."""
    try:
        return stream.read(CHUNK_BYTES)
    except OSError as error:
        raise DriveError(f"{source}: cannot be read ({error.strerror}). Check the drive.") from error
