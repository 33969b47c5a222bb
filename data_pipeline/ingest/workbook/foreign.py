"""First bytes of a file -> what it is, if it is something that people send instead of a table."""

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


# Begins with; a few begin with letters and are told from text by a NUL byte soon after.
SIGNATURES: tuple[tuple[bytes, Foreign], ...] = (
    (b"%PDF-", Foreign("a PDF document")),
    (b"\x89PNG\r\n\x1a\n", Foreign("a picture (PNG)")),
    (b"\xff\xd8\xff", Foreign("a picture (JPEG)")),
    (b"GIF87a", Foreign("a picture (GIF)")),
    (b"GIF89a", Foreign("a picture (GIF)")),
    (b"II*\0", Foreign("a picture (TIFF)")),
    (b"MM\0*", Foreign("a picture (TIFF)")),
    (b"{\\rtf", Foreign("a text document (RTF)")),
    (b"%!PS", Foreign("a page to print (PostScript)")),
    (b"\x1f\x8b", Foreign("a gzip archive", UNPACK)),
    (b"\xfd7zXZ\0", Foreign("an xz archive", UNPACK)),
    (b"\x28\xb5\x2f\xfd", Foreign("a Zstandard archive", UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", Foreign("a 7-Zip archive", UNPACK)),
    (b"Rar!\x1a\x07", Foreign("a RAR archive", UNPACK)),
    (b"\x7fELF", Foreign("a program")),
    (b"SQLite format 3\0", Foreign("a database (SQLite)")),
    (b"\0\1\0\0Standard ", Foreign("a database (Access)")),
    (b"\x4c\0\0\0\x01\x14\x02\0", Foreign("a shortcut to a file (LNK)", "Send the file that it leads to")),
    (b"[InternetShortcut]", Foreign("a shortcut to a web page (URL)", DOWNLOAD)),
    (b"\x09\0\x04\0", Foreign("an Excel file of before 1993 (BIFF2)", SAVE_AS)),
    (b"\x09\x02\x06\0", Foreign("an Excel file of before 1993 (BIFF3)", SAVE_AS)),
    (b"\x09\x04\x06\0", Foreign("an Excel file of before 1993 (BIFF4)", SAVE_AS)),
    (b"\0\0\x02\0\x06\x04", Foreign("a Lotus 1-2-3 worksheet", SAVE_AS)),
    (b"\0\0\x1a\0", Foreign("a Lotus 1-2-3 worksheet", SAVE_AS)),
)
SIGNATURES_WITH_NUL: tuple[tuple[bytes, Foreign], ...] = (
    (b"BM", Foreign("a picture (BMP)")),
    (b"RIFF", Foreign("a picture, sound or film (RIFF)")),
    (b"ID3", Foreign("a sound (MP3)")),
    (b"OggS", Foreign("a sound (Ogg)")),
    (b"MZ", Foreign("a program (EXE)")),
    (b"BZh", Foreign("a bzip2 archive", UNPACK)),
    (b"PAR1", Foreign("a Parquet file")),
    (b"ARROW1", Foreign("an Arrow file")),
)
FILM = Foreign("a picture or film (MP4, HEIC)")
TAPE_ARCHIVE = Foreign("a tar archive", UNPACK)
DBASE = Foreign("a dBase table (DBF)", SAVE_AS)
DBASE_VERSIONS = b"\x03\x30\x31\x32\x43\x83\x8b\xf5"
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
    known = next((foreign for start, foreign in SIGNATURES if head.startswith(start)), None)
    return known or recognise_bytes(head, size) or recognise_words(head)


def recognise_bytes(head: bytes, size: int) -> Foreign | None:
    """What is told by more than its first letters."""
    if b"\0" not in head[:512]:
        return None
    known = next((foreign for start, foreign in SIGNATURES_WITH_NUL if head.startswith(start)), None)
    if known:
        return known
    if head[4:8] == b"ftyp":
        return FILM
    if head[257:262] == b"ustar":
        return TAPE_ARCHIVE
    if len(head) > 32 and head[0] in DBASE_VERSIONS and 1 <= head[2] <= 12 and 1 <= head[3] <= 31:
        return DBASE
    return LOCK if is_lock(head, size) else None


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
