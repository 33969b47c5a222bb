"""Part of an archive -> its bytes, unpacked here: no size in a header is believed, no entity is resolved."""

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import unreadable
from data_pipeline.ingest.workbook.archive import AGAIN, LOCAL_BYTES, Archive

CHUNK_BYTES = 1 << 20
PACKED_BYTES = 1 << 18
SMALL_PART_BYTES = 32 << 20  # of what is held as a whole: the list of sheets, relations, styles, properties
DECLARED_ENCODING = re.compile(rb"""^[^>]*?\bencoding\s*=\s*["']([\w.-]+)["']""")
WIDE_MARKS = (b"\xfe\xff", b"\xff\xfe", b"\0<", b"<\0")
# Encodings whose first half is ASCII: a part that stays in it is the same text in all of them.
LIKE_ASCII = re.compile(r"(us-)?ascii|iso-8859-\d+|latin-?1|windows-125\d|cp125\d")
COUNTS = re.compile(rb"""\s(uniqueCount|count)\s*=\s*["']\s*(\d+)""")
SHOWN = 120  # characters of what was found
MOST_DIGITS = 20


@dataclass(frozen=True)
class Part:
    """A part to be read, with what a refusal must name."""

    archive: Archive
    name: str

    @property
    def info(self) -> zipfile.ZipInfo:
        """What the directory says of it.

        Raises: FileRejected when it is not there.
        """
        found = self.archive.parts.get(self.name)
        if found is None:
            raise FileRejected(
                "MISSING_PART",
                f"{self.archive.name}: expected the part {self.name!r} in the archive, found {describe(self.archive)}. "
                "Open the file in a spreadsheet program, save it as XLSX and send that.",
            )
        return found


def describe(archive: Archive) -> str:
    """The first parts of an archive, which say what it is."""
    names = [repr(part) for part in archive.parts]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "no part"


def inflate(part: Part) -> Iterator[bytes]:
    """A part's bytes in chunks, at most one MiB each.

    Raises: FileRejected when they are more or fewer than the directory says, or others.
    """
    info, total, checksum = part.info, 0, 0
    chunk_bytes = min(CHUNK_BYTES, part.archive.limits.field_bytes)
    try:
        for chunk in filter(None, decompress(part, chunk_bytes)):
            total += len(chunk)
            if total > info.file_size:
                break
            checksum = zlib.crc32(chunk, checksum)
            yield chunk
    except (OSError, zlib.error) as error:
        raise unreadable(part.archive.name, f"{part.name}: {error}") from error
    if total != info.file_size:
        raise FileRejected(
            "SIZE_LIE",
            f"{part.archive.name}: the part {part.name!r} unpacks to {'at least ' if total > info.file_size else ''}"
            f"{total} bytes, the archive's directory says {info.file_size}. {AGAIN}",
        )
    if checksum != info.CRC:
        raise unreadable(part.archive.name, f"{part.name}: the checksum is wrong")


def decompress(part: Part, chunk_bytes: int) -> Iterator[bytes]:
    """A part's bytes, however many there are."""
    if part.info.compress_type == zipfile.ZIP_STORED:
        yield from read_packed(part, chunk_bytes)
        return
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    for packed in read_packed(part, PACKED_BYTES):
        if stream.eof:
            break
        while packed:
            yield stream.decompress(packed, chunk_bytes)
            packed = stream.unconsumed_tail
    else:
        yield stream.flush()
        if stream.eof and not stream.unused_data:
            return
    raise zlib.error("its packed bytes break off or go on after their end")


def read_packed(part: Part, chunk_bytes: int) -> Iterator[bytes]:
    """A part's bytes as they lie in the archive."""
    with part.archive.path.open("rb") as file:
        file.seek(part.info.header_offset + LOCAL_BYTES - 4)
        name_bytes, extra_bytes = struct.unpack("<HH", file.read(4))
        file.seek(name_bytes + extra_bytes, os.SEEK_CUR)
        for begin in range(0, part.info.compress_size, chunk_bytes):
            yield file.read(min(chunk_bytes, part.info.compress_size - begin))


