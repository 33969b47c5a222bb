"""Rules of damaged workbooks: each is refused with its name, what was found, and what to do."""

import re
from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.stream import read_table
from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline.model.reading import Limits
from data_pipeline.validate.judge import judge
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, RELATIONS, WORKBOOK, row, sheet, write_workbook
from data_pipeline_tests.specs import shelf_spec

ONE_RECORD = HEADER + row(2, '<c r="A2"><v>1</v></c>')


def refuse(path: Path) -> tuple[str, str]:
    """Code and message of the refusal of a file."""
    with pytest.raises(FileRejected) as caught:
        read_xlsx(path, path.name)
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize("kind", ["cut off", "empty", "web page"])
def test_what_is_no_workbook_is_refused(kind: str, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "1. Padang.xlsx", ONE_RECORD)
    content = {
        "cut off": path.read_bytes()[:-30],
        "empty": b"",
        "web page": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
    }
    path.write_bytes(content[kind])

    assert refuse(path) == (
        "UNREADABLE_FILE",
        "1. Padang.xlsx: expected a whole file, but it cannot be opened (File is not a zip file). "
        "It is damaged or was cut off on its way: export it again and send that.",
    )


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    code, message = refuse(tmp_path / "gone.xlsx")

    assert code == "UNREADABLE_FILE"
    assert "No such file or directory" in message


@pytest.mark.parametrize(
    ("part", "content", "code", "found"),
    [
        (
            "xl/worksheets/sheet1.xml",
            None,
            "MISSING_PART",
            "expected the part 'xl/worksheets/sheet1.xml' in",
        ),
        ("xl/workbook.xml", None, "MISSING_PART", "expected a workbook, found an archive of '[Content_Types].xml', "),
        ("xl/workbook.xml", "<workbook", "UNREADABLE_FILE", "unclosed token"),
        (
            "xl/workbook.xml",
            WORKBOOK.replace("r:id", "id"),
            "UNREADABLE_FILE",
            "the sheet 'Sheet 1', which is in no part",
        ),
    ],
    ids=["no sheet", "no workbook part", "workbook part broken off", "sheet without relation"],
)
def test_an_archive_that_is_no_workbook_is_refused(
    part: str, content: str | None, code: str, found: str, tmp_path: Path
) -> None:
    refusal = refuse(write_workbook(tmp_path / "a.xlsx", ONE_RECORD, parts={part: content}))

    assert refusal[0] == code
    assert found in refusal[1]


def damage_stream(path: Path) -> None:
    """Overwrites compressed bytes in the middle of the sheet, as a bad cable does."""
    content = bytearray(path.read_bytes())
    begin = content.index(b"xl/worksheets/sheet1.xml") + 100
    content[begin : begin + 8] = b"\xff" * 8
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("stream", "UNREADABLE_FILE"),
        ("no sheet listed", "SHEET_NOT_FOUND"),
        ("relation missing", "UNREADABLE_FILE"),
        ("row number", "GEOMETRY"),
    ],
)
def test_every_other_damage_is_a_refusal_too(damage: str, code: str, tmp_path: Path) -> None:
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

    assert refuse(path)[0] == code


def test_a_sheet_that_breaks_off_inside_a_whole_archive_is_refused(tmp_path: Path) -> None:
    """An exporter that dies while it writes leaves such a file."""
    broken = sheet(ONE_RECORD + row(3, '<c r="A3"><v>5</v></c>')).partition("<v>5")[0]

    assert refuse(write_workbook(tmp_path / "a.xlsx", "", parts={"xl/worksheets/sheet1.xml": broken})) == (
        "UNREADABLE_FILE",
        "a.xlsx: expected a whole file, but it cannot be opened (xl/worksheets/sheet1.xml breaks off before its "
        "end). It is damaged or was cut off on its way: export it again and send that.",
    )


def accept_skus(path: Path) -> list[str]:
    """SKUs of the rows that reading and judging let pass."""
    spec = shelf_spec(
        columns=[{"name": "sku", "header": "SKU", "type": "text"}],
        rules=[],
        identity={},
        grain=["sku"],
        measures={},
        outputs=[],
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


@pytest.mark.parametrize(
    ("cell", "holds"),
    [
        ('<c r="A2" t="inlineStr"><is><t><![CDATA[<row r="3">]]></t></is></c>', "3 rows, the reader gave 2"),
        ('<c r="A2" t="str"><v><![CDATA[]]></v></c>', "3 values, the reader gave 2"),
    ],
    ids=["rows", "values"],
)
def test_a_sheet_that_the_reader_sees_otherwise_is_refused(cell: str, holds: str, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "1. Padang.xlsx", HEADER + row(2, cell))

    assert refuse(path) == (
        "READER_DISAGREES",
        f"1. Padang.xlsx: the sheet 'Sheet 1' holds {holds}. "
        "Save the workbook again in a spreadsheet program and send that.",
    )


def test_a_cell_that_points_at_no_text_is_refused(tmp_path: Path) -> None:
    """A reader gives it as blank, and a blank may be right."""
    rows = HEADER + row(2, '<c r="B2" t="s"><v>1</v></c>')

    assert refuse(write_workbook(tmp_path / "1. Padang.xlsx", rows, strings=("x",))) == (
        "MISSING_TEXT",
        "1. Padang.xlsx, row 2, column B: the cell points at the shared text '1', the workbook has 1 of them, counted "
        "from 0. Save the workbook again in a spreadsheet program and send that.",
    )


def test_columns_beyond_the_allowed_ones_are_refused_with_the_cell(tmp_path: Path) -> None:
    rows = HEADER + row(2, '<c r="A2"><v>1</v></c>', '<c r="AB2"><v>7</v></c>')
    path = write_workbook(tmp_path / "1. Padang.xlsx", rows)

    with pytest.raises(FileRejected) as caught:
        read_xlsx(path, path.name, limits=Limits(columns=27))

    assert caught.value.code == "GEOMETRY"
    assert str(caught.value) == (
        "1. Padang.xlsx, row 2: column AB holds a value; the columns up to AA are read. "
        "Remove what stands beside the table."
    )


@pytest.mark.parametrize("wanted", ["Stock", 3])
def test_a_sheet_that_is_not_there_is_refused_with_the_known_ones(wanted: str | int, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "1. Padang.xlsx", ONE_RECORD)

    with pytest.raises(FileRejected) as caught:
        read_xlsx(path, path.name, sheet=wanted)

    assert caught.value.code == "SHEET_NOT_FOUND"
    assert "1: 'Sheet 1'" in str(caught.value)


def test_a_refusal_names_the_file_as_its_sender_does(tmp_path: Path) -> None:
    """In the landing the file is called by its hash."""
    landed = tmp_path / "3f5a.xlsx"
    landed.write_bytes(b'"')

    with pytest.raises(FileRejected, match=r"^1\. Padang\.xlsx: "):
        read_xlsx(landed, "1. Padang.xlsx")
