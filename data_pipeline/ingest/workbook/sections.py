"""Long part of a workbook -> runs of whole elements, in pieces of bounded size; what stands around them is checked."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import unreadable
from data_pipeline.ingest.workbook.parts import (
    Part,
    check_counts,
    check_entities,
    decode,
    find_codec,
    malformed,
    read_long_part,
)

HEAD_BYTES = 16 << 20  # what may stand before the first row: column widths, views
ELEMENT_BYTES = 64 << 20  # one row or shared text
TAIL_BYTES = 4096  # where the part's end must stand, comments behind it included
EDGE_BYTES = 64  # shared by two pieces of the tail, so that no tag is cut in two


@dataclass(frozen=True)
class Layout:
    """Where the elements of a kind of part stand."""

    root: str
    container: str
    element: str


SHEET = Layout("worksheet", "sheetData", "row")
SHARED_TEXTS = Layout("sst", "sst", "si")


@dataclass(frozen=True)
class Run:
    """Some whole elements, one behind the other."""

    raw: bytes
    text: str
    prefix: str
    """Of the elements' names, with its colon."""


def read_runs(part: Part, layout: Layout) -> Iterator[Run]:
    """All elements of a part, in runs of about a MiB.

    Raises: FileRejected when the part breaks off (the elements before the break are not all), is no UTF-8, or holds
    what makes readers reserve or look up more than there is.
    """
    chunks = read_long_part(part)
    head, prefix, rest = read_head(part, layout, chunks)
    check_entities(part, head)
    check_counts(part, head)
    codec = find_codec(part, head)
    if not head.endswith(b"/>"):
        for raw, beyond in split_body(part, layout, chunks, prefix=prefix, text=rest):
            yield Run(raw, decode(part, raw, codec), prefix)
            rest = beyond
    elif layout.root == layout.container:
        return
    check_tail(part, layout, itertools.chain([rest], chunks), prefix)


def read_head(part: Part, layout: Layout, chunks: Iterator[bytes]) -> tuple[bytes, str, bytes]:
    """What stands before the first element, the prefix of the elements' names, and what was read beyond."""
    opening = re.compile(rb"<((?:\w+:)?)%b(?:\s[^<>]*)?/?>" % layout.container.encode())
    head = b""
    for chunk in chunks:
        head += chunk
        if found := opening.search(head):
            return head[: found.end()], found.group(1).decode(), head[found.end() :]
        if len(head) > HEAD_BYTES:
            break
    find_codec(part, head)
    raise unreadable(part.archive.name, f"{part.name} breaks off before the element {layout.container!r}")


def split_body(
    part: Part, layout: Layout, chunks: Iterator[bytes], *, prefix: str, text: bytes
) -> Iterator[tuple[bytes, bytes]]:
    """Runs of whole elements, each with what was read beyond; after the last that is the beginning of the tail."""
    element, closing = (
        f"{mark}{prefix}{tag}".encode() for mark, tag in (("<", layout.element), ("</", layout.container))
    )
    while (end := text.find(closing)) < 0:
        cut = text.rfind(element)
        if cut > 0:
            yield text[:cut], b""
            text = text[cut:]
        if len(text) > ELEMENT_BYTES:
            raise FileRejected(
                "HUGE_CELL",
                f"{part.archive.name}: the part {part.name!r} holds a {layout.element!r} of more than {ELEMENT_BYTES} "
                "bytes. Shorten the longest text.",
            )
        chunk = next(chunks, b"")
        if not chunk:
            raise unreadable(part.archive.name, f"{part.name} breaks off before its end")
        text += chunk
    yield text[:end], text[end:]


def check_tail(part: Part, layout: Layout, pieces: Iterator[bytes], prefix: str) -> None:
    """Behind the elements stand no others, and the end."""
    names = f"(?:{layout.container}|{layout.element})".encode()
    more = re.compile(rb"<%b%b[\s/>]" % (prefix.encode(), names))
    ending = re.compile(rb"</(?:\w+:)?%b\s*>\s*(?:<!--.*?-->\s*)*$" % layout.root.encode(), re.DOTALL)
    tail = edge = b""
    for piece in pieces:
        text = edge + piece
        check_entities(part, text)
        if found := more.search(text):
            raise malformed(part, f"</{layout.container}> ... {found.group().decode()}")
        tail, edge = (tail + piece)[-TAIL_BYTES:], piece[-EDGE_BYTES:]
    if not ending.search(tail):
        raise unreadable(part.archive.name, f"{part.name} breaks off before its end")