def read_part(part: Part) -> bytes:
    """A small part as a whole, once its XML is known to be harmless."""
    if part.info.file_size > SMALL_PART_BYTES:
        raise FileRejected(
            "ZIP_BOMB",
            f"{part.archive.name}: the part {part.name!r} unpacks to {part.info.file_size} bytes, "
            f"{SMALL_PART_BYTES} are allowed for a part of its kind. {AGAIN}",
        )
    text = b"".join(inflate(part))
    check_zeros(part, text)
    check_entities(part, text)
    check_counts(part, text)
    decode(part, text, find_codec(part, text))
    return text


def parse_part(part: Part) -> ElementTree.Element:
    """A small part as a tree."""
    try:
        return ElementTree.fromstring(read_part(part))
    except ElementTree.ParseError as error:
        raise unreadable(part.archive.name, f"{part.name}: {error}") from error


def read_long_part(part: Part) -> Iterator[bytes]:
    """The chunks of a part that may be as long as it likes, but holds no text that is."""
    run, most = 0, part.archive.limits.field_bytes
    for chunk in inflate(part):
        first = chunk.find(b"<")
        run += first if first >= 0 else len(chunk)
        if run > most:
            raise FileRejected(
                "HUGE_CELL",
                f"{part.archive.name}: the part {part.name!r} holds more than {most} bytes without a tag; one cell may "
                f"have {most}. Shorten the longest text.",
            )
        if first >= 0:
            run = len(chunk) - chunk.rfind(b"<")
        check_zeros(part, chunk)
        yield chunk


def find_codec(part: Part, head: bytes) -> str:
    """How a part's bytes are text, from its first ones; whatever is no UTF-8 is read differently by every reader."""
    declared = DECLARED_ENCODING.match(head[:1024])
    encoding = declared.group(1).decode().lower() if declared else "utf-8"
    if head.startswith(WIDE_MARKS):
        raise wrong_encoding(part, "UTF-16 or UTF-32")
    if encoding in ("utf-8", "utf8"):
        return "utf-8"
    if LIKE_ASCII.fullmatch(encoding):
        return "ascii"
    raise wrong_encoding(part, f"the declared encoding {encoding!r}")


def decode(part: Part, text: bytes, codec: str) -> str:
    """A part's bytes as text."""
    try:
        return text.decode(codec)
    except UnicodeDecodeError as error:
        raise wrong_encoding(part, f"the byte 0x{text[error.start]:02x}") from error


def check_zeros(part: Part, text: bytes) -> None:
    """Half of UTF-16 is bytes of value 0, and some readers find no table in it."""
    if b"\0" in text:
        raise wrong_encoding(part, "bytes of value 0, as in UTF-16")


def wrong_encoding(part: Part, found: str) -> FileRejected:
    """The refusal of XML that is not the text that it seems to be."""
    return FileRejected(
        "XML_ENCODING",
        f"{part.archive.name}: expected the part {part.name!r} to be UTF-8 text, found {found}. {AGAIN}",
    )


def check_entities(part: Part, text: bytes) -> None:
    """No workbook program writes a document type; those who do want entities resolved."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise FileRejected(
            "XML_ENTITIES",
            f"{part.archive.name}: the part {part.name!r} declares a document type or entities, which are never "
            f"resolved. {AGAIN}",
        )


def check_counts(part: Part, text: bytes) -> None:
    """Readers reserve memory for as many elements as an attribute says there are."""
    everything = sum(info.file_size for info in part.archive.parts.values())
    for what, digits in COUNTS.findall(text):
        most = part.info.file_size if what == b"uniqueCount" else everything
        if len(digits) > MOST_DIGITS or int(digits) > most:
            raise FileRejected(
                "COUNT_LIE",
                f"{part.archive.name}: the part {part.name!r} says {what.decode()}={digits[:MOST_DIGITS].decode()!r}, "
                f"more than the {most} bytes it has. {AGAIN}",
            )


def malformed(part: Part, found: str) -> FileRejected:
    """The refusal of XML that readers understand differently; `found` is a piece of it."""
    return FileRejected(
        "MALFORMED_XML",
        f"{part.archive.name}: the part {part.name!r} is not written as spreadsheet programs write it: "
        f"{found[:SHOWN]!r}. {AGAIN}",
    )
