"""Attacks by the XML of a sheet: where cells say they are, how they are written, what they hold."""

from data_pipeline_tests.ingest.workbook.attack import (
    RECORD,
    ROWS,
    SOUND,
    Attack,
    Write,
    harmless,
    refused,
    with_rows,
    with_sheet,
)
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, MAIN, row, sheet

MEGABYTE = 1 << 20
SECOND_RECORD = row(3, '<c r="A3"><v>2</v></c>', '<c r="B3"><v>8</v></c>')
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
MERGE = '<mergeCell ref="A1:B1"/>'
ATTRIBUTES = "".join(f" a{number}=''" for number in range(1_000_000))


def cell(place: str, value: str = "1", attributes: str = "") -> str:
    """A cell element with a number or a text of its own."""
    return f'<c r="{place}" {attributes}><v>{value}</v></c>'.replace(" >", ">")


def one_row(*cells: str, tag: str = '<row r="2">') -> Write:
    """A workbook with one row below the header."""
    return with_rows(f"{tag}{''.join(cells)}</row>")


def declared(declaration: str, value: str = "&a;") -> Write:
    """A sheet with a document type, and a text that refers to what that declares."""
    rows = HEADER + row(2, f'<c r="A2" t="str"><v>{value}</v></c>')
    return with_sheet(lambda text: text.replace("<worksheet", f"{declaration}<worksheet"), rows)


def encoded(codec: str, name: str | None = None, rows: str = ROWS) -> Write:
    """A sheet in another encoding, which it declares under this name."""
    declaration = f'<?xml version="1.0" encoding="{name}"?>' if name else '<?xml version="1.0"?>'
    return with_sheet(lambda text: text.replace('<?xml version="1.0"?>', declaration).encode(codec), rows)


