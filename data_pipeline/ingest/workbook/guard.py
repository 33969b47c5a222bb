"""Zip-based workbook -> refusal or findings, from its directory alone and before a parser sees it.

A courtesy and no boundary: it refuses in milliseconds, and with words that its sender can act upon, most of what would
otherwise end as a death in the sandbox. What it lets pass the sandbox must survive.
"""

import re
import stat
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import encrypted
from data_pipeline.ingest.workbook.archive import AGAIN, IS_ENCRYPTED, Archive, open_archive
from data_pipeline.ingest.workbook.parts import Part, check_entities, describe, inflate, read_long_part
from data_pipeline.model.findings import Finding, Severity
from data_pipeline.model.reading import Limits

WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
INSPECTED_BY_READER = "xl/workbook.xml"
LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)")
ODD_CHARACTER = re.compile(r"[\x00-\x1f\x7f<>|\"*?\\\ufffd\u202a-\u202e]")
ARCHIVE_SUFFIXES = re.compile(r"\.(zip|7z|rar|gz|tgz|bz2|xz|tar|zst|cab|jar|iso|xls[xmb]?|xlt[xm]|od[st]|docx|pptx)$")
EMBEDDED = "xl/embeddings/"
PACKED_BY = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
STRONG_ENCRYPTION = 0x40
EDGE_BYTES = 64
MANIFESTS = "META-INF/"  # OpenOffice writes a document type there, and nobody resolves it
SMALL_BYTES = 10 << 20  # a part of this size may be packed as tightly as it likes
FILE_TYPES = {0, stat.S_IFREG, stat.S_IFDIR}

# Code, severity, parts that give it away, and what is said of them.
CONTENTS: tuple[tuple[str, Severity, re.Pattern[str], str], ...] = (
    (
        "MACROS",
        "warn",
        re.compile(r"vbaproject\.bin$|^xl/macrosheets/|^basic/|^scripts/"),
        "macros, which are never run",
    ),
    (
        "EXTERNAL_LINKS",
        "warn",
        re.compile(r"^xl/externallinks/[^/]+$|^xl/connections\.xml$|^xl/querytables/"),
        "links to other files or data, which are never followed: the values stored with them are used",
    ),
    (
        "EMBEDDED_OBJECTS",
        "info",
        re.compile(r"^xl/(?:embeddings|activex)/[^/]+$|^object [^/]+/|^objectreplacements/"),
        "embedded objects, which are never opened",
    ),
)


def check_archive(path: Path, limits: Limits, name: str) -> tuple[Finding, ...]:
    """Looks at a workbook's archive, and says what it holds besides sheets.

    Raises: FileRejected when the archive is not what it says it is, or larger unpacked than allowed.
    """
    archive, findings = guard_archive(path, limits, name)
    if INSPECTED_BY_READER not in archive.parts:
        for part in archive.parts:
            unpack(Part(archive, part))
    return findings


def unpack(part: Part) -> None:
    """Unpacks a part to see that it is what it is said to be; nothing of it is kept."""
    if part.name.startswith(MANIFESTS) or not part.name.endswith((".xml", ".rels")):
        deque(inflate(part), maxlen=0)
        return
    edge = b""
    for chunk in read_long_part(part):
        check_entities(part, edge + chunk)
        edge = chunk[-EDGE_BYTES:]


def guard_archive(path: Path, limits: Limits, name: str) -> tuple[Archive, tuple[Finding, ...]]:
    """The archive and what is to be said of it; its parts are not yet unpacked."""
    archive = open_archive(path, limits, name)
    for info in archive.parts.values():
        check_entry(info, limits, name)
    check_total(archive)
    if not any(part in archive.parts for part in WORKBOOKS):
        raise FileRejected(
            "MISSING_PART",
            f"{name}: expected a workbook, found an archive of {describe(archive)}. "
            "Open the file in a spreadsheet program, save it as XLSX and send that.",
        )
    return archive, tuple(note_contents(archive))


def check_entry(info: zipfile.ZipInfo, limits: Limits, name: str) -> None:
    """One line of the directory: a part's name, what it is, how it is packed."""
    part = info.orig_filename
    if LEADS_OUT.search(part):
        raise FileRejected("PATH_TRAVERSAL", f"{name}: the part name {part!r} leads out of the archive. {AGAIN}")
    if ODD_CHARACTER.search(part) or not part:
        raise FileRejected(
            "ODD_PART_NAME", f"{name}: the part name {part!r} holds characters that no program writes. {AGAIN}"
        )
    if stat.S_IFMT(info.external_attr >> 16) not in FILE_TYPES:
        raise FileRejected("SPECIAL_PART", f"{name}: the part {part!r} is a link or a device, expected a file. {AGAIN}")
    if info.flag_bits & (IS_ENCRYPTED | STRONG_ENCRYPTION):
        raise encrypted(name)
    if info.compress_type not in PACKED_BY:
        raise FileRejected(
            "UNKNOWN_COMPRESSION",
            f"{name}: the part {part!r} is packed by method {info.compress_type}, expected 0 (stored) or 8 (deflated). "
            f"{AGAIN}",
        )
    if ARCHIVE_SUFFIXES.search(part.lower()) and not part.lower().startswith(EMBEDDED):
        raise FileRejected(
            "NESTED_ARCHIVE",
            f"{name}: the archive holds another one, {part!r}. Unpack it and send the workbook itself.",
        )
    if info.file_size > max(SMALL_BYTES, limits.inflation * info.compress_size):
        raise FileRejected(
            "ZIP_BOMB",
            f"{name}: the part {part!r} unpacks from {info.compress_size} to {info.file_size} bytes, "
            f"{limits.inflation} times as much are allowed. {AGAIN}",
        )


def check_total(archive: Archive) -> None:
    """All parts together, as their headers say; that they speak the truth is seen when they are unpacked."""
    total = sum(info.file_size for info in archive.parts.values())
    if total > archive.limits.inflated_bytes:
        raise FileRejected(
            "ZIP_BOMB",
            f"{archive.name}: the archive unpacks to {total} bytes, {archive.limits.inflated_bytes} are allowed. "
            "Split the workbook.",
        )


def note_contents(archive: Archive) -> Iterator[Finding]:
    """What a workbook holds besides sheets."""
    names = [part.lower() for part in archive.parts]
    for code, severity, pattern, what in CONTENTS:
        if any(pattern.search(part) for part in names):
            yield Finding(code=code, message=f"{archive.name}: the workbook holds {what}", severity=severity)
