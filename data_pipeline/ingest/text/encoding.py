"""Bytes -> Encoding: by byte order mark, by where NUL bytes stand, as UTF-8, or by what gives words."""

import codecs
import re

from data_pipeline.errors import FileRejected, SpecError
from data_pipeline.ingest.text.control import has_control, refuse_control
from data_pipeline.ingest.text.eight_bit import detect_eight_bit
from data_pipeline.model.reading import Encoding

# UTF-32 first: its little-endian mark begins as that of UTF-16 does.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# Codecs of Python that strip a mark, or choose by it.
BY_MARK = {"utf-8-sig": ("utf-8",), "utf-16": WIDE[2:], "utf-32": WIDE[:2]}
SWAPPED_LINE_ENDS = "\u0a00\u0d00"  # what LF and CR are in the other byte order
WIDE_ADVANTAGE = 10  # times as many ASCII characters as in the other byte order
NUL_SHARE = 0.25  # of UTF-16 that is mostly ASCII
FEW, MIXED_SHARE = 2, 0.25  # so many UTF-8 characters, and per other byte, are no chance
REMEDY = "Save it as 'CSV UTF-8', or declare `encoding`."


def detect_encoding(sample: bytes, *, is_whole: bool, declared: str | None, name: str) -> Encoding:
    """How the bytes of a file are text, by its first MiB or less; `is_whole` says whether that is all of it.

    Raises: FileRejected when they are no text, or text in two ways that nothing tells apart.
    """
    mark = next((mark for mark in MARKS if sample.startswith(mark)), b"")
    if declared is not None:
        return use_declared(sample, declared, mark, is_whole=is_whole, name=name)
    if mark:
        refuse_undecodable(sample, MARKS[mark], is_whole=is_whole, name=name)
        return Encoding(MARKS[mark], len(mark), evidence=f"{MARKS[mark]} by its byte order mark")
    if b"\0" in sample:
        codec = (find_byte_order(sample, WIDE, name=name) if is_wide(sample) else None) or "latin-1"  # to be refused
        refuse_undecodable(sample, codec, is_whole=is_whole, name=name)
        return Encoding(codec, evidence=f"{codec} by the places of its NUL bytes")
    refuse_control(sample, name=name)
    refuse_escapes(sample, name=name)
    if find_fault(sample, "utf-8", is_whole=is_whole) is None:
        return Encoding("utf-8", evidence="only ASCII" if sample.isascii() else "everything beyond ASCII is UTF-8")
    refuse_damaged(sample, name=name)
    return detect_eight_bit(sample, name=name)


def use_declared(sample: bytes, declared: str, mark: bytes, *, is_whole: bool, name: str) -> Encoding:
    """The declared encoding, when the bytes can be read so.

    Raises: FileRejected when they cannot; SpecError for a name that Python does not know.
    """
    try:
        codec = codecs.lookup(declared).name
        b"a".decode(codec, errors="replace")  # not 'base64', which is none of text
    except LookupError as error:
        raise SpecError(f"encoding {declared!r}: expected one that Python knows, such as 'utf-8', 'cp1252'.") from error
    accepted = BY_MARK.get(codec, (codec,))
    if mark and MARKS[mark] not in accepted:
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}: expected {declared} as declared, found the byte order mark of {MARKS[mark]}. Save it as "
            f"{declared}, or declare {MARKS[mark]}.",
        )
    codec = MARKS[mark] if mark else accepted[0]
    if not mark and len(accepted) > 1:
        codec = find_byte_order(sample, accepted, name=name) or codec
    refuse_undecodable(sample, codec, is_whole=is_whole, name=name)
    return Encoding(codec, len(mark), evidence=f"{declared} as declared")


def find_fault(sample: bytes, codec: str, *, is_whole: bool) -> UnicodeDecodeError | None:
    """Where the bytes are no text of a codec; a character that the sample cuts in two is none."""
    try:
        codecs.getincrementaldecoder(codec)().decode(sample, final=is_whole)
    except UnicodeDecodeError as error:
        return error
    return None


