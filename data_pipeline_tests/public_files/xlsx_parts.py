"""An XLSX workbook -> its cells by its XML alone: for what openpyxl does not read, such as strict workbooks.

Part names are compared without case and elements without their namespaces, as their standards say. Dates stay numbers.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
Rows = list[tuple[int, list[str]]]


def read_xlsx_parts(path: Path) -> Iterator[Rows]:
    """The visible sheets in the order of their tabs."""
    with zipfile.ZipFile(path) as archive:
        parts = {name.lower().replace("\\", "/"): archive.read(name) for name in archive.namelist()}
    targets = {target["Id"]: target["Target"] for target in find(parts["xl/_rels/workbook.xml.rels"], "Relationship")}
    texts = [join_texts(item) for item in iterate(parts.get("xl/sharedstrings.xml", b"<a/>"), "si")]
    sheets = [sheet for sheet in find(parts["xl/workbook.xml"], "sheet") if sheet.get("id") in targets]
    for sheet in [sheet for sheet in sheets if sheet.get("state", "visible") == "visible"] or sheets:
        target = targets[sheet["id"]].lower()
        yield list(read_sheet(parts[target.lstrip("/") if target.startswith("/") else f"xl/{target}"], texts))


def read_sheet(content: bytes, texts: list[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet; those without a number follow the one before."""
    number = 0
    for row in iterate(content, "row"):
        number = int(row.get("r") or number + 1)
        cells: dict[int, str] = {}
        for cell in row:
            column = count_letters(cell.get("r") or "") - 1 if cell.get("r") else len(cells)
            cells[column] = read_cell(cell, texts)
        yield number, [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]


def read_cell(cell: ET.Element, texts: list[str]) -> str:
    """The text of a cell by its type."""
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return join_texts(cell)
    value = next((child.text or "" for child in cell if tag(child) == "v"), "")
    if kind == "s" and value:
        return texts[int(value)]
    if kind == "b" and value:
        return "TRUE" if value == "1" else "FALSE"
    return unescape(value) if kind == "str" else value


def join_texts(item: ET.Element) -> str:
    """A text and its runs, without the phonetic ones."""
    found = []
    for child in item:
        if tag(child) == "t":
            found.append(child.text or "")
        elif tag(child) in ("r", "is"):
            found.append(join_texts(child))
    return unescape("".join(found))


def unescape(text: str) -> str:
    """Characters that XML cannot hold, written as _x000D_."""
    return ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)


def count_letters(place: str) -> int:
    """The number of a column, A being 1."""
    number = 0
    for letter in re.sub("[^A-Z]", "", place):
        number = number * 26 + ord(letter) - 64
    return number


def find(content: bytes, name: str) -> list[dict[str, str]]:
    """The attributes of every element of this name, without namespaces."""
    return [{key.rpartition("}")[2]: value for key, value in found.attrib.items()} for found in iterate(content, name)]


def iterate(content: bytes, name: str) -> Iterator[ET.Element]:
    """Every element of this name."""
    return (element for element in ET.fromstring(content).iter() if tag(element) == name)


def tag(element: ET.Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
