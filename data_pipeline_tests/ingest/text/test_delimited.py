"""Rules of reading text under a known dialect: whatever the cut, the same records as the csv module's, numbered."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.delimited import read_text
from data_pipeline.model.reading import Dialect, Encoding, Limits, TextOrigin

UTF8 = Encoding("utf-8")
COMMA = Dialect(",", '"', "doubled", "\n", 2)
SMALL = Limits(line_bytes=4096, field_bytes=2048)
Row = tuple[int, tuple[str, ...]]


def write(folder: Path, content: str | bytes) -> Path:
    """A file with that content."""
    path = folder / "1. Padang.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(
    path: Path, *, width: int, dialect: Dialect = COMMA, encoding: Encoding = UTF8, chunk_bytes: int = 64, skip: int = 0
) -> tuple[list[Row], dict[int, tuple[int, str]]]:
    """Every record with its line, blank cells as '', and the ragged ones with their fields and text."""
    rows: list[Row] = []
    ragged: dict[int, tuple[int, str]] = {}
    origin = TextOrigin(encoding, replace(dialect, width=width), skipped_lines=skip)
    for chunk in read_text(path, origin, name=path.name, limits=SMALL, chunk_bytes=chunk_bytes):
        cells = chunk.cells.fill_null("").rows()
        rows += [(int(line), row) for line, row in zip(chunk.row_numbers, cells, strict=True)]
        ragged |= {line: (row.fields, row.text) for line, row in chunk.ragged_rows.items()}
    return rows, ragged


def refuse(path: Path, **how: object) -> tuple[str, str]:
    """Code and message of a refusal."""
    with pytest.raises(FileRejected) as caught:
        read(path, width=2, **how)  # type: ignore[arg-type]
    return caught.value.code, str(caught.value)


CELLS = st.text(alphabet="ab1;,\"\n' é", max_size=6)
TABLES = st.integers(2, 4).flatmap(lambda width: st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=30))
DIALECTS = st.builds(
    Dialect, st.sampled_from(",;\t|"), st.just('"'), st.just("doubled"), st.sampled_from(["\n", "\r\n"]), st.just(2)
)


@settings(max_examples=150)
@given(TABLES, DIALECTS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.integers(1, 200))
def test_the_records_do_not_depend_on_where_the_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, ...]], dialect: Dialect, quoting: int, size: int
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=dialect.newline, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows(table)
    path = write(tmp_path_factory.mktemp("cut"), text.getvalue())

    rows, ragged = read(path, width=len(table[0]), dialect=dialect, chunk_bytes=size)

    assert [cells for _, cells in rows] == table
    lines = [1 + text.getvalue().count("\n", 0, end) for end in find_ends(table, dialect, quoting)]
    assert [line for line, _ in rows] == [1, *lines[:-1]]
    assert ragged == {}


def find_ends(table: list[tuple[str, ...]], dialect: Dialect, quoting: int) -> list[int]:
    """Where each record ends in the text."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=dialect.delimiter, lineterminator=dialect.newline, quoting=quoting)  # type: ignore[arg-type]
    ends = []
    for row in table:
        writer.writerow(row)
        ends.append(len(text.getvalue()))
    return ends


def test_ragged_records_are_named_with_their_text(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b,c\n1,2\n1,2,3,4\n1,2,3,\n,,\n"x,y",2\n1,2,"z\nz",5\n')

    rows, ragged = read(path, width=3)

    assert [line for line, _ in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert ragged == {2: (2, "1,2"), 3: (4, "1,2,3,4"), 6: (2, '"x,y",2'), 7: (4, '1,2,"z\nz",5')}


def test_a_blank_line_is_a_blank_record_and_never_a_ragged_one(tmp_path: Path) -> None:
    rows, ragged = read(write(tmp_path, "a,b\n\n1,2\n  \n"), width=2)

    assert rows == [(1, ("a", "b")), (2, ("", "")), (3, ("1", "2")), (4, ("  ", ""))]
    assert ragged == {}


@pytest.mark.parametrize("chunk_bytes", [7, 4096], ids=["in pieces", "at once"])
def test_a_quote_inside_an_unquoted_field_is_text(tmp_path: Path, chunk_bytes: int) -> None:
    path = write(tmp_path, 'a,b\n"1,1",2\n5" pipe,3\n4,6"\n"x""y",5\n')

    rows, ragged = read(path, width=2, chunk_bytes=chunk_bytes)

    assert rows == [(1, ("a", "b")), (2, ("1,1", "2")), (3, ('5" pipe', "3")), (4, ("4", '6"')), (5, ('x"y', "5"))]
    assert ragged == {}


@pytest.mark.parametrize("start", ["x^", "x\x01", "x\u0697"])
def test_a_text_that_begins_like_packed_data_is_read_as_text(tmp_path: Path, start: str) -> None:
    rows, _ = read(write(tmp_path, f"{start}y,b\n1,2\n{start},3\n"), width=2, chunk_bytes=8)

    assert rows == [(1, (f"{start}y", "b")), (2, ("1", "2")), (3, (start, "3"))]


def test_backslashes_escape_quotes_where_the_dialect_says_so(tmp_path: Path) -> None:
    dialect = Dialect(",", '"', "backslash", "\n", 2)

    rows, _ = read(write(tmp_path, 'a,b\n"x\\"y",2\n"p\\\\",3\n'), width=2, dialect=dialect)

    assert rows == [(1, ("a", "b")), (2, ('x"y', "2")), (3, ("p\\", "3"))]


@pytest.mark.parametrize("field", ['"x" y', '"x""y"', '"x"\\"'], ids=["text", "a doubled quote", "an escaped quote"])
def test_what_follows_a_closing_quote_is_refused_where_backslashes_escape_too(tmp_path: Path, field: str) -> None:
    """The csv module takes it into the field without a word there."""
    path = write(tmp_path, f'a,b\n"p\\"q",2\n3,4\n{field},2\n')

    code, message = refuse(path, dialect=Dialect(",", '"', "backslash", "\n", 2))

    assert code == "BROKEN_QUOTES"
    assert message.startswith("1. Padang.csv, after line 4: ',' expected after '\"'. Check the quotes")


def test_line_ends_of_an_old_mac_end_records(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path, "a,b\r1,2\r3,4"), width=2, dialect=Dialect(",", '"', "doubled", "\r", 2))

    assert rows == [(1, ("a", "b")), (2, ("1", "2")), (3, ("3", "4"))]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "cp1252"])
