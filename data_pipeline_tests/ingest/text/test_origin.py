"""Rules of what a file's beginning says, and what its end or a longer look at it says otherwise."""

from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.stream import open_tables
from data_pipeline.ingest.text.origin import SAMPLE_BYTES

MANY = SAMPLE_BYTES // 4 + 1000
HEADER = "SKU,Nama\n"


def write(folder: Path, content: str | bytes) -> Path:
    """A file."""
    path = folder / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def count_rows(path: Path) -> int:
    """How many records are read."""
    return sum(chunk.table.cells.height for chunk in open_tables(path, name="a.csv"))


def refuse(path: Path) -> tuple[str, str]:
    """Code and message of a refusal."""
    with pytest.raises(FileRejected) as caught:
        count_rows(path)
    return caught.value.code, str(caught.value)


def test_a_note_that_opens_at_the_end_of_the_sample_is_one_field(tmp_path: Path) -> None:
    note = '1,"' + "a,b\n" * 40_000 + '"\n'

    assert count_rows(write(tmp_path, HEADER + "2,x\n" * 245_000 + note + "3,x\n" * 10)) == 245_011


def test_quotes_that_never_close_in_a_file_that_goes_on_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "2,x\n" * 1000 + '1,"' + "a,b\n" * (3 << 20))

    assert refuse(path) == (
        "UNCLOSED_QUOTE",
        "a.csv, line 1002: a quote opens that is not closed. Check the quotes of that line and send the file again.",
    )


def test_a_line_end_of_another_kind_far_down_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "1,x\n" * MANY + "2,x\r3,x\n")

    assert refuse(path) == (
        "MIXED_LINE_ENDS",
        f"a.csv, line {MANY + 2}: expected one kind of line end, found a carriage return (CR) alone here and LF on "
        "line 1. Save the file again with one kind of line end.",
    )


def test_a_carriage_return_far_down_in_quotes_is_text(tmp_path: Path) -> None:
    assert count_rows(write(tmp_path, HEADER + "1,x\n" * MANY + '2,"x\ry"\n')) == MANY + 1


def test_utf_16_that_goes_on_as_utf_8_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, (HEADER + "1,x\n" * MANY).encode("utf-16") + b"2,x\n" * 5000)

    code, message = refuse(path)

    assert code == "WRONG_ENCODING"
    assert "found another encoding near position" in message


def test_blanks_before_quotes_that_split_fields_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, 'SKU, "Nama, cair",Stok\n' + '1, "a, b",2\n' * 9)

    assert refuse(path) == (
        "BROKEN_QUOTES",
        "a.csv: 10 records hold a field such as ' \"Nama': expected its quote right behind the delimiter, found blanks "
        "before it. Write no blanks around the delimiter.",
    )


def test_comments_in_a_list_do_not_hide_its_delimiter(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + ("# satu\n" + "1,x\n" * 9) * 20)

    assert count_rows(path) == 200


def test_blank_lines_that_fill_the_sample_leave_no_header(tmp_path: Path) -> None:
    assert refuse(write(tmp_path, "\n" * (SAMPLE_BYTES + 1)))[0] == "EMPTY_FILE"
    assert refuse(write(tmp_path, "\n" * (SAMPLE_BYTES + 1) + HEADER + "1,x\n"))[0] == "NO_HEADER"


def test_blank_lines_above_a_header_in_the_sample_are_passed_over(tmp_path: Path) -> None:
    assert count_rows(write(tmp_path, "\n" * 200_000 + HEADER + "1,x\n")) == 1