def refuse_undecodable(sample: bytes, codec: str, *, is_whole: bool, name: str) -> None:
    """Raises FileRejected where bytes are no text of a codec, control characters, or NUL."""
    if codec not in WIDE:
        refuse_control(sample, name=name)
    fault = find_fault(sample, codec, is_whole=is_whole)
    if fault is not None:
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}, line {count_lines(sample, fault.start)}: expected {codec} text, found byte "
            f"0x{sample[fault.start]:02x} at position {fault.start}. {REMEDY}",
        )
    nul = find_nul(sample, codec)
    if nul >= 0:
        raise FileRejected(
            "NUL_BYTES",
            f"{name}, line {count_lines(sample, nul)}: expected text, found a NUL at position {nul}. "
            "The file was damaged or is none of text: export it again.",
        )


def refuse_escapes(sample: bytes, *, name: str) -> None:
    """Raises FileRejected for ISO-2022, which is ASCII to whom does not know its escape sequences."""
    position = sample.find(b"\x1b$")
    if position >= 0:
        raise FileRejected(
            "AMBIGUOUS_ENCODING",
            f"{name}, line {count_lines(sample, position)}: expected UTF-8, found an escape sequence of ISO-2022, "
            f"which has several kinds. {REMEDY}",
        )


def find_nul(sample: bytes, codec: str) -> int:
    """Position of the first NUL character, -1 without one."""
    width = {"utf-32": 4, "utf-16": 2}.get(codec[:6], 1)
    position = sample.find(bytes(width))
    while position % width and position >= 0:
        position = sample.find(bytes(width), position + 1)
    return position


def count_lines(sample: bytes, position: int) -> int:
    """The line that a position is on."""
    return sample.count(b"\n", 0, position) + 1


def is_wide(sample: bytes) -> bool:
    """Whether NUL bytes are halves of characters rather than damage to text of one byte each."""
    rest = sample.replace(b"\0", b"")
    is_many = len(sample) - len(rest) >= NUL_SHARE * len(sample)
    return is_many or has_control(rest) or find_fault(rest, "utf-8", is_whole=False) is not None


def find_byte_order(sample: bytes, wide: tuple[str, ...], *, name: str) -> str | None:
    """The one codec of these under which there is ASCII and no line end is swapped; None when it is none of them.

    Raises: FileRejected when two are as likely.
    """
    found = sorted(((count_ascii(sample, codec), codec) for codec in wide), reverse=True)
    (most, codec), (next_most, other), *_ = found
    if most and next_most * WIDE_ADVANTAGE > most:
        raise FileRejected(
            "AMBIGUOUS_ENCODING",
            f"{name}: expected one byte order, found text of {codec} and of {other} in it. {REMEDY}",
        )
    return codec if most else None


def count_ascii(sample: bytes, codec: str) -> int:
    """How many ASCII characters the bytes hold under a codec; 0 when they are no text under it."""
    if len(sample) > 1 and find_fault(sample, codec, is_whole=False) is None:
        text = codecs.getincrementaldecoder(codec)().decode(sample)
        if "\0" not in text and not any(end in text for end in SWAPPED_LINE_ENDS):
            return len(text.encode("ascii", errors="ignore"))
    return 0


def refuse_damaged(sample: bytes, *, name: str) -> None:
    """Raises FileRejected for UTF-8 in which some bytes are none, as when files are joined."""
    beyond = "".join(re.findall(r"[^\x00-\x7f]+", sample.decode(errors="surrogateescape")))
    good = len(re.sub("[\udc80-\udcff]", "", beyond))
    if good >= max(FEW, MIXED_SHARE * (len(beyond) - good)):
        fault = find_fault(sample, "utf-8", is_whole=True)
        position = fault.start if fault else len(sample) - 1
        raise FileRejected(
            "WRONG_ENCODING",
            f"{name}, line {count_lines(sample, position)}: expected UTF-8 like {good} other characters "
            f"of the file, found byte 0x{sample[position]:02x} at position {position}. Save all of it as 'CSV UTF-8'.",
        )
