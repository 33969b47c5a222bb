"""Rules of damaged workbooks: each is refused with its name, what was found, and what to do."""

import re
from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.readers import read_rows, read_table
from data_pipeline.ingest.xlsx import read_xlsx
from data_pipeline.validate.judge import judge
from data_pipeline_tests.ingest.workbooks import HEADER, RELATIONS, WORKBOOK, row, sheet, write_workbook
from data_pipeline_tests.specs import shelf_spec

ONE_RECORD = HEADER + row(2, '<c r="A2"><v>1</v></c>')


def refuse(path: Path) -> tuple[str, str]:
    """Code and message of the refusal of a file."""
    with pytest.raises(FileRejected) as caught:
        read_xlsx(path, path.name)
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize("kind", ["cut off", "empty", "web page", "old xls"])
def test_what_is_no_workbook_is_refused(kind: str, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "1. Padang.xlsx", ONE_RECORD)
    content = {
        "cut off": path.read_bytes()[:-30],
        "empty": b"",
        "web page": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
        "old xls": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
    }
    path.write_bytes(content[kind])

    assert refuse(path) == (
        "UNREADABLE_FILE",
        "1. Padang.xlsx: expected an XLSX workbook, but it cannot be opened (File is not a zip file). "
        "It is damaged or was cut off on its way: export it again and send that.",
    )


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    code, message = refuse(tmp_path / "gone.xlsx")

    assert code == "UNREADABLE_FILE"
    assert "No such file or directory" in message


@pytest.mark.parametrize(
    ("part", "content", "found"),
    [
        ("xl/worksheets/sheet1.xml", None, "There is no item named 'xl/worksheets/sheet1.xml' in the archive"),
        ("xl/workbook.xml", None, "There is no item named 'xl/workbook.xml' in the archive"),
        ("xl/workbook.xml", "<workbook", "unclosed token"),
        ("xl/workbook.xml", WORKBOOK.replace("r:id", "id"), "relationships}id"),
    ],
    ids=["no sheet", "no workbook part", "workbook part broken off", "sheet without relation"],
)
def test_an_archive_that_is_no_workbook_is_refused(part: str, content: str | None, found: str, tmp_path: Path) -> None:
    code, message = refuse(write_workbook(tmp_path / "a.xlsx", ONE_RECORD, parts={part: content}))

    assert code == "UNREADABLE_FILE"
    assert found in message


def damage_stream(path: Path) -> None:
    """Overwrites compressed bytes in the middle of the sheet, as a bad cable does."""
    content = bytearray(path.read_bytes())
    begin = content.index(b"xl/worksheets/sheet1.xml") + 100
    content[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", ["stream", "no sheet listed", "relation missing", "row number"])
def test_every_other_damage_is_a_refusal_too(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    many = "".join(row(n, f'<c r="A{n}"><v>{n * 7919 % 1009}</v></c>') for n in range(2, 300))
    parts = {
        "no sheet listed": {"xl/workbook.xml": re.sub("<sheet name[^>]*>", "", WORKBOOK)},
        "relation missing": {"xl/_rels/workbook.xml.rels": RELATIONS.replace("rId1", "rId7")},
        "row number": {"xl/worksheets/sheet1.xml": sheet(HEADER + f'<row r="{"9" * 5000}"/>')},
    }
    write_workbook(path, HEADER + many, parts=parts.get(damage))
    if damage == "stream":
        damage_stream(path)

    assert refuse(path)[0] == "UNREADABLE_FILE"


def test_a_sheet_that_breaks_off_inside_a_whole_archive_is_refused(tmp_path: Path) -> None:
    """An exporter that dies while it writes leaves such a file."""
    broken = sheet(ONE_RECORD + row(3, '<c r="A3"><v>5</v></c>')).partition("<v>5")[0]

    refuse(write_workbook(tmp_path / "a.xlsx", "", parts={"xl/worksheets/sheet1.xml": broken}))


def accept_skus(path: Path) -> list[str]:
    """SKUs of the rows that reading and judging let pass."""
    spec = shelf_spec(
        columns=[{"name": "sku", "header": "SKU", "type": "text"}], rules=[], identity={}, grain=["sku"], measures={}
    )
    try:
        return judge(read_table(path, name=path.name), spec, name=path.name).accepted["sku"].to_list()
    except FileRejected:
        return []


@pytest.mark.parametrize("text", ["a_x0000_b", "a&#0;b"], ids=["escaped", "character reference"])
def test_a_text_with_a_nul_is_not_accepted(text: str, tmp_path: Path) -> None:
    """A CSV that holds one is refused."""
    cell = f'<c r="A2" t="inlineStr"><is><t>{text}</t></is></c>'

    assert accept_skus(write_workbook(tmp_path / "a.xlsx", HEADER + row(2, cell))) == []


def test_a_sheet_whose_rows_are_counted_otherwise_by_the_reader_is_refused(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "1. Padang.xlsx", ONE_RECORD + '<!-- <row r="3"> -->')

    assert refuse(path) == (
        "READER_DISAGREES",
        "1. Padang.xlsx: the sheet 'Sheet 1' holds 3 rows, the reader gave 2. "
        "Save the workbook again in a spreadsheet program and send that.",
    )


def test_another_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FileRejected) as caught:
        read_rows(tmp_path / "ab12.xls", name="1. Padang.xls")

    assert caught.value.code == "UNKNOWN_FORMAT"
    assert str(caught.value) == "1. Padang.xls: expected one of .csv, .xlsx. Save it in one of these formats."


def test_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert read_rows(write_workbook(tmp_path / "A.XLSX", ONE_RECORD), name="A.XLSX").row_numbers == [1, 2]


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_refusal_names_the_file_as_its_sender_does(suffix: str, tmp_path: Path) -> None:
    """In the landing the file is called by its hash."""
    landed = tmp_path / f"3f5a{suffix}"
    landed.write_bytes(b'"')

    with pytest.raises(FileRejected) as caught:
        read_rows(landed, name=f"1. Padang{suffix}")

    assert str(caught.value).startswith(f"1. Padang{suffix}")
