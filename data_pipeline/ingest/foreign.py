"""First bytes of a file -> what it is, if it is something that people send instead of a table.

The one list of such beginnings. Not by puremagic or libmagic: they take lists that begin with BM, ID or P1 for pictures
and tables of other kinds, and cannot say what to do.
"""

import re
from dataclasses import dataclass

HEAD_BYTES = 4096

SAVE_AS = "Open it in a spreadsheet program and save it as XLSX"
SEND_TABLE = "Send the table itself as XLSX or CSV"
UNPACK = "Unpack it and send the tables in it"
DOWNLOAD = "Open the sheet, download it as XLSX and send that"


@dataclass(frozen=True)
class Foreign:
    """What a file is, and what its sender can do."""

    what: str
    remedy: str = SEND_TABLE


# How a file begins that is none of text. Some begin with letters, as a header may: of those more is asked.
SIGNATURES: tuple[tuple[re.Pattern[bytes], Foreign], ...] = tuple(
    (re.compile(pattern, re.DOTALL), foreign)
    for pattern, foreign in (
        (rb"%PDF-", Foreign("a PDF document")),
        (rb"\x89PNG\r\n\x1a\n", Foreign("a picture (PNG)")),
        (rb"\xff\xd8\xff", Foreign("a picture (JPEG)")),
        (rb"GIF8[79]a", Foreign("a picture (GIF)")),
        (rb"II\*\0|MM\0\*", Foreign("a picture (TIFF)")),
        (rb"\{\\rtf", Foreign("a text document (RTF)")),
        (rb"%!PS", Foreign("a page to print (PostScript)")),
        (rb"\x1f\x8b", Foreign("a gzip archive", UNPACK)),
        (rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", Foreign("a bzip2 archive", UNPACK)),
        (rb"\xfd7zXZ\0", Foreign("an xz archive", UNPACK)),
        (rb"\x28\xb5\x2f\xfd", Foreign("a Zstandard archive", UNPACK)),
        (rb"\x04\x22\x4d\x18", Foreign("an LZ4 archive", UNPACK)),
        (rb"7z\xbc\xaf\x27\x1c", Foreign("a 7-Zip archive", UNPACK)),
        (rb"Rar!\x1a\x07", Foreign("a RAR archive", UNPACK)),
        (rb"\x7fELF", Foreign("a program")),
        (rb"SQLite format 3\0", Foreign("a database (SQLite)")),
        (rb"\0\x01\0\0Standard ", Foreign("a database (Access)")),
        (rb"PAR1[\0-\x08\x0e-\x1f]", Foreign("a Parquet file")),
        (rb"ORC[\0-\x08]", Foreign("an ORC file")),
        (rb"ARROW1\0\0", Foreign("an Arrow file")),
        (rb"Obj\x01", Foreign("an Avro file")),
        (rb"\x89HDF\r\n\x1a\n", Foreign("an HDF5 file")),
        (rb"\x80[\x02-\x05]", Foreign("a pickle of Python")),
        (rb"\x4c\0\0\0\x01\x14\x02\0", Foreign("a shortcut to a file (LNK)", "Send the file that it leads to")),
        (rb"\[InternetShortcut\]", Foreign("a shortcut to a web page (URL)", DOWNLOAD)),
        (rb"\x09\0\x04\0", Foreign("an Excel file of before 1993 (BIFF2)", SAVE_AS)),
        (rb"\x09\x02\x06\0", Foreign("an Excel file of before 1993 (BIFF3)", SAVE_AS)),
        (rb"\x09\x04\x06\0", Foreign("an Excel file of before 1993 (BIFF4)", SAVE_AS)),
        (rb"\0\0\x02\0\x06\x04|\0\0\x1a\0", Foreign("a Lotus 1-2-3 worksheet", SAVE_AS)),
    )
)  # fmt: skip
# Of these, with a NUL soon after.
SIGNATURES_WITH_NUL: tuple[tuple[re.Pattern[bytes], Foreign], ...] = tuple(
    (re.compile(pattern, re.DOTALL), foreign)
    for pattern, foreign in (
        (rb"BM", Foreign("a picture (BMP)")),
        (rb"RIFF", Foreign("a picture, sound or film (RIFF)")),
        (rb"ID3", Foreign("a sound (MP3)")),
        (rb"OggS", Foreign("a sound (Ogg)")),
        (rb"MZ", Foreign("a program (EXE)")),
        (rb".{4}ftyp", Foreign("a picture or film (MP4, HEIC)")),
        (rb".{257}ustar", Foreign("a tar archive", UNPACK)),
        (rb"[\x03\x30\x31\x32\x43\x83\x8b\xf5].[\x01-\x0c][\x01-\x1f].{29}", Foreign("a dBase table (DBF)", SAVE_AS)),
    )
)  # fmt: skip
LOCK = Foreign(
    "the lock file that Excel keeps beside a workbook while it is open", "Close the workbook and send the workbook"
)
LOCK_BYTES = (162, 165)

HTML_TAGS = "!doctype html|html|head|body|meta|title|style|script|link|table|div|center|font|p|b"
# In the order in which they are tried; all of them from the first character on that is no blank.
WORDINGS: tuple[tuple[re.Pattern[str], Foreign], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL | re.MULTILINE), foreign)
    for pattern, foreign in (
        (r"<.*urn:schemas-microsoft-com:office:spreadsheet", Foreign("an XML spreadsheet of Excel 2003", SAVE_AS)),
        (r"<\?xml.*<\?mso-application[^>]*excel\.sheet", Foreign("an XML spreadsheet of Excel 2003", SAVE_AS)),
        (r"<.*opendocument:xmlns:office.*opendocument\.spreadsheet", Foreign("a flat XML spreadsheet (FODS)", SAVE_AS)),
        (rf"(<\?xml[^>]*>\s*)?(<!--((?!-->).)*-->\s*)*<({HTML_TAGS})\b", Foreign("an HTML page", SAVE_AS)),
        (r"(<\?xml\b.*)?<svg\b", Foreign("a picture (SVG)")),
        (r"<\?xml\b", Foreign("an XML document", SAVE_AS)),
        (r"[\w-]+:.*^content-type:\s*multipart/related", Foreign("a web page archive (MHTML)", SAVE_AS)),
        (r"(received|return-path|delivered-to|message-id|mime-version|from|to|subject|date|x-[\w-]+):[^\n]*\n"
         r".*^(mime-version|message-id):", Foreign("an e-mail", "Send the file that is attached to it")),
        (r"\{.*docs\.google\.com", Foreign("a shortcut to a Google sheet", DOWNLOAD)),
        (r'(\{\s*"|\[\s*[{\["])[^\n]*', Foreign("JSON data")),
        (r"ID;P[^\r\n]*\r?\n[BCFOP];", Foreign("a SYLK table", SAVE_AS)),
        (r"TABLE\r?\n0,1\r?\n", Foreign("a DIF table", SAVE_AS)),
    )
)  # fmt: skip


def recognise(head: bytes, size: int) -> Foreign | None:
    """What a file is that begins like this and has this many bytes; None when it may be text."""
    has_nul = b"\0" in head[:512]
    signatures = SIGNATURES + SIGNATURES_WITH_NUL if has_nul else SIGNATURES
    known = next((foreign for pattern, foreign in signatures if pattern.match(head)), None)
    return known or (LOCK if has_nul and is_lock(head, size) else recognise_words(head))


def is_lock(head: bytes, size: int) -> bool:
    """A user's name, its length before it, blanks after it: Excel's note of who has the workbook open."""
    return size in LOCK_BYTES and 0 < head[0] <= 54 and not head[1 + head[0] : 54].strip()


def recognise_words(head: bytes) -> Foreign | None:
    """What is told by what its text says."""
    text = decode_head(head).lstrip()
    return next((foreign for pattern, foreign in WORDINGS if pattern.match(text)), None)


def decode_head(head: bytes) -> str:
    """The beginning as text, good enough to look for tags in."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
