"""Workbook -> one in which nothing is left that calamine would lose.

Calamine gives error cells and ODS cells of unknown types as blanks, drops tabs and line breaks inside ODS texts, and
takes no whole number of XLSB for a date, whatever its style. A sender's errors must not become blanks, so such cells
are written as texts, in memory, before calamine reads them.
"""

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}
XLSX_ERROR = re.compile(rb"""(<(?:\w+:)?c\b[^<>]*?\bt\s*=\s*)(["'])e\2""")

# Groups: the element, its attributes, what stands between them and the first paragraph's text, that text.
ODS_CELL = re.compile(
    rb"""<(table:(?:covered-)?table-cell)\b((?:[^<>"'/]++|"[^"]*+"|'[^']*+'|/(?!>))*+)>"""
    rb"""(\s*(?:<office:annotation\b.*?</office:annotation>\s*)?<text:p[^<>]*>)([^<>]*)(?=</text:p>)""",
    re.DOTALL,
)
ODS_VALUE = re.compile(rb"""\soffice:(?:value-type|value|string-value|currency)\s*=\s*(?:"[^"]*"|'[^']*')""")
# As LibreOffice marks them; programs before it wrote the number 0 and showed the error.
ODS_MARK = re.compile(rb"""calcext:value-type\s*=\s*["']error["']""")
ODS_ERROR = re.compile(rb"#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A|GETTING_DATA)|Err:\d{3}")
ODS_SHOWN_ERROR = re.compile(rb">\s*(?:" + ODS_ERROR.pattern + rb")\s*<")
# Of a type that no version knows: what is shown is its text.
ODS_UNKNOWN = re.compile(
    rb"""(office:value-type\s*=\s*["'])(?!(?:float|percentage|currency|date|time|boolean|string)["'])[^"'<>]*"""
)
ODS_SPACE = ((re.compile(rb"<text:tab\b[^<>]*/>"), b"&#9;"), (re.compile(rb"<text:line-break\b[^<>]*/>"), b"&#10;"))

ROW_POSITION, CELL_NUMBER, CELL_ERROR, CELL_TEXT, FORMULA_ERROR = 0, 2, 3, 6, 11


def amend_xlsx(path: Path) -> Path | io.BytesIO:
    """Error cells of XLSX as texts."""
    return rewrite(path, r"xl/worksheets/.*\.xml", lambda part: XLSX_ERROR.sub(rb"\1\2str\2", part))


def amend_xlsb(path: Path) -> Path | io.BytesIO:
    """Error cells of XLSB as texts, whole numbers in the form that calamine looks at the style of."""
    return rewrite(path, r"xl/worksheets/.*\.bin", amend_xlsb_sheet)


def amend_ods(path: Path) -> Path | io.BytesIO:
    """Error cells of ODS as texts, tabs and line breaks as characters."""
    return rewrite(path, r"content\.xml", amend_ods_content)


def rewrite(path: Path, pattern: str, change: Callable[[bytes], bytes]) -> Path | io.BytesIO:
    """The archive with its matching parts changed; the file itself when nothing changes."""
    with zipfile.ZipFile(path) as archive:
        changed = dict[str, bytes]()
        for part in archive.namelist():
            if re.fullmatch(pattern, part, re.IGNORECASE):
                content = archive.read(part)
                amended = change(content)
                changed |= {part: amended} if amended != content else {}
        if not changed:
            return path
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w") as target:
            for part in archive.namelist():
                target.writestr(part, changed.get(part) or archive.read(part))
    copy.seek(0)
    return copy


def amend_ods_content(content: bytes) -> bytes:
    """The one part of an ODS that has its cells.

    Raises: EOFError when it breaks off, on which calamine waits for ever.
    """
    if not content.rstrip().endswith(b"</office:document-content>"):
        raise EOFError("content.xml breaks off")
    has_errors = ODS_MARK.search(content) or ODS_SHOWN_ERROR.search(content)
    changed = ODS_CELL.sub(amend_ods_cell, content) if has_errors else content
    changed = ODS_UNKNOWN.sub(rb"\1string", changed)
    for element, character in ODS_SPACE:
        changed = element.sub(character, changed)
    return changed


def amend_ods_cell(match: re.Match[bytes]) -> bytes:
    """A cell whose text is an error, as a text."""
    element, attributes, between, text = match.groups()
    if not (ODS_MARK.search(attributes) or ODS_ERROR.fullmatch(text.strip())):
        return match.group()
    return b'<%b office:value-type="string"%b>%b%b' % (element, ODS_VALUE.sub(b"", attributes), between, text)


def amend_xlsb_sheet(content: bytes) -> bytes:
    """The sheet's records with some of them exchanged."""
    pieces, copied = [], 0
    for kind, begin, data, end in iterate_xlsb_records(content):
        replacement = None
        if kind == CELL_NUMBER:
            replacement = amend_whole_number(content[begin:end])
        elif kind in (CELL_ERROR, FORMULA_ERROR):
            text = ERRORS.get(content[data + 8], "#ERROR!")
            cell = content[data : data + 8] + struct.pack("<I", len(text)) + text.encode("utf-16-le")
            replacement = bytes([CELL_TEXT, len(cell)]) + cell
        if replacement is not None:
            pieces += [content[copied:begin], replacement]
            copied = end
    return b"".join([*pieces, content[copied:]]) if pieces else content


def amend_whole_number(record: bytes) -> bytes | None:
    """The same number as the upper half of a double, when it fits; None when it is one already or is no date."""
    [packed] = struct.unpack_from("<i", record, len(record) - 4)
    if packed & 3 != 2:  # bit 0: hundredths; bit 1: whole
        return None
    double = struct.pack("<d", packed >> 2)
    is_exact = not any(double[:4]) and not double[4] & 3
    return record[:-4] + double[4:] if is_exact else None


def iterate_xlsb_records(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Kind of every record, where it begins, where its data begin and where they end ([MS-XLSB] BIFF12)."""
    at, size = 0, len(content)
    while at < size:
        begin = at
        kind = content[at]
        at += 1
        if kind & 0x80:
            kind = kind & 0x7F | content[at] << 7
            at += 1
        length = shift = 0
        while True:
            byte = content[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80 or shift == 28:
                break
        yield kind, begin, at, at + length
        at += length
