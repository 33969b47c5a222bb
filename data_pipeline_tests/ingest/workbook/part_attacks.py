"""Attacks by the parts around a sheet: shared texts, styles, the list of sheets, macros, links."""

from data_pipeline_tests.ingest.workbook.archives import Member
from data_pipeline_tests.ingest.workbook.attack import (
    ROWS,
    SHARED,
    SHEET,
    SOUND,
    Attack,
    Write,
    harmless,
    refused,
    with_members,
    with_parts,
    with_rows,
)
from data_pipeline_tests.ingest.workbook.sheet_attacks import LAUGHS, MEGABYTE, cell, one_row
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, MAIN, OFFICE, RELATIONS, WORKBOOK, row, sheet

WORKBOOK_PART, RELATIONS_PART, STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"
POINTING = HEADER + row(2, '<c r="A2" t="s"><v>0</v></c>', '<c r="B2"><v>7</v></c>')
LINK = f'<Relationship Id="rId8" Type="{OFFICE}/worksheet" Target="{{}}"/></Relationships>'


def texts(items: str, attributes: str = "", rows: str = POINTING) -> Write:
    """A workbook whose first record points at the first shared text."""
    return with_parts({SHARED: f'<?xml version="1.0"?><sst xmlns="{MAIN}"{attributes}>{items}</sst>'}, rows)


def styled(value: str, number_format: int = 14, more: str = "") -> Write:
    """A workbook with a number that is shown as a date."""
    formats = f'<xf numFmtId="0"/><xf numFmtId="{number_format}"/>'
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs{more}>{formats}</cellXfs></styleSheet>'
    return with_parts({STYLES: styles}, HEADER + row(2, cell("A2", value, 's="1"'), cell("B2", "7")))


def two_sheets(first: str, second: str = "visible", target: str = "worksheets/sheet2.xml") -> Write:
    """A workbook with another sheet in front of the usual one, in these states."""
    sheets = (
        f'<sheet name="Notes" sheetId="8" state="{first}" r:id="rId8"/>'
        f'<sheet name="Sheet 1" sheetId="1" state="{second}" r:id="rId1"/>'
    )
    return with_parts({
        WORKBOOK_PART: WORKBOOK.replace('<sheet name="Sheet 1" sheetId="1" r:id="rId1"/>', sheets),
        RELATIONS_PART: RELATIONS.replace("</Relationships>", LINK.format(target)),
        "xl/worksheets/sheet2.xml": sheet(row(1, cell("A1", "note", 't="str"'))),
    })  # fmt: skip


DATE_STYLE = '<xf numFmtId="14"/>'
MANY_STYLES = f'<styleSheet xmlns="{MAIN}"><cellXfs>{DATE_STYLE * 200_000}</cellXfs></styleSheet>'
NO_NUMBERS = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt formatCode="d"/></numFmts>'
    '<cellXfs><xf numFmtId="x"/><xf numFmtId="99999999999"/></cellXfs></styleSheet>'
)
MANY_ATTRIBUTES = "".join(f"a{n}='' " for n in range(300_000))
POINTED = (SOUND[0], ("x", "7"))
COUNT_LIES = {
    "uniqueCount": ' uniqueCount="4294967295"',
    "uniqueCount of 2^64": ' uniqueCount="18446744073709551615"',
    "uniqueCount in single quotes": " uniqueCount='4294967295'",
    "uniqueCount with white space": '\n uniqueCount\t=\n " 4294967295"',
    "uniqueCount with zeros": ' uniqueCount="0000000000000000000000000000004294967295"',
    "uniqueCount of 500 million": ' uniqueCount="500000000"',
    "count": ' count="4294967295" uniqueCount="1"',
}

