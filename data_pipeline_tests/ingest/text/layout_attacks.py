"""Attacks by what stands where: delimiters, headers, titles, totals."""

from data_pipeline_tests.ingest.siege import Attack, Table
from data_pipeline_tests.ingest.text.attack import (
    BEYOND,
    HEADER,
    HEADER_LINE,
    LINES,
    SOUND,
    expect,
    join,
    list_records,
    ragged,
    read_as,
    refused,
    with_pieces,
)
from data_pipeline_tests.ingest.text.reading import shorten

RECORDS = [*list_records(100)]
TABLE: Table = (HEADER, *list_records(30))
LATE = 60_000
OTHERWISE = join(list_records(10_000, LATE), ";")


def separated(delimiter: str) -> str:
    """The sound table with another delimiter."""
    return LINES.replace(",", delimiter)


def headed(*names: str) -> str:
    """Thirty records under other column names."""
    return join([names, *list_records(30)])


DELIMITERS: list[Attack] = [
    *(read_as(f"delimited by {name}", separated(mark))
      for name, mark in (("semicolons", ";"), ("tabulators", "\t"), ("bars", "|"), ("two bars", "||"),
                         ("two commas", ",,"))),
    *(refused(f"delimited by {name}", join([HEADER, *RECORDS], mark), "AMBIGUOUS_DIALECT", "BROKEN_QUOTES",
              "WRONG_CONTENT", "DOUBLED_HEADER")
      for name, mark in (("a bar and a comma", "|,"), ("units", "\x1f"))),
    *(read_as(f"delimited by {name}, which is not looked for", join([HEADER, *list_records(30)], mark),
              ((mark.join(HEADER),), *((mark.join(record),) for record in list_records(30))))
      for name, mark in (("carets", "^"), ("two colons", "::"), ("tildes", "~"), ("section marks", "§"))),
    read_as("decimal commas among semicolons", "SKU;Harga\n1;1,5\n2;22,75\n3;1.234,5\n",
            (("SKU", "Harga"), ("1", "1,5"), ("2", "22,75"), ("3", "1.234,5"))),
    refused("decimal commas among commas in some records", "SKU,Nama,Harga\n" + "1,A,5\n2,B,1,5\n" * 20,
            "AMBIGUOUS_DIALECT"),
    refused("as many semicolons as commas", "a;b,c\n1;2,3\n4;5,6\n", "AMBIGUOUS_DIALECT"),
    refused("a header with commas above records with semicolons", HEADER_LINE + join(RECORDS, ";"),
            "AMBIGUOUS_DIALECT", "RAGGED_HEADER", "NO_HEADER"),
    read_as("tabulators as blanks", "SKU\tNama\tStok\n1\t\t7\n\t\t3\n",
            (("SKU", "Nama", "Stok"), ("1", "", "7"), ("", "", "3"))),
    read_as("another delimiter for the last 10,000 of 70,000 records", join([HEADER, *list_records(LATE)]) + OTHERWISE,
            expect(BEYOND, {n: ragged(";".join(record)) for n, record in enumerate(list_records(10_000, LATE), LATE)})),
    refused("another delimiter from the second half on", join([HEADER, *RECORDS]) + join(RECORDS, ";"),
            "AMBIGUOUS_DIALECT"),
    refused("two lists with different columns", join([HEADER, *RECORDS]) + "Toko,Kota,Jalan,No\n" + "a,b,c,1\n" * 100,
            "AMBIGUOUS_DIALECT"),
    read_as("the line sep=", "sep=;\n" + separated(";")),
    read_as("the line sep= of Windows", "sep=;\r\n" + separated(";").replace("\n", "\r\n")),
    read_as("the line sep= in UTF-16", ("sep=\t\n" + separated("\t")).encode("utf-16")),
    read_as("the line sep= in quotes", '"sep=,"\n' + LINES),
    read_as("the line sep= with a caret", "sep=^\n" + separated("^")),
    read_as("the line sep= of an old Mac", ("sep=;\n" + separated(";")).replace("\n", "\r")),
    read_as("the line sep= of an old Mac above a cell of two lines", 'sep=;\rSKU;Nama\r1;Kopi\r2;"Teh\nhijau"\r3;Air\r',
            (("SKU", "Nama"), ("1", "Kopi"), ("2", "Teh\nhijau"), ("3", "Air"))),
    read_as("a line sep= that lies", "sep=;\n" + LINES, tuple((",".join(row),) for row in SOUND)),
    read_as("the line sep= below the header", HEADER_LINE + "sep=;\n1,2,3\n4,5,6\n",
            (HEADER, ragged("sep=;"), ("1", "2", "3"), ("4", "5", "6"))),
]  # fmt: skip

