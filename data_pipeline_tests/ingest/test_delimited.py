"""Rules of reading CSVs: which delimiter, which decimal mark, which line; what is no such text is refused."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.delimited import DECIMAL_MARKS, read_delimited
from data_pipeline.model.tables import RawRows


def read(tmp_path: Path, content: str | bytes) -> RawRows:
    """What a file with that content holds."""
    path = tmp_path / "1. Padang.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_delimited(path, path.name)


def refuse(tmp_path: Path, content: str | bytes) -> tuple[str, str]:
    """Code and message of the refusal of a file with that content."""
    with pytest.raises(FileRejected) as caught:
        read(tmp_path, content)
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize(
    ("content", "mark", "record"),
    [
        ("SKU;Nama;Daily Sales\r\n0012;A, B;0,5\r\n", ",", ("0012", "A, B", "0,5")),
        ("SKU,Nama,Daily Sales\n0012,A; B,0.5\n", ".", ("0012", "A; B", "0.5")),
        ("SKU\tNama\tDaily Sales\n0012\tA, B\t0.5\n", ".", ("0012", "A, B", "0.5")),
        ("SKU;Nama;Price, IDR\n0012;A;0,5", ",", ("0012", "A", "0,5")),
        ("SKU;Nama;Stok\r0012;A;5\r", ",", ("0012", "A", "5")),
    ],
    ids=["semicolon", "comma", "tabulator", "semicolon with a comma in the header", "line ends of an old Mac"],
)
def test_the_header_line_decides_delimiter_and_decimal_mark(
    content: str, mark: str, record: tuple[str, ...], tmp_path: Path
) -> None:
    raw = read(tmp_path, content)

    assert (raw.decimal_mark, raw.cells.row(1)) == (mark, record)


def test_an_integer_file_with_semicolons_is_not_one_column(tmp_path: Path) -> None:
    """The predecessor took such a file for one of a single column, and loaded nothing without an error."""
    assert read(tmp_path, "SKU;Stok\n1;2\n").cells.rows() == [("SKU", "Stok"), ("1", "2")]


def test_a_blank_line_above_the_header_says_nothing_about_the_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path, "\nSKU,Stok\n1,2\n").cells.rows() == [("SKU", "Stok"), ("1", "2")]


def test_cells_are_kept_as_they_are(tmp_path: Path) -> None:
    raw = read(tmp_path, "SKU;Nama\n0012; A  B \n6941845859993 ;''\n")

    assert raw.cells.rows()[1:] == [("0012", " A  B "), ("6941845859993 ", "''")]


def test_rows_are_numbered_by_line(tmp_path: Path) -> None:
    raw = read(tmp_path, 'SKU,Nama\n\n1,A\n\n\n2,"B\nC\nD"\n3,E\n')

    assert raw.cells.rows() == [("SKU", "Nama"), ("1", "A"), ("2", "B\nC\nD"), ("3", "E")]
    assert [number for number, cell in zip(raw.row_numbers, raw.cells["0"], strict=True) if cell != "2"] == [1, 3, 9]


def test_a_record_of_several_lines_stands_where_it_begins(tmp_path: Path) -> None:
    assert read(tmp_path, 'SKU,Nama\n1,"A\nB\nC"\n').row_numbers == [1, 2]


def test_line_separators_of_unicode_end_no_line(tmp_path: Path) -> None:
    raw = read(tmp_path, "SKU;Nama\n1;a\u2028b\x85c\x0bd\x0ce\n2;f\n")

    assert raw.cells.rows()[1:] == [("1", "a\u2028b\x85c\x0bd\x0ce"), ("2", "f")]
    assert raw.row_numbers == [1, 2, 3]


def test_ragged_rows_are_kept_and_named(tmp_path: Path) -> None:
    raw = read(tmp_path, "SKU,Stok\n1\n2,3,4\n5,6\n")

    assert raw.cells.rows() == [("SKU", "Stok", None), ("1", None, None), ("2", "3", "4"), ("5", "6", None)]
    assert raw.ragged_rows == {2, 3}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without", "with"])
def test_a_byte_order_mark_is_no_part_of_the_header(mark: bytes, tmp_path: Path) -> None:
    raw = read(tmp_path, mark + "SKU;Nama\n1;Citra Séra\n".encode())

    assert raw.cells.rows() == [("SKU", "Nama"), ("1", "Citra Séra")]


@pytest.mark.parametrize(
    "content", [b"", b"\xef\xbb\xbf", b"\n\n\r\n"], ids=["nothing", "only the mark", "blank lines"]
)
def test_a_file_without_text_has_no_rows(content: bytes, tmp_path: Path) -> None:
    raw = read(tmp_path, content)

    assert (raw.cells.height, raw.row_numbers, raw.ragged_rows) == (0, [], frozenset())


def test_a_file_of_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert read(tmp_path, "SKU\n1\n2").cells.rows() == [("SKU",), ("1",), ("2",)]


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    assert refuse(tmp_path, "SKU;Nama\n1;Séra".encode("latin-1")) == (
        "WRONG_ENCODING",
        "1. Padang.csv: expected UTF-8 text, found byte 0xe9 at position 12. Save it as 'CSV UTF-8'.",
    )


def test_utf_16_is_refused(tmp_path: Path) -> None:
    assert refuse(tmp_path, "SKU;Nama\n1;A".encode("utf-16"))[0] == "WRONG_ENCODING"


def test_a_nul_byte_is_refused(tmp_path: Path) -> None:
    assert refuse(tmp_path, "SKU;Nama\n1;A\0B") == (
        "UNREADABLE_FILE",
        "1. Padang.csv: expected text, found a NUL byte. Export it again as CSV or XLSX.",
    )


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('SKU;Nama\n1;"A\n2;B\n', "line 3: unexpected end of data"),
        ('SKU;Nama\n1;"A"B\n', "line 2: ';' expected after '\"'"),
        (f"SKU;Nama\n1;{'x' * (2**20 + 1)}\n", "line 2: field larger than field limit (1048576)"),
    ],
    ids=["quote that never ends", "text after the quote", "endless field"],
)
def test_quotes_that_do_not_match_are_refused(content: str, found: str, tmp_path: Path) -> None:
    assert refuse(tmp_path, content) == (
        "UNREADABLE_FILE",
        f"1. Padang.csv, {found}. Check the quotes of that line and send the file again.",
    )


def test_a_quote_inside_a_field_is_a_character(tmp_path: Path) -> None:
    """Product names hold inches."""
    assert read(tmp_path, 'SKU;Nama\n1;Sisir 7" biru\n').cells.row(1) == ("1", 'Sisir 7" biru')


# All of Unicode costs seconds to prepare; these are the characters that mean something to some program.
CELL = st.text("aé😀;,\t\"'=+@0. \n\r\x0b\x1c\x85\u00a0\u2028\ufeff", max_size=6)


@settings(max_examples=40, deadline=None)
@given(delimiter=st.sampled_from(sorted(DECIMAL_MARKS)), records=st.lists(st.tuples(CELL, CELL), max_size=6))
def test_what_a_program_writes_is_read_back(
    delimiter: str, records: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([("SKU", "Nama"), *records])

    raw = read_delimited(path, path.name)

    assert raw.cells.rows() == [("SKU", "Nama"), *records]
    assert raw.row_numbers == sorted(set(raw.row_numbers))
