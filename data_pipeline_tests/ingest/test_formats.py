"""Rules of telling formats apart: by what is in a file, never by its name; what is no table is named."""

import io
import pickle
import re
import struct
import zipfile
from pathlib import Path

import msoffcrypto.format.ooxml
import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import Format, detect_format, note_suffix
from data_pipeline_tests.ingest.workbook import ods_files, xlsb_files
from data_pipeline_tests.ingest.workbook.compound_files import write_compound
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, write_workbook

BIFF_START = struct.pack("<HHHH12x", 0x809, 16, 0x600, 5)
FILE_PASS = struct.pack("<HHH", 0x2F, 2, 0)
BIFF_END = struct.pack("<HH", 0x0A, 0)
HEADERS_LIKE_SIGNATURES = ("MZ;Nama", "PAR1;x", "PAR1", "BM;x", "ORC,x", "Obj;x", "BZh9;x", "PK;x", "Rar!;x")


def zipped(*names: str, contents: str = "x") -> bytes:
    """An archive with these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, contents)
    return stream.getvalue()


def write(tmp_path: Path, content: bytes, name: str = "data") -> Path:
    """A file of this content."""
    path = tmp_path / name
    path.write_bytes(content)
    return path


def refuse(path: Path, name: str = "stok.xlsx") -> tuple[str, str]:
    """Code and message of the refusal."""
    with pytest.raises(FileRejected) as refusal:
        detect_format(path, name=name)
    return refusal.value.code, str(refusal.value)


def test_a_workbook_is_known_by_its_parts_whatever_it_is_called(tmp_path: Path) -> None:
    xlsx = write_workbook(tmp_path / "a.csv", HEADER)
    xlsb = xlsb_files.write_xlsb(tmp_path / "b.xls", {"One": xlsb_files.sheet()})
    ods = ods_files.write_ods(tmp_path / "c.xlsx", {"One": ""})
    xls = write_compound(tmp_path / "d.ods", {"Workbook": BIFF_START + BIFF_END})
    old_xls = write_compound(tmp_path / "e", {"Book": BIFF_START + BIFF_END})

    formats = [detect_format(path, name=path.name) for path in (xlsx, xlsb, ods, xls, old_xls)]

    assert formats == ["xlsx", "xlsb", "ods", "xls", "xls"]


@pytest.mark.parametrize(
    "content",
    [
        b"SKU;Stok\n1;2\n",
        b"\xef\xbb\xbfSKU,Stok\n",
        "SKU\tStok\n".encode("utf-16"),
        "SKU;Stok\n1;2\n".encode("utf-16-le"),
        "1;2\n3;4\n".encode("utf-16-be"),
        b"\n\n  \n",
        b"ID;PRODUK;STOK\n1;Sabun;5\n",
        b"BM,MZ,PAR1\n1,2,3\n",
        b"From: Padang\nDate: 2025-01-02\nSKU;Stok\n",
        b"[Brand];Stok\n",
        b"<5;>5\n1;2\n",
        b"\x93Stok\x94;caf\xe9\n",
        b'{"broken quote;x\n'[1:],
        *(f"{header}\n1;2\n".encode() for header in HEADERS_LIKE_SIGNATURES),
    ],
    ids=["csv", "mark", "utf-16", "utf-16 without mark", "digits in utf-16", "blank lines", "begins like sylk",
         "begins like signatures", "begins like mail", "bracket", "angle", "windows-1252", "quote",
         *HEADERS_LIKE_SIGNATURES],
)  # fmt: skip
def test_whatever_is_nothing_else_is_text(content: bytes, tmp_path: Path) -> None:
    assert detect_format(write(tmp_path, content), name="a.csv") == "text"


@pytest.mark.parametrize(
    ("content", "what", "remedy"),
    [
        (b"%PDF-1.7\n%\xe2", "a PDF document", "Send the table itself"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture (PNG)", "Send the table itself"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture (JPEG)", "Send the table itself"),
        (b"BM\x36\0\0\0\0\0\0\0", "a picture (BMP)", "Send the table itself"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "a picture, sound or film (RIFF)", "Send the table itself"),
        (b"\0\0\0\x18ftypheic", "a picture or film (MP4, HEIC)", "Send the table itself"),
        (b"\x1f\x8b\x08\0\0\0", "a gzip archive", "Unpack it"),
        (b"BZh91AY&SY", "a bzip2 archive", "Unpack it"),
        (b"\xfd7zXZ\0\0", "an xz archive", "Unpack it"),
        (b"\x28\xb5\x2f\xfd\x24", "a Zstandard archive", "Unpack it"),
        (b"\x04\x22\x4d\x18\x64", "an LZ4 archive", "Unpack it"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7-Zip archive", "Unpack it"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive", "Unpack it"),
        (b"a.csv" + bytes(252) + b"ustar\0" + b"00", "a tar archive", "Unpack it"),
        (b"PAR1\x15\x04\x15", "a Parquet file", "Send the table itself"),
        (b"ORC\0\x01", "an ORC file", "Send the table itself"),
        (b"ARROW1\0\0\xff", "an Arrow file", "Send the table itself"),
        (b"Obj\x01\x04\x14avro.codec", "an Avro file", "Send the table itself"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Send the table itself"),
        (pickle.dumps([{"sku": 1}]), "a pickle of Python", "Send the table itself"),
        (b"GIF89a\x01", "a picture (GIF)", "Send the table itself"),
        (b"II*\0\x08", "a picture (TIFF)", "Send the table itself"),
        (b"\x7fELF\x02", "a program", "Send the table itself"),
        (b"\0\1\0\0Standard Jet DB", "a database (Access)", "Send the table itself"),
        (b"MZ\x90\0\3\0\0\0", "a program (EXE)", "Send the table itself"),
        (b"SQLite format 3\0", "a database (SQLite)", "Send the table itself"),
        (b"\x03\x19\x01\x02" + bytes(60), "a dBase table (DBF)", "save it as XLSX"),
        (b"{\\rtf1\\ansi", "a text document (RTF)", "Send the table itself"),
        (b"\x09\x04\x06\0\0\4\x10\0", "an Excel file of before 1993 (BIFF4)", "save it as XLSX"),
        (b"\4" + b"Rina".ljust(54) + b"\4\0" + "Rina".ljust(54).encode("utf-16-le"), "the lock file", "Close the"),
        (b"[InternetShortcut]\nURL=https://docs.google.com/x", "a shortcut to a web page (URL)", "download it as XLSX"),
        (b'{"url": "https://docs.google.com/open?id=1"}', "a shortcut to a Google sheet", "download it as XLSX"),
        (b'[\n {"sku": "1"}]', "JSON data", "Send the table itself"),
        (b"\r\n <!DOCTYPE html>\n<html>", "an HTML page", "save it as XLSX"),
        (b"<!-- x --><!-- y -->\n<table border=1><tr><td>SKU", "an HTML page", "save it as XLSX"),
        ('<html xmlns:x="urn:x">'.encode("utf-16"), "an HTML page", "save it as XLSX"),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>', "an XML spreadsheet", "XLSX"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
         "an XML spreadsheet of Excel 2003", "save it as XLSX"),
        (b'<?xml version="1.0"?><rss/>', "an XML document", "save it as XLSX"),
        (b'<svg xmlns="http://www.w3.org/2000/svg">', "a picture (SVG)", "Send the table itself"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n", "a web page archive (MHTML)", "XLSX"),
        (b"From: a@b.c\r\nTo: d@e.f\r\nMessage-ID: <1>\r\n\r\n", "an e-mail", "attached to it"),
        (b"ID;PWXL;N;E\r\nP;PGeneral\r\n", "a SYLK table", "save it as XLSX"),
        (zipped("word/document.xml", "[Content_Types].xml"), "a Word document (DOCX)", "Send the table itself"),
        (zipped("ppt/slides/slide1.xml"), "a PowerPoint presentation (PPTX)", "Send the table itself"),
        (zipped("Index/Document.iwa"), "an Apple document (Numbers, Pages)", "Export it as Excel workbook"),
        (zipped("mimetype", contents="application/vnd.oasis.opendocument.text"), "a document of type", "Send the"),
        (zipped("mimetype", contents="application/vnd.sun.xml.calc"), "a document of type", "save it as XLSX"),
        (zipped("1. Padang.xlsx", "2. Solok.xlsx"), "a zip archive of 2 files", "Unpack it"),
        (zipped(), "a zip archive of 0 files", "Unpack it"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_named_with_what_to_do(content: bytes, what: str, remedy: str, tmp_path: Path) -> None:
    code, message = refuse(write(tmp_path, content))

    assert code == "WRONG_CONTENT"
    assert what in message
    assert remedy in message


def test_the_refusal_says_what_was_expected(tmp_path: Path) -> None:
    _, message = refuse(write(tmp_path, b"<html><table>"), "6. Toko Kirana Flamboyan.xls")

    assert message == (
        "6. Toko Kirana Flamboyan.xls: expected a table (XLSX, XLSB, XLS, ODS or CSV), found an HTML page. "
        "Open it in a spreadsheet program and save it as XLSX."
    )


@pytest.mark.parametrize(
    ("stream", "what"),
    [
        ("WordDocument", "a Word document (DOC)"),
        ("PowerPoint Document", "a PowerPoint presentation (PPT)"),
        ("__properties_version1.0", "an Outlook message (MSG)"),
        ("Catalog", "a thumbnail cache of Windows"),
        ("Contents", "an OLE file of another program"),
    ],
)
def test_an_ole_file_is_known_by_its_streams(stream: str, what: str, tmp_path: Path) -> None:
    """A workbook that lies inside a Word document makes it none."""
    path = write_compound(tmp_path / "a.xls", {stream: b"x"}, nested={"Workbook": BIFF_START + BIFF_END})

    code, message = refuse(path)

    assert (code, what in message) == ("WRONG_CONTENT", True)


def test_an_encrypted_xlsx_is_refused_with_what_to_do(tmp_path: Path) -> None:
    plain = write_workbook(tmp_path / "plain.xlsx", HEADER)
    with plain.open("rb") as source, (tmp_path / "a.xlsx").open("wb") as target:
        msoffcrypto.format.ooxml.OOXMLFile(source).encrypt("rahasia", target)

    code, message = refuse(tmp_path / "a.xlsx")

    assert code == "ENCRYPTED_FILE"
    assert message == (
        "stok.xlsx: expected a workbook that opens without a password, found an encrypted one. "
        "Remove the password and send it again."
    )


def test_every_way_to_lock_a_workbook_is_refused(tmp_path: Path) -> None:
    xls = write_compound(tmp_path / "a.xls", {"Workbook": BIFF_START + FILE_PASS + BIFF_END})
    rights = write_compound(tmp_path / "b.xls", {"\tDRMContent": b"x"})
    ods = ods_files.write_ods(tmp_path / "c.ods", {"One": ""}, manifest="<manifest:encryption-data/>")
    zip_password = write_workbook(tmp_path / "d.xlsx", HEADER)
    content = bytearray(zip_password.read_bytes())
    for at in (place.start() for place in re.finditer(b"PK\1\2", bytes(content))):
        content[at + 8] |= 1
    zip_password.write_bytes(content)

    assert {refuse(path)[0] for path in (xls, rights, ods, zip_password)} == {"ENCRYPTED_FILE"}


@pytest.mark.parametrize(
    ("content", "code", "found"),
    [
        (b"", "EMPTY_FILE", "found a file of 0 bytes"),
        (bytes(5000), "UNREADABLE_FILE", "its first 4096 bytes are all zero"),
        (zipped("xl/workbook.xml")[:60], "UNREADABLE_FILE", "File is not a zip file"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(100), "UNREADABLE_FILE", "only its beginning"),
    ],
    ids=["empty", "zeros", "half an archive", "half an OLE file"],
)
def test_a_damaged_file_is_refused_as_damaged(content: bytes, code: str, found: str, tmp_path: Path) -> None:
    refused, message = refuse(write(tmp_path, content))

    assert refused == code
    assert found in message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "xlsx", "a.csv: the name ends in '.csv', but the content is an XLSX workbook; it is read as that"),
        ("a.XLS", "xlsx", "a.XLS: the name ends in '.xls', but the content is an XLSX workbook; it is read as that"),
        ("a.xls", "text", "a.xls: the name ends in '.xls', but the content is text (CSV); it is read as that"),
        ("a.xlsx", "ods", "a.xlsx: the name ends in '.xlsx', but the content is an ODS workbook; it is read as that"),
    ],
)
def test_a_name_that_says_otherwise_is_told(name: str, content: Format, message: str) -> None:
    [finding] = note_suffix(name, content)

    assert (finding.code, finding.severity, finding.message) == ("SUFFIX_DISAGREES", "warn", message)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xlsx", "xlsx"), ("a.xlsm", "xlsx"), ("A.CSV", "text"), ("a.txt", "text"), ("1. Toko Kirana", "xls"),
     ("a.ods", "ods"), ("a.dat", "text")],
)  # fmt: skip
def test_a_name_that_fits_or_says_nothing_is_not_told(name: str, content: Format) -> None:
    assert note_suffix(name, content) == []