HEADERS: list[Attack] = [
    refused("two columns of one name", headed("SKU", "Stok", "Stok"), "DOUBLED_HEADER"),
    refused("two columns of one name but for blanks", headed("SKU", "Stok", " Stok "), "DOUBLED_HEADER"),
    refused("two columns of one name but for a hard blank", headed("SKU", "Stok", "Stok\u00a0"), "DOUBLED_HEADER"),
    read_as("names that differ by case", headed("SKU", "Stok", "stok"), (("SKU", "Stok", "stok"), *list_records(30))),
    read_as("a column without a name", headed("SKU", "", "Stok"),
            (("SKU", "Stok"), *((a, c) for a, _, c in list_records(30))), "CELLS_WITHOUT_COLUMN"),
    read_as("an empty column without a name", "SKU,,Stok\n1,,7\n2,,8\n", (("SKU", "Stok"), ("1", "7"), ("2", "8"))),
    refused("no header", join(RECORDS), "NO_HEADER"),
    refused("a header of numbers", headed("1", "2", "3"), "NO_HEADER"),
    read_as("a header of years", "SKU,2024,2025\nA,1,2\nB,3,4\n", (("SKU", "2024", "2025"), ("A", "1", "2"),
            ("B", "3", "4"))),
    refused("a header of blanks", ",,\n" + join(RECORDS), "NO_HEADER"),
    refused("records with more fields than the header", HEADER_LINE + "1,Sabun,7,9\n2,Kopi,8,9\n3,Teh,9,9\n" * 30,
            "AMBIGUOUS_DIALECT", "RAGGED_HEADER"),
    refused("records with a field in front that has no name", HEADER_LINE + join(("x", *record) for record in RECORDS),
            "AMBIGUOUS_DIALECT", "RAGGED_HEADER"),
    refused("records with fewer fields than the header", HEADER_LINE + "1,Sabun\n2,Kopi\n3,Teh\n",
            "AMBIGUOUS_DIALECT"),
    refused("a header in two rows, of which none is declared", ",Stok,Stok\nSKU,Awal,Akhir\n1,2,3\n4,5,6\n",
            "DOUBLED_HEADER"),
    read_as("a title above", "Laporan Stok\n\n" + join(TABLE), TABLE, "PREAMBLE_ROWS"),
    read_as("a title with commas above", "Laporan, Stok\n\n" + join(TABLE), TABLE, "PREAMBLE_ROWS"),
    read_as("twelve lines of titles", "".join(f"# baris {n}\n" for n in range(12)) + join(TABLE), TABLE,
            "PREAMBLE_ROWS"),
    refused("150 lines of notes above", "".join(f"catatan {n}\n" for n in range(150)) + join([HEADER, *RECORDS]),
            "AMBIGUOUS_DIALECT", "NO_HEADER"),
    read_as("a total below", join(TABLE) + ",Total,1225\n", TABLE, "FOOTER_ROWS"),
    read_as("a total below in the place of a code", join(TABLE) + "Total,,1225\n", TABLE, "FOOTER_ROWS"),
    read_as("a note below a blank line", join(TABLE) + "\ndicetak 2026-01-05,,\n", TABLE, "FOOTER_ROWS", "BLANK_ROWS"),
    read_as("a total of fewer fields below", join(TABLE) + "\nTotal\n", TABLE, "FOOTER_ROWS", "BLANK_ROWS"),
    read_as("a brand that is called Total", LINES + "0003,Total,9\n", (*SOUND, ("0003", "Total", "9"))),
    read_as("a header on each page", join(TABLE) * 2, lambda: shorten([*TABLE, *TABLE])),
    read_as("names with line ends, quotes and formulas", '"SKU\n(baru)","=Nama","St""ok"\n1,2,3\n4,5,6\n',
            (("SKU\n(baru)", "=Nama", 'St"ok'), ("1", "2", "3"), ("4", "5", "6"))),
    read_as("names that Polars takes for patterns", "^.*$,*,col\n1,2,3\n4,5,6\n", (("^.*$", "*", "col"),
            ("1", "2", "3"), ("4", "5", "6"))),
    read_as("names like our own", "row_number,0,1x\nx,2,3\ny,5,6\n", (("row_number", "0", "1x"), ("x", "2", "3"),
            ("y", "5", "6"))),
    read_as("a name of 900 KB", with_pieces(("SKU,", 1), ("N", 900_000), (",Stok\n1,2,3\n4,5,6\n", 1)),
            lambda: shorten([("SKU", "N" * 900_000, "Stok"), ("1", "2", "3"), ("4", "5", "6")])),
]  # fmt: skip

LAYOUT_ATTACKS = [*DELIMITERS, *HEADERS]
