"""Attacks by a name: other files, called workbook.xlsx."""

import gzip
import io
from pathlib import Path

from msoffcrypto.format.ooxml import OOXMLFile

from data_pipeline_tests.ingest.workbook.archives import Member, write_archive
from data_pipeline_tests.ingest.workbook.attack import ROWS, Attack, refused, with_bytes
from data_pipeline_tests.ingest.workbook.compound_files import write_compound
from data_pipeline_tests.ingest.workbook.ods_files import write_ods
from data_pipeline_tests.ingest.workbook.workbooks import write_workbook
from data_pipeline_tests.ingest.workbook.xlsb_files import write_xlsb

TEXTS = {
    "CSV": b"SKU,Stok\n1,7\n",
    "a web page": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
    "a sheet's bare XML": b"<?xml version='1.0'?><worksheet><sheetData/></worksheet>",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(600),
    "a program": b"\x7fELF" + bytes(600),
    "a PDF": b"%PDF-1.7\n" + b"1 0 obj\n" * 100,
    "a packed CSV": gzip.compress(b"SKU,Stok\n1,7\n"),
    "an archive of another kind": b"7z\xbc\xaf\x27\x1c" + bytes(600),
    "nothing": b"",
    "zeros": bytes(5000),
    "an archive's first mark": b"PK\3\4",
    "an archive's last mark": b"PK\5\6" + bytes(10),
    "half a compound file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
}


def write_encrypted(path: Path) -> None:
    """A workbook as Excel encrypts it."""
    write_workbook(path, ROWS)
    plain, packed = io.BytesIO(path.read_bytes()), io.BytesIO()
    OOXMLFile(plain).encrypt("secret", packed)
    path.write_bytes(packed.getvalue())


def write_document(path: Path) -> None:
    """A Word document."""
    write_archive(path, [Member("[Content_Types].xml", b"<Types/>"), Member("word/document.xml", b"<document/>")])


CONTENT_ATTACKS: list[Attack] = [
    *(refused(name, with_bytes(content), "UNREADABLE_FILE") for name, content in TEXTS.items()),
    refused("an XLS", lambda path: write_compound(path, {"Workbook": b"\x09\x08\x10\0" + bytes(5000)}),
            "UNREADABLE_FILE"),
    refused("an XLSB", lambda path: write_xlsb(path, {}), "MISSING_PART"),
    refused("an ODS", lambda path: write_ods(path, {}), "MISSING_PART"),
    refused("a Word document", write_document, "MISSING_PART"),
    refused("an encrypted workbook", write_encrypted, "ENCRYPTED_FILE"),
    refused("an encrypted package", lambda path: write_compound(path, {"EncryptedPackage": bytes(5000),
            "EncryptionInfo": bytes(100)}), "ENCRYPTED_FILE"),
]  # fmt: skip
