"""Attacks by what an archive says of itself: sizes, places, names, packing."""

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_pipeline_tests.ingest.workbook.archives import STORED, Envelope, Member, deflate_repeated, write_archive
from data_pipeline_tests.ingest.workbook.attack import (
    GIGABYTE,
    ROWS,
    SHARED,
    SHEET,
    Attack,
    Write,
    build_members,
    harmless,
    refused,
    with_members,
)
from data_pipeline_tests.ingest.workbook.workbooks import MAIN, build_parts, sheet

BEGIN, END = sheet("<row/>").encode().split(b"<row/>")
BLANKS = b" " * (1 << 24)
CELLS = b'<row><c><v>1</v></c><c t="str"><v>x</v></c></row>' * (1 << 18)
TEXTS = b"<si/>" * (1 << 21)
SHEET_BYTES = sheet(ROWS).encode()
PROGRAM = b"MZ" + bytes(510)
LINK, DEVICE = 0o120777 << 16, 0o020666 << 16


def inflating(name: str, head: bytes, unit: bytes, total: int, tail: bytes, **lies: Any) -> Write:
    """A workbook with a part that unpacks to about `total` bytes."""

    def write(path: Path) -> None:
        times = total // len(unit)
        size = len(head) + times * len(unit) + len(tail)
        part = Member(name, packed=deflate_repeated(head, unit, times, tail), size=min(size, 0xFFFFFFFE), checksum=0)
        with_members(replace(part, **lies), leave_out=name)(path)

    return write


def truncated(share: float) -> Write:
    """A workbook that was cut off on its way."""

    def write(path: Path) -> None:
        write_archive(path, build_members())
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return write


def damaged(path: Path) -> None:
    """A workbook with some packed bytes turned over, as a bad cable does."""
    write_archive(path, build_members())
    content = bytearray(path.read_bytes())
    begin = content.index(SHEET.encode()) + len(SHEET) + 40
    content[begin : begin + 4] = bytes(255 - byte for byte in content[begin : begin + 4])
    path.write_bytes(bytes(content))


def streamed(path: Path) -> None:
    """As a program writes it that cannot go back: sizes stand behind each part."""

    class Pipe:
        def __init__(self) -> None:
            self.content = bytearray()

        def write(self, data: bytes) -> int:
            self.content += data
            return len(data)

        def flush(self) -> None: ...

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # a pipe does
        for name, text in build_parts(ROWS).items():
            archive.writestr(name, text)
    path.write_bytes(bytes(pipe.content))


