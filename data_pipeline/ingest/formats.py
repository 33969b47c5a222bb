"""File -> which reader it is for, by what is in it and never by its name.

Runs inside the sandbox: a hostile archive may make even the listing of its parts costly.
"""

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Literal

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.foreign import HEAD_BYTES, SAVE_AS, SEND_TABLE, UNPACK, Foreign, recognise
from data_pipeline.ingest.json_lines import is_json_lines
from data_pipeline.ingest.workbook.compound import MAGIC as COMPOUND
from data_pipeline.ingest.workbook.compound import Compound, is_encrypted
from data_pipeline.model.findings import Finding

Format = Literal["xlsx", "xlsb", "ods", "xls", "text", "json_lines"]

SUFFIXES: dict[str, Format] = {
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), "xlsx"),
    ".xlsb": "xlsb",
    **dict.fromkeys((".ods", ".ots"), "ods"),
    **dict.fromkeys((".xls", ".xlt"), "xls"),
    **dict.fromkeys((".csv", ".tsv", ".txt", ".tab", ".psv"), "text"),
    **dict.fromkeys((".jsonl", ".ndjson"), "json_lines"),
}
DESCRIPTIONS: dict[Format, str] = {
    "xlsx": "an XLSX workbook",
    "xlsb": "an XLSB workbook",
    "ods": "an ODS workbook",
    "xls": "an XLS workbook",
    "text": "text (CSV)",
    "json_lines": "JSON Lines",
}
ZIP = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
ODS = "application/vnd.oasis.opendocument.spreadsheet"
WORKBOOK_PARTS: dict[str, Format] = {"xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsb"}
# Part of an archive, or the folder of one -> what the archive is.
FOREIGN_PARTS: dict[str, Foreign] = {
    "word/": Foreign("a Word document (DOCX)"),
    "ppt/": Foreign("a PowerPoint presentation (PPTX)"),
    "visio/": Foreign("a Visio drawing"),
    "index/": Foreign("an Apple document (Numbers, Pages)", "Export it as Excel workbook and send that"),
    "index.zip": Foreign("an Apple document (Numbers, Pages)", "Export it as Excel workbook and send that"),
    "androidmanifest.xml": Foreign("an Android app"),
    "meta-inf/manifest.mf": Foreign("a Java program"),
    "[content_types].xml": Foreign("an Office document that is no workbook"),
}
FOREIGN_STREAMS: dict[str, Foreign] = {
    "worddocument": Foreign("a Word document (DOC)"),
    "powerpoint document": Foreign("a PowerPoint presentation (PPT)"),
    "__properties_version1.0": Foreign("an Outlook message (MSG)", "Send the file that is attached to it"),
    "visiodocument": Foreign("a Visio drawing"),
    "catalog": Foreign("a thumbnail cache of Windows"),
}
ENCRYPTED_STREAMS = {"encryptedpackage", "\tdrmcontent"}
DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, struct.error)


def detect_format(path: Path, *, name: str) -> Format:
    """Which reader a file is for.

    Raises: FileRejected when it is empty, needs a password, breaks off, or is something that holds no table.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise FileRejected(
            "EMPTY_FILE", f"{name}: expected a table, found a file of 0 bytes. Export it again; check the upload ended."
        )
    if head.startswith(ZIP):
        return detect_in_archive(path, name)
    if head.startswith(COMPOUND):
        return detect_in_compound(path, name)
    if not head.strip(b"\0"):
        raise unreadable(name, f"its first {len(head)} bytes are all zero")
    if is_json_lines(head, name):
        return "json_lines"
    foreign = recognise(head, size)
    if foreign:
        raise wrong_content(name, foreign)
    return "text"


def note_suffix(name: str, content: Format) -> list[Finding]:
    """A name that says another format than the content is; what it is called changes nothing about how it is read."""
    suffix = Path(name).suffix.lower()
    if SUFFIXES.get(suffix, content) == content:
        return []
    message = f"{name}: the name ends in {suffix!r}, but the content is {DESCRIPTIONS[content]}; it is read as that"
    return [Finding(code="SUFFIX_DISAGREES", message=message, details={"suffix": suffix, "format": content})]


def detect_in_archive(path: Path, name: str) -> Format:
    """Which workbook a zip archive is, by its parts."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {part.filename.lower().replace("\\", "/"): part for part in archive.infolist()}
            kind = read_start(archive, parts.get("mimetype")).decode("latin-1").strip()
            manifest = read_start(archive, parts.get("meta-inf/manifest.xml"))
    except DAMAGE as error:
        raise unreadable(name, str(error) or "it is cut off") from error
    found = next((content for part, content in WORKBOOK_PARTS.items() if part in parts), None)
    found = "ods" if kind.startswith(ODS) else found
    if found is None:
        raise wrong_content(name, describe_archive(kind, list(parts)))
    if b"encryption-data" in manifest or any(part.flag_bits & 1 for part in parts.values()):
        raise encrypted(name)
    return found


def read_start(archive: zipfile.ZipFile, part: zipfile.ZipInfo | None) -> bytes:
    """The first MiB of a part that may be missing or encrypted."""
    if part is None or part.flag_bits & 1:
        return b""
    with archive.open(part) as stream:
        return stream.read(1 << 20)


def describe_archive(kind: str, parts: list[str]) -> Foreign:
    """What an archive is that is no workbook."""
    if kind.startswith("application/"):
        return Foreign(f"a document of type {kind[:80]!r}", SAVE_AS if "calc" in kind else SEND_TABLE)
    known = (foreign for begin, foreign in FOREIGN_PARTS.items() if any(part.startswith(begin) for part in parts))
    return next(known, Foreign(f"a zip archive of {len(parts)} files", UNPACK))


def detect_in_compound(path: Path, name: str) -> Format:
    """Whether an OLE file is a workbook, by its streams."""
    try:
        compound = Compound(path.read_bytes())
        streams = compound.names
        book = next((stream for stream in ("workbook", "book") if stream in streams), None)
        needs_password = bool(streams & ENCRYPTED_STREAMS) or (book is not None and is_encrypted(compound.read(book)))
    except DAMAGE as error:
        raise unreadable(name, str(error)) from error
    if needs_password:
        raise encrypted(name)
    if book is None:
        known = (foreign for stream, foreign in FOREIGN_STREAMS.items() if stream in streams)
        raise wrong_content(name, next(known, Foreign("an OLE file of another program")))
    return "xls"


def wrong_content(name: str, foreign: Foreign) -> FileRejected:
    """The refusal of a file that is no table."""
    return FileRejected(
        "WRONG_CONTENT",
        f"{name}: expected a table (XLSX, XLSB, XLS, ODS or CSV), found {foreign.what}. {foreign.remedy}.",
    )


def encrypted(name: str) -> FileRejected:
    """The refusal of a workbook that needs a password."""
    return FileRejected(
        "ENCRYPTED_FILE",
        f"{name}: expected a workbook that opens without a password, found an encrypted one. "
        "Remove the password and send it again.",
    )


def unreadable(name: str, found: str) -> FileRejected:
    """The refusal of a file that is damaged."""
    return FileRejected(
        "UNREADABLE_FILE",
        f"{name}: expected a whole file, but it cannot be opened ({found}). "
        "It is damaged or was cut off on its way: export it again and send that.",
    )