def test_other_encodings_are_read_piece_by_piece(tmp_path: Path, codec: str) -> None:
    content = "".join(f"é{number},ü\n" for number in range(50))

    rows, _ = read(write(tmp_path, content.encode(codec)), width=2, encoding=Encoding(codec), chunk_bytes=7)

    assert rows == [(1 + number, (f"é{number}", "ü")) for number in range(50)]


def test_a_line_that_speaks_of_the_file_is_passed_over(tmp_path: Path) -> None:
    rows, _ = read(write(tmp_path, "sep=,\na,b\n1,2\n"), width=2, skip=1)

    assert rows == [(2, ("a", "b")), (3, ("1", "2"))]


def test_a_quote_that_never_closes_is_refused_with_its_line(tmp_path: Path) -> None:
    content = "a,b\n1,2\n" + '3,"4\n' + "5,6\n" * 2000

    assert refuse(write(tmp_path, content)) == (
        "UNCLOSED_QUOTE",
        "1. Padang.csv, line 3: a quote opens that is not closed within 4096 bytes. "
        "Check the quotes of that line and send the file again.",
    )


def test_a_quote_that_is_open_at_the_end_is_refused(tmp_path: Path) -> None:
    code, message = refuse(write(tmp_path, 'a,b\n1,"2\n'))

    assert code == "BROKEN_QUOTES"
    assert message.startswith("1. Padang.csv, after line 2: unexpected end of data. Check the quotes")


def test_text_after_a_closing_quote_is_refused(tmp_path: Path) -> None:
    code, message = refuse(write(tmp_path, 'a,b\n"1" x,2\n'))

    assert (code, "',' expected after '\"'" in message) == ("BROKEN_QUOTES", True)


def test_a_record_that_does_not_end_is_refused(tmp_path: Path) -> None:
    assert refuse(write(tmp_path, "a,b\n" + "x" * 10_000)) == (
        "RECORD_TOO_LONG",
        "1. Padang.csv, line 2: expected a record of at most 4096 bytes, found a longer one. "
        "It is no list, or its line ends are lost: export it again.",
    )


def test_a_long_field_of_a_ragged_record_is_told_whatever_limit_csv_was_left_with(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b\n"1,1",2\n"' + "x" * 3000 + '"\n')
    csv.field_size_limit(SMALL.field_bytes)

    _, ragged = read(path, width=2, chunk_bytes=4096)

    assert {line: fields for line, (fields, _) in ragged.items()} == {3: 1}


@pytest.mark.parametrize(
    ("end", "code"),
    [("x" * 5000, "RECORD_TOO_LONG"), ('2,"' + "a,b\n" * 2000, "UNCLOSED_QUOTE")],
    ids=["line", "quotes"],
)
def test_a_record_behind_irregular_quotes_may_be_no_longer_than_others(end: str, code: str, tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b\n5",x\n' + "1,2\n" * 9 + end)

    found, message = refuse(path)

    assert found == code
    assert message.startswith("1. Padang.csv, line 12: ")


def test_bytes_far_down_that_are_no_utf_8_are_refused_with_their_line(tmp_path: Path) -> None:
    content = b"a,b\n" * 300 + b"x\xff,1\n"

    assert refuse(write(tmp_path, content)) == (
        "WRONG_ENCODING",
        "1. Padang.csv, line 301: expected UTF-8 text like the lines above, found byte 0xff. Save it as 'CSV UTF-8'.",
    )


def test_a_nul_byte_far_down_is_refused(tmp_path: Path) -> None:
    assert refuse(write(tmp_path, b"a,b\n" * 300 + b"x\0,1\n"))[0] == "NUL_BYTES"