SHARED_TEXTS: list[Attack] = [
    *(refused(f"a false {name}", texts("<si><t>x</t></si>", attributes), "COUNT_LIE")
      for name, attributes in COUNT_LIES.items()),
    harmless("a count that is a little off", texts("<si><t>x</t></si>", ' count="90" uniqueCount="20"'), POINTED),
    harmless("a negative count", texts("<si><t>x</t></si>", ' uniqueCount="-1"'), POINTED),
    refused("a text that is not there", with_rows(row(2, cell("A2", "99", 't="s"')), strings=("x",)), "MISSING_TEXT"),
    refused("a text before the first", with_rows(row(2, cell("A2", "-1", 't="s"')), strings=("x",)), "MALFORMED_XML"),
    refused("a text and more", with_rows(row(2, cell("A2", "0x", 't="s"')), strings=("x",)), "MALFORMED_XML"),
    refused("a text with a name", with_rows(row(2, cell("A2", "x", 't="s"')), strings=("x",)), "MALFORMED_XML"),
    refused("no shared texts", with_parts({SHARED: None}, POINTING), "MISSING_TEXT"),
    refused("shared texts under another name", with_parts({SHARED: None, "xl/texts.xml": ""}, POINTING),
            "MISSING_TEXT"),
    refused("shared texts in another case, and empty", with_parts({SHARED: None, "xl/SharedStrings.xml": ""}, POINTING),
            "UNREADABLE_FILE"),
    harmless("an empty shared text", texts("<si><t/></si>"), (SOUND[0], ("", "7"))),
    harmless("formatted and sounding text", texts('<si><r><rPr><b/></rPr><t>a</t></r><r><t xml:space="preserve"> b</t>'
             '</r><rPh sb="0" eb="1"><t>c</t></rPh></si>'), (SOUND[0], ("a b", "7"))),
    refused("shared texts that break off", with_parts({SHARED: f'<sst xmlns="{MAIN}"><si><t>x</t></si><si><t>'},
            POINTING), "UNREADABLE_FILE"),
    refused("a shared text in a comment", texts("<!-- <si><t>y</t></si> --><si><t>x</t></si>"), "MALFORMED_XML"),
    refused("a comment in a shared text", texts("<si><t>x<!-- --></t></si>"), "MALFORMED_XML"),
    refused("a text in a text", texts("<si><t>x<t>y</t></t></si>"), "MALFORMED_XML"),
    refused("white space in an end tag of a text", texts("<si ><t >x</t ></si >"), "MALFORMED_XML"),
    refused("shared texts in utf-16", with_parts({SHARED: f'<sst xmlns="{MAIN}"><si><t>x</t></si></sst>'.encode(
            "utf-16")}, POINTING), "XML_ENCODING"),
    refused("laughing shared texts", with_parts({SHARED: f'<!DOCTYPE s [{LAUGHS}]><sst xmlns="{MAIN}"><si><t>&l9;</t>'
            "</si></sst>"}, POINTING), "XML_ENTITIES"),
    refused("a shared text of 3 MB", texts(f"<si><t>{'x' * 3 * MEGABYTE}</t></si>"), "HUGE_CELL"),
    harmless("a million empty shared texts", texts(f"<si><t>x</t></si>{'<si/>' * 1_000_000}"), POINTED),
]  # fmt: skip

STYLES_AND_DATES: list[Attack] = [
    *(harmless(f"the date {number}", styled(number), (SOUND[0], (number, "7")))
      for number in ("1e308", "-1e308", "1e999", "-5", "2958466", "99999999999999999999", "n/a")),
    harmless("the duration 1e308", styled("1e308", 46), (SOUND[0], ("1e308", "7"))),
    refused("a false number of styles", styled("1", more=' count="4294967295"'), "COUNT_LIE"),
    refused("styles with entities", with_parts({STYLES: f"<!DOCTYPE s [{LAUGHS}]><styleSheet/>"}), "XML_ENTITIES"),
    harmless("styles without numbers", with_parts({STYLES: NO_NUMBERS})),
    refused("styles that break off", with_parts({STYLES: "<styleSheet><cellXfs>"}), "UNREADABLE_FILE"),
    harmless("200,000 styles", with_parts({STYLES: MANY_STYLES}, ROWS.replace("<c r", "<c s='9' r")),
             (SOUND[0], ("1900-01-01", "1900-01-07"))),
]  # fmt: skip

