"""Rules of JSON Lines: every value as text under its key, every line that is none kept and named, nothing left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.json_lines import is_json_lines
from data_pipeline.ingest.stream import ReadingOptions, open_tables, read_table
from data_pipeline.model.reading import Limits
from data_pipeline.model.tables import RawTable

RECORDS = [{"id": "a", "value": 45.5, "unit": "x"}, {"id": "b", "value": None, "unit": "é\n"}]


def write(folder: Path, text: str | bytes) -> Path:
    """A file."""
    path = folder / "readings.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, text: str | bytes, **options: Any) -> RawTable:
    """Its table."""
    path = write(folder, text)
    return read_table(path, name=path.name, options=ReadingOptions(**options))


def lines(*records: object) -> str:
    """Records, one a line."""
    return "".join(json.dumps(record) + "\n" for record in records)


def test_every_value_is_text_under_its_key(tmp_path: Path) -> None:
    table = read(tmp_path, lines(*RECORDS))

    assert table.cells.columns == ["id", "value", "unit"]
    assert table.cells.rows() == [("a", "45.5", "x"), ("b", None, "é\n")]
    assert (table.row_numbers.to_list(), table.ragged_rows) == ([1, 2], {})


def test_keys_of_later_lines_are_columns_too(tmp_path: Path) -> None:
    table = read(tmp_path, lines({"id": "a"}, *[{"id": "b"}] * 200, {"note": "n", "id": "c"}))

    assert table.cells.columns == ["id", "note"]
    assert table.cells.rows()[-1] == ("c", "n")


@pytest.mark.parametrize(
    "line", ["[1]", "x", '{"id": 1', '{"id": "a", "id": "b"}', '"id"', "{'id': 1}", '{"id": 1} {"id": 2}']
)
def test_a_line_that_is_no_object_is_kept_and_named(line: str, tmp_path: Path) -> None:
    table = read(tmp_path, lines(RECORDS[0]) + f"\n{line}\n" + lines(RECORDS[1]))

    assert table.row_numbers.to_list() == [1, 3, 4]
    assert {row: one.text for row, one in table.ragged_rows.items()} == {3: line}
    assert table.cells.rows()[2] == ("b", None, "é\n")


def test_nested_and_large_values_are_said_as_they_are(tmp_path: Path) -> None:
    text = '{"id": 12345678901234567890, "at": {"x": [1, true, 0.5]}, "ok": false, "n": 1e400}\n'

    assert read(tmp_path, text).cells.rows() == [("12345678901234567890", '{"x": [1, true, 0.5]}', "false", "1e400")]


@pytest.mark.parametrize("number", ["1e400", "1.50", "-0", "1E5", "7.0", "0.1e-2"])
def test_a_number_in_a_doubtful_line_is_said_as_it_is_written(number: str, tmp_path: Path) -> None:
    table = read(tmp_path, f'{{"id": {number}, "at": {{"x": [{number}, "y"]}}}}\n')

    assert table.cells.rows() == [(number, f'{{"x": [{number}, "y"]}}')]


def test_a_line_of_too_many_brackets_is_broken(tmp_path: Path) -> None:
    deep = '{"id": ' + "[" * 100_000 + "]" * 100_000 + "}"
    table = read(tmp_path, lines({"id": "a"}) + deep + "\n")

    assert list(table.ragged_rows) == [2]


KEYS = st.sampled_from(["id", "value", "unit", 'a":b', "é"])
VALUES = st.none() | st.text(max_size=5) | st.integers(-(2**70), 2**70) | st.booleans()


@settings(deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES), min_size=1, max_size=6))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, object]]) -> None:
    """Whole, or cut into blocks."""
    path = write(tmp_path_factory.mktemp("json"), lines({"id": "first"}, *records))
    expected = [
        {key: value if value is None or isinstance(value, str) else json.dumps(value) for key, value in record.items()}
        for record in [{"id": "first"}, *records]
    ]
    table = read_table(path, name="a.jsonl")

    found = [
        {key: value for key, value in row.items() if value is not None} for row in table.cells.iter_rows(named=True)
    ]
    assert found == [{key: value for key, value in record.items() if value is not None} for record in expected]


PLAIN = ['{"id": "a", "n": 1}', '{"id": "b", "n": 2}', '{"id": "c", "n": 3}']


@pytest.mark.parametrize(
    ("text", "numbers", "last"),
    [
        ("\n".join(PLAIN), [1, 2, 3], ("c", "3")),
        ("\r\n".join([*PLAIN, ""]), [1, 2, 3], ("c", "3")),
        ("\r\n".join(PLAIN[:2]) + "\n" + PLAIN[2] + "\n", [1, 2, 3], ("c", "3")),
        ("\ufeff" + "\n".join([*PLAIN, ""]), [1, 2, 3], ("c", "3")),
        ("\n".join([PLAIN[0], "", " \t", *PLAIN[1:], "", ""]), [1, 4, 5], ("c", "3")),
        ("\n".join([PLAIN[0], "  " + PLAIN[1], PLAIN[2] + "  "]), [1, 2, 3], ("c", "3")),
        # A blank line and a line of two objects are as many as they should be.
        ("\n".join([PLAIN[0], "", PLAIN[1] + PLAIN[2]]), [1, 3], (PLAIN[1] + PLAIN[2], None)),
        ("\n".join([*PLAIN, '{"id": "say \\":", "n": 4}']), [1, 2, 3, 4], ('say ":', "4")),
        ("\n".join([*PLAIN, '{"id" : "d", "n" :4}']), [1, 2, 3, 4], ("d", "4")),
        ("\n".join([*PLAIN, '{"n": 4, "id": "d"}']), [1, 2, 3, 4], ("d", "4")),
        ("\n".join([*PLAIN, '{"n": 4}']), [1, 2, 3, 4], (None, "4")),
        ("\n".join([*PLAIN, '{"id": null, "n": 4}']), [1, 2, 3, 4], (None, "4")),
        ("\n".join([*PLAIN, '{"id": "d", "n": {"id": 4}}']), [1, 2, 3, 4], ("d", '{"id": 4}')),
        ("\n".join([*PLAIN, '{"id": "nul \\u0000", "n": 4}']), [1, 2, 3, 4], ("nul \0", "4")),
    ],
    ids=["no last line end", "crlf", "both line ends", "byte order mark", "blank lines", "blanks around",
         "two objects and a blank line", "key end in a value", "blank before a colon", "other order", "key missing",
         "null", "nested", "nul"],
)  # fmt: skip
def test_lines_are_read_alike_whether_they_are_in_doubt(
    text: str, numbers: list[int], last: tuple[str | None, str | None], tmp_path: Path
) -> None:
    table = read(tmp_path, text)

    assert table.row_numbers.to_list() == numbers
    assert (table.cells.row(0), table.cells.row(-1)) == (("a", "1"), last)


@pytest.mark.parametrize(
    "pair",
    [
        # As many keys as two lines should have, one more in the first and one less in the second.
        ['{"id": "x", "n": 1, "n": 2}', '{"id": "y"}'],
        ['{"id": "y"}', '{"id": "x", "n": 1, "n": 2}'],
        # Blanks hide the ends of keys, a value looks like some.
        ['{"id" : "x", "n" : 1, "n" : 2}', '{"id": "\\":\\":", "n": 1}'],
    ],
    ids=["before", "behind", "hidden"],
)
def test_a_key_said_twice_is_found_whatever_the_next_line_lacks(pair: list[str], tmp_path: Path) -> None:
    table = read(tmp_path, "\n".join([*PLAIN, *pair, *PLAIN]) + "\n")

    twice = next(place for place, line in enumerate(pair) if line.count('"n"') > 1)
    assert {row: one.text for row, one in table.ragged_rows.items()} == {4 + twice: pair[twice]}
    assert table.cells.height == 8


@pytest.mark.parametrize("size", [3, 5, 1000])
def test_columns_are_the_keys_of_the_first_lines_that_have_any(size: int, tmp_path: Path) -> None:
    """Whole, or cut into blocks; a line before them that is broken is kept and named."""
    path = write(tmp_path, "{}\n\nx\n{}\n" + lines(RECORDS[0]))
    options = ReadingOptions(chunk_bytes=size)

    table = read_table(path, name=path.name, options=options)

    assert table.cells.columns == ["id", "value", "unit"]
    assert table.cells.rows() == [(None,) * 3, ("x", None, None), (None,) * 3, ("a", "45.5", "x")]
    assert table.row_numbers.to_list() == [1, 3, 4, 5]
    assert {row: one.text for row, one in table.ragged_rows.items()} == {3: "x"}


@pytest.mark.parametrize("text", ["{}\nx\n", "{}\n{}", "{}\n" * 5000], ids=["broken", "blank", "long"])
def test_a_file_without_any_key_is_refused(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)

    with pytest.raises(FileRejected, match=r"expected JSON objects with keys, found none that has any") as refused:
        read_table(path, name=path.name, options=ReadingOptions(chunk_bytes=100, limits=Limits(line_bytes=1000)))

    assert refused.value.code == "EMPTY_FILE"


def test_a_raw_nul_breaks_its_line_alone(tmp_path: Path) -> None:
    table = read(tmp_path, "\n".join([*PLAIN, '{"id": "\0", "n": 4}', *PLAIN]))

    assert list(table.ragged_rows) == [4]
    assert table.cells.rows()[4:] == [("a", "1"), ("b", "2"), ("c", "3")]


@pytest.mark.parametrize("size", [20, 45, 1000])
def test_bytes_that_are_no_utf8_are_told_with_their_line(size: int, tmp_path: Path) -> None:
    path = write(tmp_path, "\n".join([*PLAIN, ""]).encode() + b'{"id": "\xe9", "n": 4}\n')

    with pytest.raises(FileRejected, match=r"expected utf-8 text, found byte 0xe9 near line 4\."):
        read_table(path, name=path.name, options=ReadingOptions(chunk_bytes=size))


@settings(deadline=None)
@given(st.lists(st.sampled_from([*PLAIN, "", " ", '{"id": "d"}', '{"id": 1, "id": 2}', "x", "{}"]), max_size=12),
       st.sampled_from(["\n", "\r\n"]), st.integers(25, 400))  # fmt: skip
def test_it_does_not_count_where_a_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], end: str, size: int
) -> None:
    path = write(tmp_path_factory.mktemp("json"), end.join([PLAIN[0], *texts]))
    whole = read_table(path, name="a.jsonl")
    chunks = [chunk.table for chunk in open_tables(path, name="a.jsonl", options=ReadingOptions(chunk_bytes=size))]

    assert [row for chunk in chunks for row in chunk.cells.rows()] == whole.cells.rows()
    assert [row for chunk in chunks for row in chunk.row_numbers] == whole.row_numbers.to_list()
    assert [row for chunk in chunks for row in chunk.ragged_rows] == list(whole.ragged_rows)


def test_a_declared_key_that_comes_too_late_refuses_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, lines(*[{"id": "a"}] * 1000, {"id": "b", "unit": "x"}))
    options = ReadingOptions(known_headers=frozenset({"unit"}), chunk_bytes=1000)

    with pytest.raises(FileRejected, match=r"line 1001: key 'unit' comes here for the first time") as refused:
        list(open_tables(path, name=path.name, options=options))

    assert refused.value.code == "LATE_KEY"


def test_another_key_that_comes_late_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, lines(*[{"id": "a"}] * 1000, {"id": "b", "note": "x"}))

    chunks = list(open_tables(path, name=path.name, options=ReadingOptions(chunk_bytes=1000)))

    findings = [finding for chunk in chunks for finding in chunk.table.findings]
    assert [(finding.code, finding.rows) for finding in findings] == [("KEYS_WITHOUT_COLUMN", 1)]
    assert sum(chunk.table.cells.height for chunk in chunks) == 1001


@pytest.mark.parametrize(
    ("text", "code"),
    [(b'{"id": 1}\n{"id": "\xff"}\n', "WRONG_ENCODING"), (b'{"id": 1}\n{"id": "' + b"x" * 5000, "RECORD_TOO_LONG")],
)
def test_what_cannot_be_read_is_refused(text: bytes, code: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)

    with pytest.raises(FileRejected) as refused:
        read_table(path, name=path.name, options=ReadingOptions(limits=Limits(line_bytes=1000)))

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b'{"a": 1}\n{"a": 2}\n', "a.csv", True),
        (b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}', "a.csv", True),
        (b'{"a": 1}\n{"a": "and so on behind the beginn', "a.csv", True),
        (b'{"error": "no such file"}\n', "a.csv", False),
        (b'{"a": 1}\n', "a.JSONL", True),
        (b'[{"a": 1}]\n', "a.jsonl", False),
        (b'{\n "a": 1}\n', "a.csv", False),
        (b"a,b\n1,2\n", "a.csv", False),
        (b'"a"\n"b"\n', "a.csv", False),
    ],
)
def test_json_lines_are_told_from_other_json(head: bytes, name: str, expected: bool) -> None:
    assert is_json_lines(head, name) is expected
