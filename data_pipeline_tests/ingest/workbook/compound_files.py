"""OLE compound files made by hand: XLS, DOC, messages and encrypted packages are streams in one."""

import struct
from pathlib import Path

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
SECTOR, MINI_SECTOR, CUTOFF = 512, 64, 4096
FREE, CHAIN_END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5


def write_compound(path: Path, streams: dict[str, bytes], *, nested: dict[str, bytes] | None = None) -> Path:
    """A compound file with these streams at the top, and with `nested` ones in a storage below it."""
    data, fat = bytearray(), list[int]()
    mini, mini_fat = bytearray(), list[int]()

    def put(content: bytes) -> int:
        return append(data, fat, content, SECTOR) if content else CHAIN_END

    entries = [
        (name, content, append(mini, mini_fat, content, MINI_SECTOR) if len(content) < CUTOFF else put(content))
        for name, content in {**streams, **(nested or {})}.items()
    ]
    top, below = entries[: len(streams)], entries[len(streams) :]
    mini_start = put(bytes(mini))
    mini_fat_start = put(struct.pack(f"<{len(mini_fat)}I", *mini_fat))
    directory = describe(top, below, mini_start, len(mini))
    directory_start = put(directory)
    fat_start = len(fat)
    fat_sectors = -(-(len(fat) + 1) // 127)
    fat += [FAT_SECTOR] * fat_sectors
    fat += [FREE] * (-len(fat) % 128)
    table = struct.pack(f"<{len(fat)}I", *fat)
    chains = (fat_sectors, directory_start, 0, CUTOFF, mini_fat_start, 1 if mini else 0, CHAIN_END, 0)
    header = struct.pack("<8s16xHHHHH6x", MAGIC, 0x3E, 3, 0xFFFE, 9, 6) + struct.pack("<4xIIIIIIII", *chains)
    places = [*range(fat_start, fat_start + fat_sectors), *[FREE] * (109 - fat_sectors)]
    path.write_bytes(header + struct.pack("<109I", *places) + bytes(data) + table)
    return path


def append(data: bytearray, fat: list[int], content: bytes, size: int) -> int:
    """Writes a chain of sectors and says where it starts."""
    start, count = len(fat), max(-(-len(content) // size), 1)
    fat += [*range(start + 1, start + count), CHAIN_END]
    data += content.ljust(count * size, b"\0")
    return start


def describe(
    top: list[tuple[str, bytes, int]], below: list[tuple[str, bytes, int]], mini_start: int, mini_size: int
) -> bytes:
    """The directory: siblings hang to the right of each other, which readers accept as a tree."""
    entries = [describe_entry("Root Entry", ROOT, mini_start, mini_size, child=1 if top or below else FREE)]
    if below:
        first = 2 + len(top)
        entries.append(describe_entry("ObjectPool", STORAGE, 0, 0, child=first, right=2 if top else FREE))
    for group in (top, below):
        for index, (name, content, start) in enumerate(group):
            right = FREE if index == len(group) - 1 else len(entries) + 1
            entries.append(describe_entry(name, STREAM, start, len(content), right=right))
    entries += [bytes(128)] * (-len(entries) % 4)
    return b"".join(entries)


def describe_entry(name: str, kind: int, start: int, size: int, *, child: int = FREE, right: int = FREE) -> bytes:
    """One entry of the directory."""
    spelled = name.encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBBIII36xIQ", spelled, len(spelled), kind, 1, FREE, right, child, start, size)
