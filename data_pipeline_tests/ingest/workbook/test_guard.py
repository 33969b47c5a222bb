"""Rules of the guard: each refusal says what was found and what to do; what a workbook holds besides sheets is told."""

from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.workbook.guard import check_archive
from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline.model.reading import Limits
from data_pipeline_tests.ingest.workbook import ods_files, xlsb_files
from data_pipeline_tests.ingest.workbook.archives import Member, write_archive
from data_pipeline_tests.ingest.workbook.attack import ROWS, build_members, with_members
from data_pipeline_tests.ingest.workbook.attacks import ATTACKS
from data_pipeline_tests.ingest.workbook.workbooks import write_workbook

AGAIN = "Save the workbook again in a spreadsheet program and send that."
SHEET = "xl/worksheets/sheet1.xml"
# Attack -> code and message of its refusal.
MESSAGES = {
    "4 GB that are not there": (
        "ZIP_BOMB",
        f"the part '{SHEET}' unpacks from 177 to 4294967294 bytes, 500 times as much are allowed. {AGAIN}",
    ),
    "a thousand parts of 9 MB": (
        "ZIP_BOMB",
        "the archive unpacks to 9000002012 bytes, 4294967296 are allowed. Split the workbook.",
    ),
    "5000 bytes of which there are fewer": (
        "SIZE_LIE",
        f"the part '{SHEET}' unpacks to 306 bytes, the archive's directory says 5000. {AGAIN}",
    ),
    "a byte less than there is": (
        "SIZE_LIE",
        f"the part '{SHEET}' unpacks to at least 306 bytes, the archive's directory says 305. {AGAIN}",
    ),
    "another packing in front of the part": (
        "HEADERS_DIFFER",
        f"the part '{SHEET}' says of itself '{SHEET}', method 0, 177 bytes packed and 306 unpacked; the "
        f"archive's directory says otherwise. {AGAIN}",
    ),
    "a sheet that is there twice": (
        "DUPLICATE_ENTRY",
        f"the archive holds the part '{SHEET}' more than once, so nobody can say which counts. {AGAIN}",
    ),
    "a part that reaches over the others": (
        "OVERLAPPING_ENTRIES",
        f"the part 'xl/media/a.bin' reaches 8940 bytes into what follows it. {AGAIN}",
    ),
    "a program in front": (
        "FOREIGN_BYTES",
        f"512 bytes before the archive belong to no part. {AGAIN}",
    ),
    "bytes behind": (
        "FOREIGN_BYTES",
        f"25 bytes after the archive belong to no part. {AGAIN}",
    ),
    "20,000 parts": (
        "TOO_MANY_ENTRIES",
        f"the archive's directory lists 20006 parts in 1189281 bytes, 10000 parts are allowed. {AGAIN}",
    ),
    "no part at all": (
        "MISSING_PART",
        "expected a workbook, found an archive of no part. Open the file in a spreadsheet program, save it "
        "as XLSX and send that.",
    ),
    "the part name '/etc/passwd'": (
        "PATH_TRAVERSAL",
        f"the part name '/etc/passwd' leads out of the archive. {AGAIN}",
    ),
    "the part name 'xl/a?.xml'": (
        "ODD_PART_NAME",
        f"the part name 'xl/a?.xml' holds characters that no program writes. {AGAIN}",
    ),
    "a device": (
        "SPECIAL_PART",
        f"the part 'xl/media/a.png' is a link or a device, expected a file. {AGAIN}",
    ),
    "an encrypted part": (
        "ENCRYPTED_FILE",
        "expected a workbook that opens without a password, found an encrypted one. Remove the password and "
        "send it again.",
    ),
    "packing 12": (
        "UNKNOWN_COMPRESSION",
        f"the part '{SHEET}' is packed by method 12, expected 0 (stored) or 8 (deflated). {AGAIN}",
    ),
    "an archive inside": (
        "NESTED_ARCHIVE",
        "the archive holds another one, 'xl/media/a.zip'. Unpack it and send the workbook itself.",
    ),
    "a billion laughs": (
        "XML_ENTITIES",
        f"the part '{SHEET}' declares a document type or entities, which are never resolved. {AGAIN}",
    ),
    "utf-7": (
        "XML_ENCODING",
        f"expected the part '{SHEET}' to be UTF-8 text, found the declared encoding 'utf-7'. {AGAIN}",
    ),
    "a false uniqueCount": (
        "COUNT_LIE",
        f"the part 'xl/sharedStrings.xml' says uniqueCount='4294967295', more than the 140 bytes it has. {AGAIN}",
    ),
    "a cell of 3 MB": (
        "HUGE_CELL",
        f"the part '{SHEET}' holds more than 1048576 bytes without a tag; one cell may have 1048576. Shorten "
        "the longest text.",
    ),
    "row 1048577": (
        "GEOMETRY",
        f"the part '{SHEET}' holds a row 1048577; a sheet's rows are 1 to 1048576. {AGAIN}",
    ),
    "a row twice": (
        "OUT_OF_ORDER",
        f"the part '{SHEET}' holds row 2 behind row 2, so nobody can say where it belongs. {AGAIN}",
    ),
    "a cell of another row": (
        "OUT_OF_ORDER",
        f"the part '{SHEET}' holds in row 2 the cell 'A7', so nobody can say where it belongs. {AGAIN}",
    ),
    "small letters": (
        "MALFORMED_XML",
        f"""the part '{SHEET}' is not written as spreadsheet programs write it: '<row r="2"><c """
        f"""r="b2"><v>1</v></c></row>'. {AGAIN}""",
    ),
}


