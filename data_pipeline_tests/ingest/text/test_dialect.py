"""Rules of choosing a dialect: records that come out even decide, and what could be two tables is refused."""

import time

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text import dialect as dialects
from data_pipeline.ingest.text.dialect import detect_dialect, strip_separator_line
from data_pipeline.model.reading import Dialect, ReadingSpec

MIB = 1 << 20
SECONDS_USUAL, SECONDS_HOSTILE = 0.25, 10.0  # of CPU time, which others on the machine do not add to


def detect(text: str, *, is_whole: bool = True, known: tuple[str, ...] = (), **declared: object) -> Dialect:
    """The dialect of a text."""
    spec = ReadingSpec.model_validate(declared)
    return detect_dialect(text, is_whole=is_whole, declared=spec, known_headers=frozenset(known), name="a.csv")


def refuse(text: str, *, is_whole: bool = True, **declared: object) -> tuple[str, str]:
    """Code and message of the refusal of a text."""
    with pytest.raises(FileRejected) as caught:
        detect(text, is_whole=is_whole, **declared)
    return caught.value.code, str(caught.value)


def test_a_header_longer_than_the_sample_has_the_width_of_what_is_seen() -> None:
    found = detect(";".join(f"column {number}" for number in range(3000)), is_whole=False)

    assert (found.delimiter, found.width) == (";", 3000)


def test_more_titles_than_records_do_not_narrow_the_records() -> None:
    titles = [f"Cabang {number}" for number in range(9)]

    assert detect("\n".join([*titles, "SKU;Nama;Harga", "1;Sabun;5", "2;Teh;7"])).width == 3


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("SKU,Stok\n1,2\n", ","),
        ("SKU;Stok\n1;2\n", ";"),
        ("SKU\tNama\n1\tA, B\n", "\t"),
        ("SKU|Nama\n1|A; B\n", "|"),
        ("SKU;Harga\n1;1,5\n2;22,75\n", ";"),
        ("SKU;Nama;Price, IDR\n0012;A;0,5", ";"),
        ("Nama;Harga;Kota\nA;1,5;Padang, Barat\n", ";"),
        ("SKU;Nama;Stok\n", ";"),
        ("a;b;c;\n1;2;3;\n1,5;2;3;\n", ";"),
        ("\n\nSKU,Stok\n\n1,2\n   \n", ","),
    ],
    ids=[
        "comma", "semicolon", "tabulator", "bar", "decimal commas", "a comma in the header", "prose with commas",
        "a header alone", "a delimiter too many at the end", "blank lines",
    ],
)  # fmt: skip
def test_the_delimiter_gives_every_record_the_same_number_of_fields(text: str, delimiter: str) -> None:
    assert detect(text).delimiter == delimiter


def test_titles_above_a_footer_below_and_a_few_ragged_records_are_tolerated() -> None:
    records = [f"{number};Sabun;1,5" for number in range(100)]
    text = "\n".join(["Stock report January, 2026", "", "SKU;Nama;Harga", *records, "7;x", *records, "Total: 200"])

    found = detect(text)

    assert (found.delimiter, found.newline, found.width) == (";", "\n", 3)
    assert found.evidence == (
        "delimiter ';', quote \": records of 3 fields: 201, title lines above: 1, lines below: 1, ragged: 1; "
        "lines end with LF"
    )


def test_a_text_without_delimiters_is_a_single_column() -> None:
    assert detect("SKU\n1\n2\n").delimiter == ","


def test_a_single_column_of_prose_is_not_split() -> None:
    assert detect("Nama\nMüller, Hans\nMeier\n").delimiter == ";"


def test_an_empty_text_has_the_usual_dialect() -> None:
    assert detect("") == detect("\n\n")


def test_two_readings_that_nothing_tells_apart_are_refused() -> None:
    assert refuse("a;b,c\n1;2,3\n") == (
        "AMBIGUOUS_DIALECT",
        "a.csv: expected one way to read a record, found two: ['a;b', 'c'] with delimiter ',', quote \" or "
        "['a', 'b,c'] with delimiter ';', quote \". Declare `delimiter`, `quote` or `escape`.",
    )


