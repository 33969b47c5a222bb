"""Rules of reading workbooks: every cell as it is stored, every row where it stands, every damage a refusal."""

import datetime as dt
import re
from pathlib import Path

import pytest

from data_pipeline.ingest.workbook.xlsx import read_xlsx
from data_pipeline_tests.ingest.workbook.workbooks import HEADER, RELATIONS, WORKBOOK, row, sheet, write_workbook

ONE_RECORD = HEADER + row(2, '<c r="A2"><v>1</v></c>')


def read_records(path: Path) -> list[tuple[str, ...]]:
    """Cells under the two columns of HEADER, blanks as ''."""
    _, *records = read_xlsx(path, path.name).cells.fill_null("").rows()
    return [record[:2] for record in records]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A2"><v>NAN</v></c>', "NAN"),
        ('<c r="A2"><v>INF</v></c>', "INF"),
        ('<c r="A2" t="e"><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A2" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="A2"><v>0.07000000000000001</v></c>', "0.07000000000000001"),
        ('<c r="A2"><v>6.0</v></c>', "6.0"),
        ('<c r="A2"><v>1E-05</v></c>', "1E-05"),
        ('<c r="A2"><v>12345678901234567890</v></c>', "12345678901234567890"),
        ('<c r="A2" t="n"><v>0</v></c>', "0"),
        ('<c r="A2" t="str"><f>B1</f><v>Stok</v></c>', "Stok"),
        ('<c r="A2"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="A2" t="b"><v>1</v></c>', "1"),
        ('<c r="A2" t="inlineStr"><is><t>12,5</t></is></c>', "12,5"),
        ('<c r="A2" t="inlineStr"><is><r><t>00</t></r><r><t xml:space="preserve">1 </t></r></is></c>', "001 "),
        ('<c r="A2" t="inlineStr"><is><t>&lt;b&gt; &amp; "c"&#10;d</t></is></c>', '<b> & "c"\nd'),
        ('<c r="A2"/>', ""),
        ('<c r="A2"><v></v></c>', ""),
    ],
    ids=["nan in a number", "inf in a number", "error", "not available", "noise", "whole with point", "exponent",
         "too long for a double", "zero", "formula of text", "formula of number", "boolean", "inline", "rich text",
         "escapes", "no value", "empty value"],
)  # fmt: skip
def test_a_cell_is_the_text_that_is_stored_in_it(cell: str, text: str, tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADER + row(2, cell, '<c r="B2"><v>7</v></c>'))

    assert read_records(path) == [(text, "7")]


def test_shared_texts_keep_leading_zeros_and_trailing_blanks(tmp_path: Path) -> None:
    """Of the real SKUs 256 begin with 0 and 7 end in a blank."""
    cells = row(2, '<c r="A2" t="s"><v>1</v></c>') + row(3, '<c r="A3" t="s"><v>0</v></c>')

    path = write_workbook(tmp_path / "a.xlsx", HEADER + cells, strings=("6941845859993 ", "0042"))

    assert read_records(path) == [("0042", ""), ("6941845859993 ", "")]


def test_rows_are_numbered_as_the_sender_sees_them(tmp_path: Path) -> None:
    """Rows that the file leaves out are counted, empty row elements are rows."""
    rows = row(4, '<c r="A4"><v>1</v></c>') + '<row r="9"/>' + row(10, '<c r="B10"><v>2</v></c>')

    raw = read_xlsx(write_workbook(tmp_path / "a.xlsx", HEADER + rows), "a.xlsx")

    assert raw.row_numbers == [1, 4, 9, 10]
    assert [record[:2] for record in raw.cells.fill_null("").rows()] == [
        ("SKU", "Stok"),
        ("1", ""),
        ("", ""),
        ("", "2"),
    ]


def test_a_row_without_number_follows_its_predecessor(tmp_path: Path) -> None:
    rows = '<row spans="1:2"><c><v>1</v></c><c><v>2</v></c></row><row/><row r="7"><c><v>3</v></c></row><row><c/></row>'
    path = write_workbook(tmp_path / "a.xlsx", HEADER + rows)

    raw = read_xlsx(path, path.name)

    assert raw.row_numbers == [1, 2, 3, 7, 8]
    assert read_records(path) == [("1", "2"), ("", ""), ("3", ""), ("", "")]


def test_the_header_may_stand_further_down(tmp_path: Path) -> None:
    rows = HEADER.replace("1", "3") + row(5, '<c r="A5"><v>1</v></c>')

    assert read_xlsx(write_workbook(tmp_path / "a.xlsx", rows), "a.xlsx").row_numbers == [3, 5]