@pytest.mark.parametrize("attack", MESSAGES)
def test_a_refusal_says_what_was_found_and_what_to_do(attack: str, tmp_path: Path) -> None:
    next(each for each in ATTACKS if each.name == attack).write(tmp_path / "1. Padang.xlsx")

    with pytest.raises(FileRejected) as caught:
        read_xlsx(tmp_path / "1. Padang.xlsx", "1. Padang.xlsx")

    assert (caught.value.code, str(caught.value)) == (MESSAGES[attack][0], f"1. Padang.xlsx: {MESSAGES[attack][1]}")


@pytest.mark.parametrize(
    ("limits", "code", "words"),
    [
        (Limits(file_bytes=1000), "FILE_TOO_LARGE", "bytes, 1000 are allowed. Split it."),
        (Limits(archive_entries=5), "TOO_MANY_ENTRIES", "5 parts are allowed."),
        (Limits(inflated_bytes=2000), "ZIP_BOMB", "2000 are allowed. Split the workbook."),
        (Limits(field_bytes=40), "HUGE_CELL", "holds more than 40 bytes without a tag"),
    ],
)
def test_the_limits_are_those_that_are_given(limits: Limits, code: str, words: str, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ROWS)

    with pytest.raises(FileRejected) as caught:
        read_xlsx(path, "a.xlsx", limits=limits)

    assert caught.value.code == code
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("part", "severity", "message"),
    [
        ("xl/vbaProject.bin", "warn", "macros, which are never run"),
        (
            "xl/externalLinks/externalLink1.xml",
            "warn",
            "links to other files or data, which are never followed: the values stored with them are used",
        ),
        ("xl/embeddings/oleObject1.bin", "info", "embedded objects, which are never opened"),
    ],
)
def test_what_a_workbook_holds_besides_sheets_is_told(part: str, severity: str, message: str, tmp_path: Path) -> None:
    with_members(Member(part, b"<a/>"))(tmp_path / "a.xlsx")

    [finding] = check_archive(tmp_path / "a.xlsx", Limits(), "a.xlsx")

    assert (finding.severity, finding.message) == (severity, f"a.xlsx: the workbook holds {message}")


def test_a_usual_workbook_needs_no_words(tmp_path: Path) -> None:
    assert check_archive(write_workbook(tmp_path / "a.xlsx", ROWS), Limits(), "a.xlsx") == ()


def test_workbooks_of_other_formats_pass(tmp_path: Path) -> None:
    rows = xlsb_files.sheet(xlsb_files.row(0, xlsb_files.text(0, "SKU")))
    xlsb = xlsb_files.write_xlsb(tmp_path / "a.xlsb", {"Sheet 1": rows})
    ods = ods_files.write_ods(tmp_path / "a.ods", {"Sheet 1": ods_files.row(ods_files.text("SKU"))})

    assert check_archive(xlsb, Limits(), "a.xlsb") == ()
    assert check_archive(ods, Limits(), "a.ods") == ()


@pytest.mark.parametrize(
    ("content", "size", "code"),
    [
        (b"<office:document-content/>", 99, "SIZE_LIE"),
        (b"<!DOCTYPE a><office:document-content/>", None, "XML_ENTITIES"),
        (b"<office:document-content>" + b"x" * (3 << 20), None, "HUGE_CELL"),
        ("<office:document-content/>".encode("utf-16"), None, "XML_ENCODING"),
    ],
)
def test_parts_that_no_reader_of_ours_looks_at_are_unpacked_here(
    content: bytes, size: int | None, code: str, tmp_path: Path
) -> None:
    """Their sizes are believed by nobody, and their XML is looked at before a parser does."""
    path = write_archive(tmp_path / "a.ods", [Member("mimetype", b"ods"), Member("content.xml", content, size=size)])

    with pytest.raises(FileRejected) as caught:
        check_archive(path, Limits(), "a.ods")

    assert caught.value.code == code


def test_the_document_type_of_an_old_manifest_is_no_attack(tmp_path: Path) -> None:
    manifest = Member(
        "META-INF/manifest.xml", b'<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD" "M.dtd"><a/>'
    )
    path = write_archive(tmp_path / "a.ods", [Member("content.xml", b"<a/>"), manifest])

    assert check_archive(path, Limits(), "a.ods") == ()


def test_the_parts_of_a_workbook_are_found_in_any_order(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "a.xlsx", build_members()[::-1])

    assert read_xlsx(path, "a.xlsx").cells.rows() == [("SKU", "Stok"), ("1", "7")]
