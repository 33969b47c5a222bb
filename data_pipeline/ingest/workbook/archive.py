"""Workbook's archive -> its directory, read without believing what it says of itself.

Nothing is unpacked here. What a reader and this guard could understand differently is refused: two parts of one name,
parts that reach into each other, a local header that contradicts the directory, bytes that belong to no part.
"""

import os
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import detect_in_compound, unreadable
from data_pipeline.ingest.workbook.compound import MAGIC as COMPOUND_FILE
from data_pipeline.model.reading import Limits

AGAIN = "Save the workbook again in a spreadsheet program and send that."

END, END_BYTES, MOST_COMMENT = b"PK\5\6", 22, 1 << 16
END64, LOCATOR64 = b"PK\6\6", b"PK\6\7"
LOCAL_BYTES, DESCRIPTOR_BYTES = 30, 24
MOST_ENTRY_BYTES = 256  # of the directory, for one part on average
NEEDS_64 = 0xFFFFFFFF
IS_ENCRYPTED, HAS_DESCRIPTOR, IS_UTF8 = 0x1, 0x8, 0x800


@dataclass(frozen=True)
class Archive:
    """A workbook's parts by name, and how it is to be read."""

    path: Path
    name: str
    """What its sender calls it."""
    limits: Limits
    parts: Mapping[str, zipfile.ZipInfo]


@dataclass(frozen=True)
class EndRecord:
    """What the archive's last record says."""

    entries: int
    directory_bytes: int
    directory_at: int
    stands_at: int
    """Where the directory must end."""


def open_archive(path: Path, limits: Limits, name: str) -> Archive:
    """Lists a workbook's parts.

    Raises: FileRejected when the file is no archive, is larger than allowed, or is not what its directory says.
    """
    try:
        with path.open("rb") as file:
            end = find_end(file, path, limits, name)
            with zipfile.ZipFile(file) as listing:
                infos = listing.infolist()
            check_extents(file, infos, end, name)
    except (zipfile.BadZipFile, OSError, struct.error, ValueError, NotImplementedError) as error:
        raise unreadable(name, str(error)) from error
    if len(infos) != end.entries:
        raise unreadable(name, f"its directory lists {len(infos)} parts and says {end.entries}")
    check_repeats(infos, name)
    return Archive(path, name, limits, {info.filename: info for info in infos})


def check_repeats(infos: list[zipfile.ZipInfo], name: str) -> None:
    """Of two parts with one name one reader takes the first, another the last; some take no notice of case."""
    seen = set()
    for info in infos:
        folded = info.filename.casefold()
        if folded in seen:
            raise FileRejected(
                "DUPLICATE_ENTRY",
                f"{name}: the archive holds the part {info.filename!r} more than once, so nobody can say which counts. "
                f"{AGAIN}",
            )
        seen.add(folded)


def find_end(file: BinaryIO, path: Path, limits: Limits, name: str) -> EndRecord:
    """The archive's last record, after which nothing may come; refuses a directory that is too long to list."""
    size = file.seek(0, os.SEEK_END)
    if size > limits.file_bytes:
        raise FileRejected(
            "FILE_TOO_LARGE", f"{name}: the file has {size} bytes, {limits.file_bytes} are allowed. Split it."
        )
    start = file.seek(max(0, size - END_BYTES - MOST_COMMENT))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise refuse_without_end(file, path, name)
    end = read_end(file, tail[at : at + END_BYTES], start + at)
    if (after := size - (start + at) - END_BYTES - struct.unpack_from("<H", tail, at + 20)[0]) != 0:
        raise foreign(name, after, "after")
    if (before := end.stands_at - end.directory_at - end.directory_bytes) != 0:
        raise foreign(name, before, "before")
    if max(end.entries, end.directory_bytes // MOST_ENTRY_BYTES) > limits.archive_entries:
        raise FileRejected(
            "TOO_MANY_ENTRIES",
            f"{name}: the archive's directory lists {end.entries} parts in {end.directory_bytes} bytes, "
            f"{limits.archive_entries} parts are allowed. {AGAIN}",
        )
    return end


def read_end(file: BinaryIO, record: bytes, at: int) -> EndRecord:
    """The end record at this place, or the longer one that it points at."""
    entries, size, offset = struct.unpack_from("<HII", record, 10)
    if entries != 0xFFFF and NEEDS_64 not in (size, offset):
        return EndRecord(entries, size, offset, at)
    file.seek(at - 20)
    mark, _, at64, _ = struct.unpack("<4sIQI", file.read(20))
    if mark != LOCATOR64:
        return EndRecord(entries, size, offset, at)
    file.seek(at64)
    mark, entries, size, offset = struct.unpack("<4s28xQQQ", file.read(56))
    if mark != END64:
        raise zipfile.BadZipFile("its end record is damaged")
    return EndRecord(entries, size, offset, at64)


def refuse_without_end(file: BinaryIO, path: Path, name: str) -> FileRejected:
    """The refusal of what is no archive; an encrypted workbook lies in a file of another kind."""
    file.seek(0)
    if file.read(len(COMPOUND_FILE)) == COMPOUND_FILE:
        detect_in_compound(path, name)
    return unreadable(name, "File is not a zip file")


def foreign(name: str, count: int, side: str) -> FileRejected:
    """The refusal of an archive that is glued to something else."""
    return FileRejected("FOREIGN_BYTES", f"{name}: {abs(count)} bytes {side} the archive belong to no part. {AGAIN}")


def check_extents(file: BinaryIO, infos: list[zipfile.ZipInfo], end: EndRecord, name: str) -> None:
    """Parts must lie one behind the other, from the first byte up to the directory, and be what it says they are."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    starts = [info.header_offset for info in ordered] + [end.directory_at]
    if starts[0] != 0:
        raise foreign(name, starts[0], "before")
    for info, following in zip(ordered, starts[1:], strict=True):
        stop = check_local_header(file, info, name)
        if stop > following:
            raise FileRejected(
                "OVERLAPPING_ENTRIES",
                f"{name}: the part {info.filename!r} reaches {stop - following} bytes into what follows it. {AGAIN}",
            )
    if ordered and end.directory_at - stop > DESCRIPTOR_BYTES:
        raise foreign(name, end.directory_at - stop, "after")


def check_local_header(file: BinaryIO, info: zipfile.ZipInfo, name: str) -> int:
    """Where a part ends by its own header, which must not contradict the directory: readers trust one or the other."""
    file.seek(info.header_offset)
    mark, flags, method, packed, unpacked, name_bytes, extra_bytes = struct.unpack(
        "<4s2xHH8xIIHH", file.read(LOCAL_BYTES)
    )
    if mark != b"PK\3\4":
        raise zipfile.BadZipFile(f"{info.filename!r} is not where the directory says")
    own_name = file.read(name_bytes).decode("utf-8" if flags & IS_UTF8 else "cp437")
    sizes_differ = not flags & HAS_DESCRIPTOR and (
        packed not in (info.compress_size, NEEDS_64) or unpacked not in (info.file_size, NEEDS_64)
    )
    if own_name != info.orig_filename or method != info.compress_type or sizes_differ:
        raise FileRejected(
            "HEADERS_DIFFER",
            f"{name}: the part {info.filename!r} says of itself {own_name!r}, method {method}, {packed} bytes packed "
            f"and {unpacked} unpacked; the archive's directory says otherwise. {AGAIN}",
        )
    return info.header_offset + LOCAL_BYTES + int(name_bytes) + int(extra_bytes) + info.compress_size