def test_a_perfect_reading_does_not_win_over_a_wider_one_that_explains_its_commas() -> None:
    """One ragged record must not turn a list of three columns into one of two."""
    assert refuse("SKU;Nama;Harga, IDR\n1;A;1,5\n2;B;2,5;x\n3;C;3,5\n")[0] == "AMBIGUOUS_DIALECT"


def test_uneven_records_are_refused() -> None:
    code, message = refuse("a,b,c\n" + "1,2,3\n1,2\n1,2,3,4\n" * 20)

    assert (code, message) == (
        "AMBIGUOUS_DIALECT",
        "a.csv: expected records with the same number of fields; the evenest reading (delimiter ',', quote \") gives "
        "21 records with 3 fields and 40 with others. Quote fields that hold the delimiter, or declare `delimiter`.",
    )


@pytest.mark.parametrize(
    "text",
    ["Laporan, Januari\nSKU;Nama, lengkap\n1;a, b\n", "SKU;Nama\n" + "1;x\n1;x;y\n1\n" * 9, "SKU;Stok, b\n1;2,3\n"],
    ids=["a title that is even with it", "ragged records", "two readings"],
)
def test_a_header_that_the_pipeline_knows_decides(text: str) -> None:
    assert detect(text, known=("sku ", "Toko")).delimiter == ";"


def test_a_declared_delimiter_decides() -> None:
    assert detect("a;b,c\n1;2,3\n", delimiter=",").delimiter == ","
    assert detect("a^b\n1^2\n3\n4^5^6\n", delimiter="^").delimiter == "^"


@pytest.mark.parametrize(
    ("text", "quote", "escape"),
    [
        ('SKU,Nama\n1,"A, B"\n', '"', "doubled"),
        ('"SKU";"Nama"\n"1";"A; ""B"""\n', '"', "doubled"),
        ('SKU,Nama\n1,5" pipa\n2,6" pipa\n', '"', "doubled"),
        ('SKU,Nama\n1,"5 pipa\n2,x\n', None, "doubled"),
        ("SKU,Nama\n1,O'Brien\n2,'tis\n", '"', "doubled"),
        ("SKU,Nama\n1,'A, B'\n2,C\n", "'", "doubled"),
        ("'SKU','Nama'\n'1','A'\n", "'", "doubled"),
        ('SKU,Nama\n1,"5\\" pipa, hitam"\n', '"', "backslash"),
        ("SKU,Nama\n1,C:\\data\\new\n", '"', "doubled"),
        ('SKU,Nama\n1,"a\nb"\n2,"c\r\nd"\n', '"', "doubled"),
    ],
    ids=[
        "a delimiter inside", "doubled quotes", "inches", "a quote that is never closed", "apostrophes in names",
        "apostrophes round a delimiter", "everything in apostrophes", "backslashes before quotes", "paths",
        "line ends inside",
    ],
)  # fmt: skip
def test_quotes_are_those_that_programs_write(text: str, quote: str | None, escape: str) -> None:
    found = detect(text)

    assert (found.quote, found.escape) == (quote, escape)


@pytest.mark.parametrize(
    "text",
    ["SKU,Nama\n1,'A'\n2,'B'\n", 'SKU,Nama\n1,5\\" pipa\n', "SKU,Nama\n1,'''x'''\n"],
    ids=["apostrophes round whole cells", "a backslash before a bare quote", "doubled apostrophes"],
)
def test_quotes_that_may_be_text_are_refused(text: str) -> None:
    assert refuse(text)[0] == "AMBIGUOUS_DIALECT"
    assert detect(text, quote="'", escape="doubled").quote == "'"
    assert detect(text, quote="").quote is None


def test_a_quote_that_fits_no_dialect_is_refused_with_its_line() -> None:
    assert refuse('SKU;Nama\n1;"a b"\n2;"x\n3;"c"\n4;d\n') == (
        "BROKEN_QUOTES",
        'a.csv, line 3: expected a field which begins with " to end with " before a delimiter or line end (delimiter '
        "';', quote \"). Write quotes inside a field doubled, or declare `quote`.",
    )


def test_broken_quotes_do_not_make_another_delimiter_win() -> None:
    """Under ',' every record below the header is even, but only because the quotes break the right reading."""
    text = 'SKU;"Nama";Harga\n' + '1;"A";1,5\n' * 50 + '2;"B"x;1,5\n' + '3;"C";2,5\n' * 50

    assert refuse(text)[0] == "BROKEN_QUOTES"


