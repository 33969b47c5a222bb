"""XLSX whose parts are spelt otherwise than the reader looks for them -> the same cells under the usual names.

Names of parts have no case, prefixes of namespaces may be any, and a tab may stand for nothing. The reader knows only
what Excel writes, and gives blanks for what it does not find; so a workbook that says the same in other words is
copied, with its cells as they are.
"""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

from data_pipeline.ingest.workbook.archive import Archive, open_archive
from data_pipeline.ingest.workbook.book import RELATIONS, STYLES, WORKBOOK, find_relation, read_date_system, resolve
from data_pipeline.ingest.workbook.parts import Part, inflate, parse_part, read_part
from data_pipeline.ingest.workbook.shared_texts import SHARED

PROPERTIES = "docProps/core.xml"
PREFIXED = re.compile(rb"<\w+:Relationship\b")
USUAL_RELATION = re.compile(rb"\sr:id\s*=")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
NOTHING = f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>'


@dataclass(frozen=True)
class Tab:
    """One sheet: its attributes, and what its relation says."""

    name: str
    state: str
    kind: str
    part: str | None
    """None: it stands for nothing; '': for something that is not there."""


@contextmanager
def respell(archive: Archive) -> Iterator[Archive]:
    """The archive itself, or a copy under the usual names while it is needed.

    Raises: FileRejected when the copy cannot be made because the original is damaged.
    """
    if not {WORKBOOK, RELATIONS} <= archive.parts.keys() or is_usual(archive):
        yield archive
        return
    with TemporaryDirectory() as folder:
        path = Path(folder, "workbook.xlsx")
        write_copy(archive, path)
        yield open_archive(path, archive.limits, archive.name)


def is_usual(archive: Archive) -> bool:
    """Whether the reader finds everything."""
    tabs = list_tabs(archive)
    if any(tab.part == "" for tab in tabs):  # which no spelling mends
        return True
    named = read_part(Part(archive, WORKBOOK))
    if PREFIXED.search(read_part(Part(archive, RELATIONS))) or len(USUAL_RELATION.findall(named)) < len(tabs):
        return False
    wanted = [*(tab.part for tab in tabs), SHARED, STYLES]
    return not any(part is None or find_other_case(archive, part) for part in wanted)


def list_tabs(archive: Archive) -> list[Tab]:
    """The sheets as the workbook lists them; those whose relation is not there are left to whoever reads them."""
    relations = {one.get("Id"): one for one in parse_part(Part(archive, RELATIONS))}
    tabs = []
    for element in parse_part(Part(archive, WORKBOOK)).iterfind("{*}sheets/{*}sheet"):
        relation = relations.get(find_relation(element))
        is_nothing = relation is None and find_relation(element) == ""
        part = None if is_nothing else resolve(relation.get("Target", "")) if relation is not None else ""
        kind = f"{OFFICE}/worksheet" if relation is None else relation.get("Type", "")
        tabs.append(Tab(element.get("name", ""), element.get("state", "visible"), kind, part))
    return tabs


def find_other_case(archive: Archive, part: str) -> str | None:
    """The name of a part that differs from this one in case alone; None when it is there as it is, or not at all."""
    if part in archive.parts:
        return None
    return next((one for one in archive.parts if one.casefold() == part.casefold()), None)


def write_copy(archive: Archive, path: Path) -> None:
    """The workbook's cells, texts and styles in a new archive."""
    tabs = list_tabs(archive)
    sheets = [f"xl/worksheets/sheet{place}.xml" for place in range(1, len(tabs) + 1)]
    is_1904 = read_date_system(parse_part(Part(archive, WORKBOOK)))
    listed = "".join(
        f'<sheet name={quoteattr(tab.name)} sheetId="{place}" state={quoteattr(tab.state)} r:id="rId{place}"/>'
        for place, tab in enumerate(tabs, 1)
    )
    related = "".join(
        f'<Relationship Id="rId{place}" Type={quoteattr(tab.kind)} Target="/{sheet}"/>'
        for place, (tab, sheet) in enumerate(zip(tabs, sheets, strict=True), 1)
    )
    properties = f'<workbookPr date1904="{int(is_1904)}"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy:
        copy.writestr(
            WORKBOOK, f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets>{listed}</sheets></workbook>'
        )
        copy.writestr(RELATIONS, f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>')
        for tab, sheet in zip(tabs, sheets, strict=True):
            if tab.part is None:
                copy.writestr(sheet, NOTHING)
            else:
                copy_part(archive, tab.part, copy, sheet)
        for part in (SHARED, STYLES, PROPERTIES):
            copy_part(archive, part, copy, part)


def copy_part(archive: Archive, part: str, copy: zipfile.ZipFile, name: str) -> None:
    """A part under another name; nothing where there is none."""
    found = find_other_case(archive, part) or part
    if found in archive.parts:
        with copy.open(name, "w") as target:
            for chunk in inflate(Part(archive, found)):
                target.write(chunk)
