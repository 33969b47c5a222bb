"""OLE compound file -> the streams at its top; XLS, DOC, messages and encrypted packages are all kept in one.

Only the top counts: a Word document that holds a workbook is no workbook. [MS-CFB] has the layout. Not by
olefile, which trusts counts and chains: a file of 2 KB whose table names itself keeps it busy for ever, and a chain in
a circle or a stream that breaks off it gives without a word, or else refuses what Excel opens.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAST_SECTOR = 0xFFFFFFFA  # numbers from here on say "none" in one way or another
ENTRY_BYTES = 128
NO_ENTRY = 0xFFFFFFFF
STREAM = 2


@dataclass(frozen=True)
class Entry:
    """One line of the directory."""

    name: str
    kind: int
    neighbours: tuple[int, int]
    child: int
    start: int
    size: int


class Compound:
    """A compound file's directory and allocation tables.

    Raises: ValueError or struct.error wherever the file is damaged.
    """

    def __init__(self, content: bytes) -> None:
        if content[:8] != MAGIC or len(content) < 512:
            raise ValueError("no OLE compound file, or only its beginning")
        self._content = content
        shift, mini_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or mini_shift != 6:
            raise ValueError(f"sectors of 2^{shift} and 2^{mini_shift} bytes")
        self._sector, self._mini_sector = 1 << shift, 1 << mini_shift
        directory, self._cutoff, mini_fat = struct.unpack_from("<I4xII", content, 48)
        self._fat = self._read_fat()
        self._entries = [read_entry(chunk) for chunk in split(self._read_chain(directory), ENTRY_BYTES)]
        if not self._entries:
            raise ValueError("no directory")
        self._mini_fat = unpack_numbers(self._read_chain(mini_fat))
        self._streams = {entry.name.casefold(): entry for entry in self._list_top() if entry.kind == STREAM}

    @property
    def names(self) -> frozenset[str]:
        """The streams at the top, in small letters."""
        return frozenset(self._streams)

    def read(self, name: str) -> bytes:
        """A stream's content; names are compared without regard to case."""
        entry = self._streams[name.casefold()]
        if entry.size >= self._cutoff:
            content = self._read_chain(entry.start)
        else:
            mini = self._read_chain(self._entries[0].start)
            size = self._mini_sector
            content = b"".join(mini[at * size : (at + 1) * size] for at in follow(entry.start, self._mini_fat))
        if len(content) < entry.size:
            raise ValueError(f"stream {entry.name!r} breaks off")
        return content[: entry.size]

    def _read_fat(self) -> tuple[int, ...]:
        """Which sector follows which; the sectors that say so are listed in the header and in a chain of their own."""
        places = list(struct.unpack_from("<109I", self._content, 76))
        following = struct.unpack_from("<I", self._content, 68)[0]
        while following < LAST_SECTOR and len(places) * self._sector <= len(self._content):
            *more, following = unpack_numbers(self._read_sector(following))
            places += more
        return unpack_numbers(b"".join(self._read_sector(place) for place in places if place < LAST_SECTOR))

    def _read_sector(self, number: int) -> bytes:
        at = (number + 1) * self._sector
        if at >= len(self._content):
            raise ValueError(f"sector {number} lies behind the end of the file")
        return self._content[at : at + self._sector]

    def _read_chain(self, start: int) -> bytes:
        return b"".join(self._read_sector(number) for number in follow(start, self._fat))

    def _list_top(self) -> Iterator[Entry]:
        """The children of the root: a tree of neighbours, walked without trusting that it is one."""
        waiting, seen = [self._entries[0].child], set[int]()
        while waiting:
            number = waiting.pop()
            if number != NO_ENTRY and number < len(self._entries) and number not in seen:
                seen.add(number)
                waiting += self._entries[number].neighbours
                yield self._entries[number]


def follow(start: int, table: tuple[int, ...]) -> Iterator[int]:
    """The sectors of a chain.

    Raises: ValueError when the chain leaves the table or runs in a circle.
    """
    number, steps = start, 0
    while number < LAST_SECTOR:
        if number >= len(table) or steps > len(table):
            raise ValueError("a chain of sectors has no end")
        yield number
        number, steps = table[number], steps + 1


def read_entry(chunk: bytes) -> Entry:
    """One line of the directory from its bytes."""
    spelled, length, kind, left, right, child, start, size = struct.unpack("<64sHBxIII36xIQ", chunk)
    name = spelled[: max(length - 2, 0)].decode("utf-16-le", "replace")
    return Entry(name, kind, (left, right), child, start, size & 0xFFFFFFFF)


def split(content: bytes, size: int) -> Iterator[bytes]:
    """Whole pieces of a size."""
    return (content[at : at + size] for at in range(0, len(content) - size + 1, size))


def unpack_numbers(content: bytes) -> tuple[int, ...]:
    """Numbers of 32 bits."""
    return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])


def iterate_records(stream: bytes, start: int = 0) -> Iterator[tuple[int, int, int]]:
    """Kind, place and length of every record of an XLS stream ([MS-XLS] BIFF), from one on."""
    at, end = start, len(stream)
    while at + 4 <= end:
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, length
        at += 4 + length


def is_encrypted(stream: bytes) -> bool:
    """Whether an XLS stream needs a password: one of its first records says so."""
    kinds = (kind for kind, _, _ in islice(iterate_records(stream), 20))
    return any(kind == 0x2F for kind in kinds)