LISTS: list[Attack] = [
    refused("no list of sheets", with_parts({WORKBOOK_PART: None}), "MISSING_PART"),
    refused("no relations", with_parts({RELATIONS_PART: None}), "MISSING_PART"),
    refused("no sheet", with_parts({SHEET: None}), "MISSING_PART"),
    refused("a list without sheets", with_parts({WORKBOOK_PART: f'<workbook xmlns="{MAIN}"><sheets/></workbook>'}),
            "SHEET_NOT_FOUND"),
    refused("a sheet that leads out", two_sheets("visible", target="../../../../etc/passwd"), "MISSING_PART"),
    refused("a sheet elsewhere", two_sheets("visible", target="http://127.0.0.1/a.xml"), "MISSING_PART"),
    refused("a list in utf-16", with_parts({WORKBOOK_PART: WORKBOOK.encode("utf-16")}), "XML_ENCODING"),
    refused("a list that laughs", with_parts({WORKBOOK_PART: WORKBOOK.replace("<workbook", f"<!DOCTYPE w [{LAUGHS}]>"
            "<workbook")}), "XML_ENTITIES"),
    refused("a list that breaks off", with_parts({WORKBOOK_PART: WORKBOOK[:-12]}), "UNREADABLE_FILE"),
    refused("a list of 40 MB", with_parts({WORKBOOK_PART: WORKBOOK.replace("<sheets", f"<!--{'x' * 40 * MEGABYTE}-->"
            "<sheets")}), "ZIP_BOMB"),
    harmless("a million nested tags in the list", with_parts({WORKBOOK_PART: WORKBOOK.replace(
             "<sheets>", f"{'<a>' * 10**6}{'</a>' * 10**6}<sheets>")})),
    harmless("300,000 attributes in the list", with_parts({WORKBOOK_PART: WORKBOOK.replace(
             "<workbook ", f"<workbook {MANY_ATTRIBUTES}")})),
    harmless("10,000 sheets", with_parts({WORKBOOK_PART: WORKBOOK.replace("</sheets>", "".join(
             f'<sheet name="{n}" sheetId="{n}" r:id="rId1"/>' for n in range(2, 10_000)) + "</sheets>")})),
    harmless("a hidden sheet in front", two_sheets("hidden"), SOUND, "HIDDEN_SHEETS"),
    harmless("a very hidden sheet in front", two_sheets("veryHidden"), SOUND, "HIDDEN_SHEETS"),
    harmless("none but hidden sheets", two_sheets("hidden", "hidden"), (("note",),), "HIDDEN_SHEETS"),
    refused("properties with entities", with_parts({"docProps/core.xml": f"<!DOCTYPE c [{LAUGHS}]><c/>"}),
            "XML_ENTITIES"),
]  # fmt: skip

PASSENGERS: list[Attack] = [
    harmless("macros", with_members(Member("xl/vbaProject.bin", b"\xd0\xcf")), SOUND, "MACROS"),
    harmless("old macros", with_members(Member("xl/macrosheets/sheet1.xml", b"<a/>")), SOUND, "MACROS"),
    harmless("a link", with_members(Member("xl/externalLinks/externalLink1.xml", b"<a/>")), SOUND, "EXTERNAL_LINKS"),
    harmless("a query", with_members(Member("xl/connections.xml", b"<a/>")), SOUND, "EXTERNAL_LINKS"),
    harmless("a workbook in the workbook", with_members(Member("xl/embeddings/a.xlsx", b"PK")), SOUND,
             "EMBEDDED_OBJECTS"),
    harmless("a formula that loads", one_row('<c r="A2" t="str"><f>WEBSERVICE("http://127.0.0.1")</f><v>1</v></c>',
             "<c r='B2'><f>cmd|'/c calc'!A0</f><v>7</v></c>"), SOUND, "FORMULAS"),
    harmless("a formula without value", one_row('<c r="A2"><f>1+1</f></c>', cell("B2", "7")), (SOUND[0], ("", "7")),
             "FORMULAS", "FORMULAS_WITHOUT_VALUE"),
    harmless("a formula that gives an empty text", one_row('<c r="A2" t="str"><f>""</f><v></v></c>', cell("B2", "7")),
             (SOUND[0], ("", "7")), "FORMULAS"),
]  # fmt: skip

PART_ATTACKS = [*SHARED_TEXTS, *STYLES_AND_DATES, *LISTS, *PASSENGERS]