GEOMETRY: list[Attack] = [
    refused("a cell in the last corner", with_rows(RECORD + row(1048576, cell("XFD1048576"))), "GEOMETRY"),
    refused("a cell in the last corner, single quotes",
            with_rows(RECORD + "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"), "GEOMETRY"),
    refused("a cell in column XFD", with_rows(RECORD + row(100000, cell("XFD100000"))), "GEOMETRY"),
    refused("a cell in column XFE", one_row(cell("A2"), cell("XFE2")), "GEOMETRY"),
    refused("a cell in column ZZZZ", one_row(cell("A2"), cell("ZZZZ2")), "MALFORMED_XML"),
    refused("a cell in column ZZZZZZZ", one_row(cell("ZZZZZZZ2")), "MALFORMED_XML"),
    refused("row 4294967295", with_rows(RECORD + row(4294967295, cell("A4294967295"))), "GEOMETRY", "MALFORMED_XML"),
    refused("row 1048577", with_rows(RECORD + "<row r='1048577'/>"), "GEOMETRY"),
    refused("row 0", with_rows("<row r='0'/>"), "GEOMETRY"),
    refused("row -1", with_rows("<row r='-1'/>"), "GEOMETRY"),
    refused("a row of 5000 digits", with_rows(f"<row r='{'9' * 5000}'/>"), "GEOMETRY"),
    refused("a million columns", with_rows(f'<row r="2">{"<c><v>1</v></c>" * 1_000_000}</row>'), "ZIP_BOMB"),
    refused("100,000 columns", with_rows(f'<row r="2">{"<c><v>1</v></c>" * 100_000}</row>'), "GEOMETRY"),
    refused("20,000 columns in the header", with_sheet(lambda _: sheet(f"<row>{'<c><v>1</v></c>' * 20_000}</row>")),
            "GEOMETRY"),
    refused("rows from below", with_rows(SECOND_RECORD + RECORD), "OUT_OF_ORDER"),
    refused("a row twice", with_rows(RECORD + RECORD), "OUT_OF_ORDER"),
    refused("a cell of another row", one_row(cell("A7")), "OUT_OF_ORDER"),
    refused("a cell twice", one_row(cell("A2"), cell("A2", "5")), "OUT_OF_ORDER"),
    refused("cells from the right", one_row(cell("B2"), cell("A2", "5")), "OUT_OF_ORDER"),
    harmless("a cell far to the right", one_row(cell("A2"), cell("AZ2", "9")),
             (("SKU", "Stok", *[""] * 50), ("1", *[""] * 50, "9"))),
    harmless("blank cells up to the last column", with_rows(RECORD.replace("</row>", '<c r="XFD2" s="0"/></row>'))),
    harmless("a false dimension", with_sheet(lambda text: text.replace(
             "<sheetData", '<dimension ref="A1"/><sheetData'))),
    harmless("a dimension of a whole sheet",
             with_sheet(lambda text: text.replace("<sheetData", '<dimension ref="A1:XFD1048576"/><sheetData'))),
    harmless("all cells merged", with_sheet(lambda text: text.replace(
             "</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'))),
    harmless("100,000 merges", with_sheet(lambda text: text.replace(
             "</sheetData>", f"</sheetData><mergeCells>{MERGE * 100_000}</mergeCells>"))),
    harmless("a row without number", one_row(cell("A2"), "<c><v>7</v></c>", tag="<row>")),
]  # fmt: skip

ENCODINGS: list[Attack] = [
    *(refused(f"{codec} without a word", encoded(codec), "XML_ENCODING")
      for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    refused("utf-16 with a word", encoded("utf-16", "UTF-16"), "XML_ENCODING"),
    refused("utf-7", encoded("utf-7", "UTF-7"), "XML_ENCODING"),
    refused("ebcdic", encoded("cp500", "IBM500"), "XML_ENCODING", "UNREADABLE_FILE"),
    refused("latin-1", encoded("latin-1", "ISO-8859-1", HEADER + row(2, cell("A2", "é", 't="str"'))), "XML_ENCODING"),
    refused("bytes that are no text", with_sheet(lambda text: text.replace("<v>1<", "<v>\xe9<").encode("latin-1")),
            "XML_ENCODING"),
    refused("a byte of value 0", with_sheet(lambda text: text.replace("<v>1<", "<v>1\0<")), "XML_ENCODING"),
    harmless("latin-1 that is ascii", encoded("latin-1", "iso-8859-1")),
    harmless("a byte order mark", encoded("utf-8-sig", "utf-8")),
    refused("a billion laughs", declared(f"<!DOCTYPE w [{LAUGHS}]>", "&l9;"), "XML_ENTITIES"),
    refused("quadratic laughs", declared(f'<!DOCTYPE w [<!ENTITY a "{"a" * 50_000}">]>', "&a;" * 5000), "XML_ENTITIES"),
    refused("a file of ours", declared('<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), "XML_ENTITIES"),
    refused("a document type from elsewhere", declared('<!DOCTYPE w SYSTEM "http://127.0.0.1/a.dtd">'), "XML_ENTITIES"),
    refused("a document type behind the end", with_sheet(lambda text: text.replace(
            "</worksheet>", "<!DOCTYPE w></worksheet>")), "XML_ENTITIES"),
    refused("a document type behind 2 MB of comment", declared(f"<!--{'<' * 2 * MEGABYTE}--><!DOCTYPE w>"),
            "XML_ENTITIES"),
]  # fmt: skip

FORMS: list[Attack] = [
    harmless("single quotes", with_rows("<row r='2'><c r='A2'><v>1</v></c><c r='B2' t='n'><v>7</v></c></row>")),
    harmless("odd white space", one_row('<c\n r="A2"\t><v>1</v></c>\n', '<c  r="B2"  t="str" ><v>7</v></c>',
             tag='<row\tr="2" >')),
    harmless("one prefix for all", with_sheet(lambda text: text.replace("<", "<x:").replace("<x:/", "</x:").replace(
             "<x:?", "<?").replace("xmlns=", "xmlns:x="))),
    refused("white space around =", one_row('<c r = "B2"><v>1</v></c>'), "MALFORMED_XML"),
    refused("white space in an end tag", one_row('<c r="A2"><v>1</v ></c>'), "MALFORMED_XML"),
    refused("small letters", one_row('<c r="b2"><v>1</v></c>'), "MALFORMED_XML"),
    refused("dollars", one_row('<c r="$B$2"><v>1</v></c>'), "MALFORMED_XML"),
    refused("no letters", one_row('<c r="2"><v>1</v></c>'), "MALFORMED_XML"),
    refused("two places", one_row('<c r="A2" r="B2"><v>1</v></c>'), "MALFORMED_XML"),
    refused("an unknown type", one_row('<c r="A2" t="zz"><v>1</v></c>'), "MALFORMED_XML"),
    refused("a second prefix", one_row(f'<c r="A2" xmlns:y="{MAIN}"><y:v>1</y:v></c>'), "MALFORMED_XML"),
    refused("a value in a value", one_row('<c r="A2"><v>5<v>6</v></v></c>'), "MALFORMED_XML"),
    refused("two values", one_row('<c r="A2"><v>5</v><v>6</v></c>'), "MALFORMED_XML"),
    refused("a value and a text", one_row('<c r="A2"><v>5</v><is><t>6</t></is></c>'), "MALFORMED_XML"),
    refused("a text without type", one_row('<c r="A2"><is><t>6</t></is></c>'), "MALFORMED_XML"),
    refused("a reference to a character in a number", one_row(cell("A2", "&#49;")), "MALFORMED_XML"),
    refused("an end tag in marked text", one_row('<c r="A2" t="inlineStr"><is><t><![CDATA[</c>]]></t></is></c>'),
            "MALFORMED_XML"),
    refused("marked text that is empty", one_row('<c r="A2" t="str"><v><![CDATA[]]></v></c>'), "READER_DISAGREES"),
    refused("a cell in a comment", one_row("<!--", cell("A2"), "-->", cell("B2")), "MALFORMED_XML"),
    refused("a comment in a value", one_row(cell("A2", "5<!-- -->6")), "MALFORMED_XML"),
    refused("an instruction in a value", one_row(cell("A2", "5<?x y?>6")), "MALFORMED_XML"),
    refused("a row in a row", one_row(row(3, cell("A3"))), "MALFORMED_XML"),
    refused("cells of an extension", one_row(cell("A2"), f"<extLst><ext>{cell('B2')}</ext></extLst>"), "MALFORMED_XML"),
    refused("a second table", with_sheet(lambda text: text.replace(
            "</sheetData>", f"</sheetData><sheetData>{SECOND_RECORD}</sheetData>")), "MALFORMED_XML"),
    refused("a row behind the table", with_sheet(lambda text: text.replace(
            "</sheetData>", f"</sheetData>{SECOND_RECORD}")), "MALFORMED_XML"),
    refused("a table in a comment", with_sheet(lambda text: text.replace(
            "<sheetData>", "<!-- <sheetData/> --><sheetData>")), "MALFORMED_XML"),
    refused("a sheet that breaks off in a row", with_sheet(lambda text: text[: text.index("<v>7")]), "UNREADABLE_FILE"),
    refused("a sheet that breaks off behind its rows", with_sheet(lambda text: text[:-14]), "UNREADABLE_FILE"),
    refused("a sheet without table", with_sheet(lambda _: f'<worksheet xmlns="{MAIN}"/>'), "UNREADABLE_FILE"),
    refused("a million nested tags", one_row("<a>" * 1_000_000), "MALFORMED_XML"),
    harmless("a million nested tags above", with_sheet(lambda text: text.replace(
             "<sheetData", f"{'<a>' * 1_000_000}{'</a>' * 1_000_000}<sheetData"))),
    refused("a million attributes", one_row(cell("A2"), tag=f'<row r="2"{ATTRIBUTES}>'),
            "HUGE_CELL"),
    refused("an attribute of 3 MB", one_row(f'<c r="A2" a="{"x" * 3 * MEGABYTE}"/>'), "HUGE_CELL"),
    refused("a tag of 3 MB", one_row(f"<{'x' * 3 * MEGABYTE}/>"), "HUGE_CELL"),
    refused("a cell of 3 MB", one_row(cell("A2", "x" * 3 * MEGABYTE, 't="str"')), "HUGE_CELL"),
    harmless("a cell of 1 MB", one_row(cell("A2", "x" * (MEGABYTE - 8), 't="str"')),
             (SOUND[0], ("x" * (MEGABYTE - 8), ""))),
    harmless("an entity that nobody declared", one_row(cell("A2", "&foo;", 't="str"')), (SOUND[0], ("&foo;", ""))),
    harmless("marked text", one_row('<c r="A2" t="inlineStr"><is><t><![CDATA[a<b]]></t></is></c>'),
             (SOUND[0], ("a<b", ""))),
]  # fmt: skip

SHEET_ATTACKS = [*GEOMETRY, *ENCODINGS, *FORMS]
