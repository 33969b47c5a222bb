"""Zip archives made by hand, byte by byte, so that every field of every header can lie."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

STORED, DEFLATED = 0, 8
IS_UTF8 = 0x800


@dataclass(frozen=True)
class Member:
    """One part, and what the headers say of it; None: the truth."""

    name: str
    content: bytes = b""
    method: int = DEFLATED
    packed: bytes | None = None
    size: int | None = None
    checksum: int | None = None
    flags: int = IS_UTF8
    attributes: int = 0
    local_name: str | None = None
    local_method: int | None = None
    local_size: int | None = None
    starts_at: int | None = None
    """Where the directory says that it starts."""
    is_listed_only: bool = False
    """Without a place of its own in the archive."""

    def pack(self) -> bytes:
        """Its bytes in the archive."""
        if self.packed is not None:
            return self.packed
        return deflate(self.content) if self.method == DEFLATED else self.content


def deflate(content: bytes) -> bytes:
    """A raw deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def deflate_repeated(head: bytes, unit: bytes, times: int, tail: bytes = b"") -> bytes:
    """A raw deflate stream of one text, many times another and an end; made in the time that each takes once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    repeated = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)  # refers to nothing before it
    return begin + repeated * times + packer.compress(tail) + packer.flush()


@dataclass(frozen=True)
class Envelope:
    """What stands around the parts, and what the last record says of them."""

    before: bytes = b""
    after: bytes = b""
    comment: bytes = b""
    listed: int | None = None
    """How many parts there are said to be; None: the truth."""
    shift: int = 0
    """By how much all offsets are wrong."""


def write_archive(path: Path, members: Sequence[Member], envelope: Envelope = Envelope()) -> Path:
    """An archive of these parts."""
    data, directory = bytearray(envelope.before), bytearray()
    for member in members:
        start = len(data)
        if not member.is_listed_only:
            data += describe_locally(member) + member.pack()
        directory += describe(member, (start if member.starts_at is None else member.starts_at) + envelope.shift)
    count = len(members) if envelope.listed is None else envelope.listed
    places = (len(directory), len(data) + envelope.shift, len(envelope.comment))
    end = struct.pack("<4s4xHHIIH", b"PK\5\6", count, count, *places)
    path.write_bytes(bytes(data + directory) + end + envelope.comment + envelope.after)
    return path


def describe_locally(member: Member) -> bytes:
    """The header in front of a part."""
    truth = replace(member, name=member.name if member.local_name is None else member.local_name)
    method = member.method if member.local_method is None else member.local_method
    size = find_size(member) if member.local_size is None else member.local_size
    return (
        b"PK\3\4"
        + pack_fields(truth, method, size)
        + struct.pack("<HH", len(truth.name.encode()), 0)
        + truth.name.encode()
    )


def describe(member: Member, start: int) -> bytes:
    """A part's line in the directory."""
    name = member.name.encode()
    fields = pack_fields(member, member.method, find_size(member))
    places = struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, member.attributes, start)
    return b"PK\1\2" + struct.pack("<BB", 20, 3) + fields + places + name


def pack_fields(member: Member, method: int, size: int) -> bytes:
    """What both headers of a part have in common."""
    checksum = zlib.crc32(member.content) if member.checksum is None else member.checksum
    return struct.pack("<HHHHHIII", 20, member.flags, method, 0, 0x21, checksum, len(member.pack()), size)


def find_size(member: Member) -> int:
    """The size that the headers state."""
    return len(member.content) if member.size is None else member.size