def long_form(path: Path) -> None:
    """With the headers for files beyond 4 GiB, as some libraries always write them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in build_parts(ROWS).items():
            with archive.open(name, "w", force_zip64=True) as part:
                part.write(text.encode() if isinstance(text, str) else text)


def overlapping(path: Path) -> None:
    """Two lines of the directory share one part."""
    members = build_members()
    write_archive(path, [*members, replace(members[0], name="xl/media/a.xml", starts_at=0, is_listed_only=True)])


def reaching_over(path: Path) -> None:
    """A stored part that holds the headers of the parts behind it."""
    members = build_members()
    first = Member("xl/media/a.bin", b"x" * 9000, method=STORED, packed=b"x" * 60)
    lying = replace(first, packed=b"x" * 60, size=9000)
    write_archive(path, [lying, *members])
    content = path.read_bytes()
    path.write_bytes(
        content.replace((60).to_bytes(4, "little") + (9000).to_bytes(4, "little"), (9000).to_bytes(4, "little") * 2)
    )


def with_change(part: str, **changes: Any) -> Write:
    """A workbook in which the headers of one part say something else."""
    members = [replace(member, **changes) if member.name == part else member for member in build_members()]
    return lambda path: write_archive(path, members)


def with_filler(count: int, listed: int | None = None) -> Write:
    """A workbook with that many parts more."""
    filler = [Member(f"xl/media/{number}", b"", method=STORED) for number in range(count)]
    return with_members(*filler, envelope=Envelope(listed=listed))


SIZES = [
    refused("10 GB of blanks", inflating(SHEET, BEGIN, BLANKS, 10 * GIGABYTE, END), "ZIP_BOMB"),
    refused("10 GB of cells", inflating(SHEET, BEGIN, CELLS, 10 * GIGABYTE, END), "ZIP_BOMB"),
    refused("10 GB of cells that say they are 1000 bytes", inflating(SHEET, BEGIN, CELLS, 10 * GIGABYTE, END,
            size=1000, checksum=zlib.crc32((BEGIN + CELLS)[:1000])), "SIZE_LIE"),
    refused("10 GB of cells that say they are 9 MB", inflating(SHEET, BEGIN, CELLS, 10 * GIGABYTE, END,
            size=9_000_000), "SIZE_LIE", "GEOMETRY"),
    refused("1 GB of cells", inflating(SHEET, BEGIN, CELLS, GIGABYTE, END), "GEOMETRY"),
    refused("a shared text of 2 GB", inflating(SHARED, b"<sst><si><t>", b"x" * (1 << 24), 2 * GIGABYTE,
            b"</t></si></sst>"), "ZIP_BOMB"),
    refused("a cell of 500 MB", inflating(SHEET, BEGIN + b"<row><c><v>", b"1" * (1 << 24), GIGABYTE // 2,
            b"</v></c></row>" + END), "ZIP_BOMB"),
    refused("50 million shared texts", inflating(SHARED, f'<sst xmlns="{MAIN}">'.encode(), TEXTS, 250_000_000,
            b"</sst>"), "ZIP_BOMB"),
    refused("a thousand parts of 9 MB", with_members(*(Member(f"xl/media/{n}", packed=b"", size=9_000_000)
            for n in range(1000))), "ZIP_BOMB"),
    refused("4 GB that are not there", with_change(SHEET, size=0xFFFFFFFE), "ZIP_BOMB"),
    refused("5000 bytes of which there are fewer", with_change(SHEET, size=5000), "SIZE_LIE"),
    refused("a byte less than there is", with_change(SHEET, size=len(SHEET_BYTES) - 1), "SIZE_LIE"),
    refused("another size in front of the part", with_change(SHEET, local_size=99), "HEADERS_DIFFER"),
    refused("a wrong checksum", with_change(SHEET, checksum=1), "UNREADABLE_FILE"),
    refused("packed bytes behind the end", with_change(SHEET, packed=Member("", SHEET_BYTES).pack() + b"more"),
            "UNREADABLE_FILE"),
    refused("packed bytes without end", with_change(SHEET, packed=Member("", SHEET_BYTES).pack()[:-4]),
            "UNREADABLE_FILE"),
    refused("turned bytes", damaged, "UNREADABLE_FILE"),
]  # fmt: skip

PLACES = [
    refused("a sheet that is there twice", with_members(Member(SHEET, b"<worksheet/>")), "DUPLICATE_ENTRY"),
    refused("a sheet that is there twice, in capitals", with_members(Member(SHEET.upper(), b"")), "DUPLICATE_ENTRY"),
    refused("two parts at one place", overlapping, "HEADERS_DIFFER", "OVERLAPPING_ENTRIES"),
    refused("a part that reaches over the others", reaching_over, "OVERLAPPING_ENTRIES"),
    refused("a program in front", with_members(envelope=Envelope(before=PROGRAM, shift=-len(PROGRAM))),
            "FOREIGN_BYTES"),
    refused("a program in front that the offsets know", with_members(envelope=Envelope(before=PROGRAM)),
            "FOREIGN_BYTES"),
    refused("bytes behind", with_members(envelope=Envelope(after=b"<script>alert(1)</script>")), "FOREIGN_BYTES"),
    refused("offsets into nothing", with_members(envelope=Envelope(shift=1 << 30)), "FOREIGN_BYTES", "UNREADABLE_FILE"),
    refused("20,000 parts", with_filler(20_000), "TOO_MANY_ENTRIES"),
    refused("50,000 parts that say they are 9", with_filler(50_000, listed=9), "TOO_MANY_ENTRIES"),
    refused("more parts than are listed", with_members(envelope=Envelope(listed=900)), "UNREADABLE_FILE"),
    refused("the first half", truncated(0.5), "UNREADABLE_FILE"),
    refused("all but the last bytes", truncated(0.995), "UNREADABLE_FILE"),
    refused("no part at all", lambda path: write_archive(path, []), "MISSING_PART"),
    harmless("a comment", with_members(envelope=Envelope(comment=b"made by a program"))),
    harmless("sizes behind the parts", streamed),
    harmless("headers for large files", long_form),
    harmless("folders", with_members(Member("xl/", method=STORED), Member("xl/worksheets/", method=STORED))),
    harmless("a sheet that is not packed", with_change(SHEET, method=STORED)),
]  # fmt: skip

NAMES: list[Attack] = [
    *(refused(f"the part name {name!r}", with_members(Member(name, b"x")), "PATH_TRAVERSAL")
      for name in ("../../etc/passwd", "/etc/passwd", "C:/autoexec.bat", "xl\\..\\..\\a.xml", "xl/../../a", "..")),
    *(refused(f"the part name {name!r}", with_members(Member(name, b"x")), "ODD_PART_NAME")
      for name in ("xl/a\0.xml", "xl/a\n.xml", "xl/\u202elmx.exe", "xl/a?.xml")),
    refused("a part that is a link", with_members(Member("xl/media/a.png", b"/etc/passwd", attributes=LINK)),
            "SPECIAL_PART"),
    refused("a sheet that is a link", with_change(SHEET, attributes=LINK), "SPECIAL_PART"),
    refused("a device", with_members(Member("xl/media/a.png", attributes=DEVICE)), "SPECIAL_PART"),
    refused("another name in front of the part", with_change(SHEET, local_name="xl/worksheets/sheet2.xml"),
            "HEADERS_DIFFER"),
    refused("another packing in front of the part", with_change(SHEET, local_method=STORED), "HEADERS_DIFFER"),
    refused("an encrypted part", with_change(SHEET, flags=0x801), "ENCRYPTED_FILE"),
    *(refused(f"packing {method}", with_change(SHEET, method=method), "UNKNOWN_COMPRESSION")
      for method in (9, 12, 14, 93, 99)),
    refused("an archive inside", with_members(Member("xl/media/a.zip", b"PK\3\4")), "NESTED_ARCHIVE"),
    refused("a workbook inside", with_members(Member("stock.xlsx", b"PK\3\4")), "NESTED_ARCHIVE"),
]  # fmt: skip

ARCHIVE_ATTACKS = [*SIZES, *PLACES, *NAMES]