@pytest.mark.parametrize(
    ("text", "newline"),
    [
        ("a,b\n1,2\n", "\n"),
        ("a,b\r\n1,2\r\n", "\r\n"),
        ("a,b\r1,2\r", "\r"),
        ("a,b\r\n1,2\n3,4\r\n", "\n"),
        ('a,b\r\n"1\n2",3\r\n', "\n"),
        ('a,b\n"1\r2",3\n', "\n"),
        ('a,b\r\n"1\r2",3\r\n', "\r\n"),
        ("a,b", "\n"),
    ],
    ids=["LF", "CR LF", "CR", "LF among CR LF", "LF inside quotes", "CR inside quotes", "CR in CR LF", "none"],
)
def test_records_end_with_lf_crlf_or_cr(text: str, newline: str) -> None:
    """A bare LF anywhere makes LF the newline; a CR before it belongs to the line end."""
    assert detect(text).newline == newline


def test_a_carriage_return_alone_among_other_line_ends_is_refused() -> None:
    text = "SKU,Nama\n" + "1,A\n" * 60 + "2,B\rC\n" + "3,D\n" * 60

    assert refuse(text) == (
        "MIXED_LINE_ENDS",
        "a.csv, line 62: expected one kind of line end, found a carriage return (CR) alone here and LF on line 1. "
        "Save the file again with one kind of line end.",
    )


def test_the_line_that_states_the_separator_is_obeyed_and_taken_off() -> None:
    text = "sep=;\r\nSKU;a,b\r\n1;2,3\r\n"

    assert strip_separator_line(text) == ("SKU;a,b\r\n1;2,3\r\n", ";")
    assert strip_separator_line("SKU;Stok\n") == ("SKU;Stok\n", None)
    assert detect(text).evidence.startswith("delimiter ';', quote \" (as its line sep= says)")


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_record_that_the_sample_cuts_says_nothing(cut: int) -> None:
    text = 'SKU;Nama;Harga\n1;"A; B";1,5\n2;"C\nD";2,5\n' * 3

    found = detect(text[: len(text) // 3 + cut], is_whole=False)

    assert (found.delimiter, found.quote) == (";", '"')


def test_what_the_head_ruled_out_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lines look like two columns; all of them together are prose."""
    monkeypatch.setattr(dialects, "HEAD_CHARACTERS", 30)
    text = "Nama, Kota\nA, Padang\nB, Medan\n" + "C di Jambi\n" * 20

    assert detect(text).evidence == "delimiter ';', quote \": records of 1 field: 23; lines end with LF"


def make_list(delimiter: str, quote: str) -> str:
    """A MiB of an ordinary list."""
    record = delimiter.join(f"{quote}{cell}{quote}" for cell in ("8991234567890", "Sabun 500", "12", "2026-01-05"))
    return (record + "\r\n") * (MIB // (len(record) + 2))


@pytest.mark.parametrize("text", [make_list(",", ""), make_list(";", '"')], ids=["plain", "quoted"])
def test_a_sample_is_judged_at_once(text: str) -> None:
    took = []
    for _ in range(3):  # of which one may have collected what other tests left
        begin = time.thread_time()
        detect(text, is_whole=False)
        took.append(time.thread_time() - begin)

    assert min(took) < SECONDS_USUAL


@pytest.mark.parametrize(
    "text",
    ["a" * MIB, '"' * MIB, "'" * MIB, "\\" * MIB, ",;\t|" * (MIB // 4), "\r" * MIB, "',\"\n" * (MIB // 4),
     '"a",\'b\'\n' * (MIB // 8), "a;1," + " " * MIB + "x\nb;1,2\n"],
    ids=["one line", "quotes", "apostrophes", "backslashes", "delimiters", "line ends", "all of them", "both quotes",
         "blanks"],
)  # fmt: skip
def test_hostile_samples_do_not_hang(text: str) -> None:
    begin = time.process_time()
    try:
        detect(text)
    except FileRejected:
        pass
    finally:
        assert time.process_time() - begin < SECONDS_HOSTILE