def test_elements_may_carry_a_namespace_prefix(tmp_path: Path) -> None:
    plain = sheet(ONE_RECORD).replace("xmlns=", "xmlns:x=")
    prefixed = re.sub(r"<(/?)(?=\w)", r"<\1x:", plain).replace("<x:?", "<?")

    path = write_workbook(tmp_path / "a.xlsx", "", parts={"xl/worksheets/sheet1.xml": prefixed})

    assert read_records(path) == [("1", "")]
    assert read_xlsx(path, path.name).row_numbers == [1, 2]


def test_row_numbers_are_right_across_the_chunks_of_a_large_sheet(tmp_path: Path) -> None:
    """The XML is scanned in pieces of 1 MiB, which cut row elements in two."""
    numbers = range(3, 40_000, 2)
    wide = "".join(
        f'<row spans="1:2" customHeight="1" ht="15.0" r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in numbers
    )
    assert len(wide) > 1.5 * 2**20

    raw = read_xlsx(write_workbook(tmp_path / "a.xlsx", HEADER + wide), "a.xlsx")

    assert raw.row_numbers == [1, *numbers]
    assert raw.cells["0"].to_list() == ["SKU", *map(str, numbers)]


def test_cells_beyond_the_header_are_read(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", HEADER + row(2, '<c r="D2"><v>4</v></c>'))

    assert read_xlsx(path, path.name).cells.row(1)[3] == "4"


def test_the_first_sheet_is_the_first_of_the_workbook_not_of_the_archive(tmp_path: Path) -> None:
    second = '<sheet name="Stok" sheetId="2" r:id="rId9"/><sheet name="Sheet 1"'
    relation = (
        '<Relationship Id="rId9" Type="{}/worksheet" Target="/xl/worksheets/sheet2.xml"/></Relationships>'.format(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        )
    )
    parts = {
        "xl/workbook.xml": WORKBOOK.replace('<sheet name="Sheet 1"', second),
        "xl/_rels/workbook.xml.rels": RELATIONS.replace("</Relationships>", relation),
        "xl/worksheets/sheet2.xml": sheet(HEADER + row(5, '<c r="A5"><v>2</v></c>')),
    }

    raw = read_xlsx(write_workbook(tmp_path / "a.xlsx", ONE_RECORD, parts=parts), "a.xlsx")

    assert (raw.sheet, raw.row_numbers, raw.cells["0"].to_list()) == ("Stok", [1, 5], ["SKU", "2"])


def test_a_workbook_has_decimal_points(tmp_path: Path) -> None:
    assert read_xlsx(write_workbook(tmp_path / "a.xlsx", ONE_RECORD), "a.xlsx").decimal_mark == "."


def test_a_sheet_without_rows_has_no_rows(tmp_path: Path) -> None:
    raw = read_xlsx(write_workbook(tmp_path / "a.xlsx", ""), "a.xlsx")

    assert (raw.cells.height, raw.row_numbers) == (0, [])


JAKARTA = dt.timezone(dt.timedelta(hours=7))


@pytest.mark.parametrize(
    ("text", "created"),
    [
        ("2025-11-25T09:37:52+07:00", dt.datetime(2025, 11, 25, 9, 37, 52, tzinfo=JAKARTA)),
        ("2025-11-25T02:37:52Z", dt.datetime(2025, 11, 25, 2, 37, 52, tzinfo=dt.UTC)),
        ("2025-11-25T09:37:52", dt.datetime(2025, 11, 25, 9, 37, 52, tzinfo=dt.UTC)),
        (" 2025-11-25T09:37:52Z\n", dt.datetime(2025, 11, 25, 9, 37, 52, tzinfo=dt.UTC)),
        ("25/11/2025 09:37", None),
        ("2025-13-25T09:37:52Z", None),
        ("", None),
        (None, None),
    ],
    ids=["zone", "utc", "no zone", "blanks around", "other form", "no such month", "nothing", "no part"],
)
def test_the_creation_time_is_what_the_makers_clock_said(
    text: str | None, created: dt.datetime | None, tmp_path: Path
) -> None:
    found = read_xlsx(write_workbook(tmp_path / "a.xlsx", ONE_RECORD, created=text), "a.xlsx").created_at

    assert found == created
    assert found is None or found.utcoffset() == created.utcoffset()


def test_properties_without_creation_time_say_nothing(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ONE_RECORD, parts={"docProps/core.xml": "<core/>"})

    assert read_xlsx(path, path.name).created_at is None
