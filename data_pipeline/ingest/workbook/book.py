"""Workbook part -> its sheets and its date system."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from data_pipeline.ingest.formats import unreadable
from data_pipeline.ingest.workbook.archive import Archive
from data_pipeline.ingest.workbook.parts import Part, parse_part
from data_pipeline.ingest.workbook.sheets import SheetInfo, is_wanted, sheet_not_found
from data_pipeline.model.findings import Finding

WORKBOOK, RELATIONS, STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"


@dataclass(frozen=True)
class Book:
    """What the workbook part says."""

    sheets: tuple[SheetInfo, ...]
    parts: tuple[str, ...]
    """Where each sheet's XML is."""
    styles: str
    """Where the cells' styles are, if there are any."""
    has_1904_dates: bool


def read_book(archive: Archive) -> Book:
    """Reads the list of sheets.

    Raises: FileRejected when there is none, or a sheet of it is nowhere.
    """
    root = parse_part(Part(archive, WORKBOOK))
    relations = {
        relation.get("Id"): (relation.get("Type", ""), relation.get("Target", ""))
        for relation in parse_part(Part(archive, RELATIONS))
    }
    sheets, parts = list[SheetInfo](), list[str]()
    for position, element in enumerate(root.iterfind("{*}sheets/{*}sheet"), 1):
        name = element.get("name", "")
        found = relations.get(find_relation(element))
        if found is None:
            raise unreadable(archive.name, f"{WORKBOOK} lists the sheet {name!r}, which is in no part of the archive")
        kind, target = found
        is_hidden = element.get("state", "visible") != "visible"
        sheets.append(SheetInfo(name, position, is_hidden, has_cells=kind.endswith("/worksheet")))
        parts.append(resolve(target))
    styles = next((resolve(target) for kind, target in relations.values() if kind.endswith("/styles")), STYLES)
    return Book(tuple(sheets), tuple(parts), styles, read_date_system(root))


def read_date_system(root: ElementTree.Element) -> bool:
    """Whether days are counted from 1904."""
    properties = root.find("{*}workbookPr")
    return properties is not None and properties.get("date1904") in ("1", "true")


def find_relation(element: ElementTree.Element) -> str | None:
    """The relation of a sheet to its part; two namespaces are in use."""
    return next((value for key, value in element.attrib.items() if key.endswith("elationships}id")), None)


def resolve(target: str) -> str:
    """Path of a part in the archive, from what the workbook part calls it."""
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def list_candidates(archive: Archive, book: Book, wanted: str | int | None) -> Iterator[tuple[SheetInfo, Part]]:
    """The sheets that may be meant, best first, with their parts: by default the visible ones.

    Raises: FileRejected when there is none.
    """
    both = zip(book.sheets, book.parts, strict=True)
    sheets = [(sheet, Part(archive, part)) for sheet, part in both if sheet.has_cells]
    if wanted is None:
        found = [(sheet, part) for sheet, part in sheets if not sheet.is_hidden] or sheets
    else:
        found = [(sheet, part) for sheet, part in sheets if is_wanted(sheet, wanted)]
    if not found:
        raise sheet_not_found(archive.name, wanted, [sheet for sheet, _ in sheets])
    return iter(found)


def note_hidden_sheets(book: Book, name: str) -> list[Finding]:
    """Sheets that the sender may not know of."""
    hidden = [sheet.name for sheet in book.sheets if sheet.is_hidden]
    message = f"{name}: the workbook has {len(hidden)} hidden sheets: {', '.join(map(repr, hidden[:10]))}"
    return [Finding(code="HIDDEN_SHEETS", message=message, severity="info")] if hidden else []
