"""XLSB workbooks made by hand, record by record ([MS-XLSB], BIFF12)."""

import struct
import zipfile
from pathlib import Path

from data_pipeline_tests.ingest.workbook.workbooks import CORE, OFFICE, PACKAGE, ROOT

DATE, TIME, DURATION, MOMENT = 1, 2, 3, 4
"""Styles that a cell may have; 0 is none."""
NUMBER_FORMATS = (0, 14, 21, 46, 22)

CONTENT_TYPES = f"""<?xml version="1.0"?>
<Types xmlns="{PACKAGE}/content-types">
  <Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
</Types>"""


def record(kind: int, content: bytes = b"") -> bytes:
    """One record: its kind and length as groups of 7 bits."""
    return spell(kind) + spell(len(content)) + content


def spell(number: int) -> bytes:
    """A number in groups of 7 bits, the lowest first."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups[-1] |= 0x80
        groups.append(number & 0x7F)
    return bytes(groups)


def wide(text: str) -> bytes:
    """A text with its length in UTF-16 units."""
    spelled = text.encode("utf-16-le")
    return struct.pack("<I", len(spelled) // 2) + spelled


def cell(kind: int, column: int, content: bytes, style: int = 0) -> bytes:
    """A cell's record."""
    return record(kind, struct.pack("<II", column, style) + content)


def number(column: int, value: float, style: int = 0) -> bytes:
    """A cell with a double."""
    return cell(5, column, struct.pack("<d", value), style)


def integer(column: int, value: int, style: int = 0) -> bytes:
    """A cell with a whole number in 30 bits."""
    return cell(2, column, struct.pack("<i", value << 2 | 2), style)


def text(column: int, value: str) -> bytes:
    """A cell with a text of its own."""
    return cell(6, column, wide(value))


def shared(column: int, index: int) -> bytes:
    """A cell with a shared text."""
    return cell(7, column, struct.pack("<I", index))


def boolean(column: int, value: bool) -> bytes:
    """A cell with TRUE or FALSE."""
    return cell(4, column, bytes([value]))


def error(column: int, code: int) -> bytes:
    """A cell with an error."""
    return cell(3, column, bytes([code]))


def formula_error(column: int, code: int) -> bytes:
    """A formula whose result is an error."""
    return cell(11, column, bytes([code]) + struct.pack("<HII", 0, 0, 0))


def blank(column: int, style: int = DATE) -> bytes:
    """A cell that has a style and nothing in it."""
    return cell(1, column, b"", style)


def row(position: int, *cells: bytes) -> bytes:
    """A row, counted from 0, and its cells."""
    return record(0, struct.pack("<IIH3xI", position, 0, 300, 0)) + b"".join(cells)


def sheet(*rows: bytes) -> bytes:
    """The part of a sheet."""
    size = record(148, struct.pack("<IIII", 0, 0, 0, 0))
    return record(129) + size + record(145) + b"".join(rows) + record(146) + record(130)


def write_xlsb(
    path: Path,
    sheets: dict[str, bytes],
    *,
    strings: tuple[str, ...] = (),
    hidden: tuple[str, ...] = (),
    is_1904: bool = False,
    created: str | None = None,
) -> Path:
    """A workbook of these sheets."""
    names = list(sheets)
    bundles = b"".join(
        record(156, struct.pack("<II", name in hidden, index) + wide(f"rId{index}") + wide(name))
        for index, name in enumerate(names, 1)
    )
    book = record(131) + record(153, struct.pack("<II", is_1904, 0) + wide("")) + record(143) + bundles + record(144)
    formats = b"".join(record(47, struct.pack("<HH12x", 0, kind)) for kind in NUMBER_FORMATS)
    styles = record(278) + record(617, struct.pack("<I", len(NUMBER_FORMATS))) + formats + record(618) + record(279)
    items = b"".join(record(19, b"\0" + wide(item)) for item in strings)
    related = {f"rId{index}": ("worksheet", f"worksheets/sheet{index}.bin") for index in range(1, len(names) + 1)}
    related |= {"rIdS": ("styles", "styles.bin"), "rIdT": ("sharedStrings", "sharedStrings.bin")}
    parts = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": ROOT.replace("workbook.xml", "workbook.bin"),
        "xl/workbook.bin": book + record(132),
        "xl/_rels/workbook.bin.rels": relate(related),
        "xl/styles.bin": styles,
        "xl/sharedStrings.bin": record(159, struct.pack("<II", len(strings), len(strings))) + items + record(160),
        **{f"xl/worksheets/sheet{index}.bin": sheets[name] for index, name in enumerate(names, 1)},
        **({} if created is None else {"docProps/core.xml": CORE.format(created)}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path


def relate(related: dict[str, tuple[str, str]]) -> str:
    """The part that says which name is which part."""
    lines = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in related.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'
