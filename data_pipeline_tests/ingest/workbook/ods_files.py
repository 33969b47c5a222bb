"""ODS workbooks made by hand, so that every oddity of their XML can be written."""

import zipfile
from pathlib import Path

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
MIMETYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMESPACES = " ".join(
    [
        *(f'xmlns:{part}="{OASIS}:{part}:1.0"' for part in ("office", "table", "text", "style", "meta")),
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    ]
)
MANIFEST = f"""<?xml version="1.0"?>
<manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0">
  <manifest:file-entry manifest:full-path="/" manifest:media-type="{MIMETYPE}"/>{{}}
</manifest:manifest>"""
HIDDEN = """<style:style style:name="hidden" style:family="table">
  <style:table-properties table:display="false"/></style:style>"""
HIDE = ' table:style-name="hidden"'


def cell(attributes: str = "", content: str = "", tag: str = "table-cell") -> str:
    """A cell's element."""
    return f"<table:{tag} {attributes}>{content}</table:{tag}>"


def text(value: str, attributes: str = "") -> str:
    """A cell with a text."""
    return cell(f'office:value-type="string" {attributes}', f"<text:p>{value}</text:p>")


def number(value: str, attributes: str = "") -> str:
    """A cell with a number."""
    return cell(f'office:value-type="float" office:value="{value}" {attributes}', f"<text:p>{value}</text:p>")


def error(value: str) -> str:
    """A cell with an error, as LibreOffice writes it."""
    attributes = 'table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"'
    return cell(attributes, f"<text:p>{value}</text:p>")


def row(*cells: str, repeated: int = 1) -> str:
    """A row's element."""
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def write_ods(
    path: Path, sheets: dict[str, str], *, hidden: tuple[str, ...] = (), created: str | None = None, manifest: str = ""
) -> Path:
    """A workbook of these sheets."""
    tables = "".join(
        f'<table:table table:name="{name}"{HIDE * (name in hidden)}>{rows}</table:table>'
        for name, rows in sheets.items()
    )
    parts = {
        "mimetype": MIMETYPE,
        "META-INF/manifest.xml": MANIFEST.format(manifest),
        "content.xml": f"""<?xml version="1.0" encoding="UTF-8"?><office:document-content {NAMESPACES}>
            <office:automatic-styles>{HIDDEN}</office:automatic-styles>
            <office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>""",
        "meta.xml": None if created is None else f"""<?xml version="1.0"?><office:document-meta {NAMESPACES}>
            <office:meta><meta:creation-date>{created}</meta:creation-date></office:meta></office:document-meta>""",
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            if content is not None:
                archive.writestr(part, content)
    return path
