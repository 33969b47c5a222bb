"""Workbooks made by hand, so that every oddity of their XML can be written."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"

CONTENT_TYPES = f"""<?xml version="1.0"?>
<Types xmlns="{PACKAGE}/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
  <Default Extension="xml" ContentType="application/xml"/>
  <Override PartName="/xl/workbook.xml" ContentType="{CONTENT}.sheet.main+xml"/>
  <Override PartName="/xl/worksheets/sheet1.xml" ContentType="{CONTENT}.worksheet+xml"/>
  <Override PartName="/xl/sharedStrings.xml" ContentType="{CONTENT}.sharedStrings+xml"/>
</Types>"""
ROOT = f"""<?xml version="1.0"?>
<Relationships xmlns="{PACKAGE}/relationships">
  <Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>
</Relationships>"""
WORKBOOK = f"""<?xml version="1.0"?>
<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">
  <sheets><sheet name="Sheet 1" sheetId="1" r:id="rId1"/></sheets>
</workbook>"""
RELATIONS = f"""<?xml version="1.0"?>
<Relationships xmlns="{PACKAGE}/relationships">
  <Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>
  <Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>
</Relationships>"""
CORE = f"""<?xml version="1.0"?>
<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dcterms="http://purl.org/dc/terms/"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <dcterms:created xsi:type="dcterms:W3CDTF">{{}}</dcterms:created>
</cp:coreProperties>"""

TITLE = '<c r="{}1" t="inlineStr"><is><t>{}</t></is></c>'
HEADER = f'<row r="1">{TITLE.format("A", "SKU")}{TITLE.format("B", "Stok")}</row>'


def build_parts(
    rows: str,
    *,
    strings: tuple[str, ...] = (),
    created: str | None = None,
    parts: Mapping[str, str | bytes | None] | None = None,
) -> dict[str, str | bytes]:
    """The parts of a workbook of one sheet with these row elements; `parts` replaces or leaves out some of them."""
    texts = "".join(f'<si><t xml:space="preserve">{text}</t></si>' for text in strings)
    contents = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": ROOT,
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": sheet(rows),
        "xl/sharedStrings.xml": f'<?xml version="1.0"?><sst xmlns="{MAIN}">{texts}</sst>',
        "docProps/core.xml": None if created is None else CORE.format(created),
        **(parts or {}),
    }
    return {name: content for name, content in contents.items() if content is not None}


def write_workbook(
    path: Path,
    rows: str,
    *,
    strings: tuple[str, ...] = (),
    created: str | None = None,
    parts: Mapping[str, str | bytes | None] | None = None,
) -> Path:
    """A workbook of one sheet with these row elements; `parts` replaces or leaves out whole files of the archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in build_parts(rows, strings=strings, created=created, parts=parts).items():
            archive.writestr(name, content)
    return path


def sheet(rows: str) -> str:
    """The part of a sheet with these row elements."""
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def row(number: int, *cells: str) -> str:
    """A row element whose cells say where they are."""
    return f'<row r="{number}">{"".join(cells)}</row>'
