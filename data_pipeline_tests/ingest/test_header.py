"""Rules of finding the header: what is declared, then what the pipeline knows, then the form; nothing lost silently."""

import csv
import time
from pathlib import Path

import polars as pl
import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.header import Header, find_header
from data_pipeline.model.reading import ReadingSpec
from data_pipeline_tests.ingest.headers import find, frame

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "stock_health"
HEADER, RECORDS = "SKU|Nama|Brand|Stok", ["0042|Sabun|ACNAWAY|5", "0043|Serum|ACNAWAY|12", "0044|Masker|ERHA|0"]
TABLE = [HEADER, *RECORDS]


@pytest.mark.parametrize(
    "lines",
    [
        TABLE,
        [HEADER],
        [HEADER, RECORDS[0]],
        ["SKU|Nama|Brand", *RECORDS],
        ["SKU||Brand|", *RECORDS],
        ["SKU|Stok", "a|b|c", "d|e|f"],
        ["SKU|", "0042|5", "0043|6"],
        ["|Stok", "a|5", "b|6"],
        ["|Nama", "a|Sabun", "b|Serum"],
        ["SKU|2024|2025|Stok", "0042|5|6|7", "0043|5|6|7"],
        [HEADER, "0042|||", "|||5", "0043|||"],
        [HEADER, RECORDS[0], "", *RECORDS[1:]],
        [HEADER, "", *RECORDS],
        [HEADER, RECORDS[0], "|||||Catatan|lihat|gudang", *RECORDS[1:]],
        [HEADER, *RECORDS, "", "Kode|Toko|Alamat|Kota|Telepon", "1|Padang|Jl. A|Padang|0751"],
        [HEADER, *RECORDS * 6, "", "|".join("ABCDEFGHIJ"), *["1|2|3|4|5|6|7|8|9|10"] * 70],
        [*TABLE, HEADER, *RECORDS],
        ["Nama", "Budi", "Ani"],
        ["SKU|SKU|Stok", "0042|0042|5"],
    ],
    ids=["plain", "header alone", "one record", "unnamed column", "unnamed columns", "unnamed text column",
         "half unnamed", "unnamed index", "unnamed index of texts", "years as names", "sparse records",
         "gap in records", "gap below", "stray note", "second table", "long second table", "printed once a page",
         "one column", "doubled"],
)  # fmt: skip
def test_a_header_in_row_1_is_found_there_without_any_knowledge(lines: list[str]) -> None:
    header = find(lines)

    assert (header.positions, header.height, header.findings) == ((0,), 1, ())
    assert "|".join(header.names).rstrip("|") == lines[0].rstrip("|")


@pytest.mark.parametrize(
    "above",
    [
        ["Laporan Stok Harian"],
        ["PT Kirana", "Laporan Stok Harian", "Periode 25/11/2025"],
        ["PT Kirana", "", "|Laporan Stok||"],
        ["Toko:|Padang", "Tanggal:|25/11/2025", ""],
        ["Toko:|Padang|Tanggal:", "", ""],
        ["||", "  | "],
        ["1", "2"],
    ],
    ids=["title", "titles", "blank between", "labels", "wide labels", "blank rows", "numbers"],
)
def test_titles_above_the_header_are_passed_over_and_told(above: list[str]) -> None:
    header = find([*above, *TABLE])

    told = [line for line in above if line.strip("| ")]
    assert header.positions == (len(above),)
    assert header.names == ("SKU", "Nama", "Brand", "Stok")
    assert (header.height, header.preamble_rows) == (len(above) + 1, len(told))
    assert [(finding.code, finding.severity, finding.rows) for finding in header.findings] == [
        ("PREAMBLE_ROWS", "info", len(told))
    ] * bool(told)


def test_a_title_in_column_b_is_no_header_where_records_hold_values() -> None:
    assert find(["|Laporan Stok", "SKU|Stok", "a|5", "b|6"]).names == ("SKU", "Stok")


def test_the_finding_about_titles_holds_all_that_stands_in_them() -> None:
    [finding] = find(["Laporan Stok|Padang", "", "dicetak 25/11/2025", *TABLE]).findings

    assert finding.message == "a.csv: 2 rows above the header are no records; first: row 1: 'Laporan Stok | Padang'"
    assert finding.details == {"texts": {"1": "Laporan Stok | Padang", "3": "dicetak 25/11/2025"}}


def test_the_pipelines_own_headers_win_over_the_form() -> None:
    lines = ["Kode|Toko|Kota|Telepon|Fax", "a|b|c|d|e", "SKU|Stok|Nama||", *RECORDS]

    assert find(lines).positions == (0,)
    assert find(lines, known="SKU|Stok|Nama|Brand").positions == (2,)


def test_the_row_with_most_of_the_known_headers_wins() -> None:
    """A title of two known words is no header when a fuller row follows; the first of two equal rows counts."""
    lines = ["SKU|Stok", "", *TABLE, HEADER]

    assert find(lines, known="SKU|Stok|Nama|Brand").positions == (2,)


@pytest.mark.parametrize("known", ["SKU", "SKU|A|B|C|D|E|F", "Lain|Lagi"])
def test_too_few_known_headers_prove_nothing(known: str) -> None:
    lines = ["Laporan|SKU", *TABLE] if known != "SKU" else TABLE

    assert find(lines, known=known).positions == (len(lines) - 4,)


def test_a_row_that_is_mostly_known_headers_is_the_header_among_many_aliases() -> None:
    aliases = "|".join(f"alias {number}" for number in range(40))

    assert find(["Kode|Toko|Kota", "a|b|c", *TABLE], known=f"SKU|Nama|Stok|{aliases}").positions == (2,)


def test_a_declared_row_is_the_header_whatever_it_looks_like() -> None:
    header = find(["x", *TABLE], declared=ReadingSpec(header_row=3), numbers=[2, 3, 4, 5, 6])
    data_like = find(TABLE, declared=ReadingSpec(header_row=2))

    assert (header.positions, header.names) == ((1,), ("SKU", "Nama", "Brand", "Stok"))
    assert (data_like.names, data_like.preamble_rows) == (("0042", "Sabun", "ACNAWAY", "5"), 1)


def test_a_declared_row_may_stand_below_the_first_hundred() -> None:
    assert find([f"note {at}" for at in range(150)] + TABLE, declared=ReadingSpec(header_row=151)).positions == (150,)


@pytest.mark.parametrize("declared", [9, 2], ids=["not there", "blank"])
def test_a_declared_row_without_content_is_refused(declared: int) -> None:
    with pytest.raises(FileRejected) as refusal:
        find([HEADER, "", *RECORDS], declared=ReadingSpec(header_row=declared))

    assert refusal.value.code == "NO_HEADER"
    assert str(refusal.value) == (
        f"a.csv, row {declared}: expected the header, which the pipeline declares there, found nothing. "
        "Send the file with its header in that row."
    )


def test_a_file_that_is_declared_to_have_no_header_gets_names_by_position() -> None:
    header = find(RECORDS, declared=ReadingSpec(header_row=0))

    assert header == Header(positions=(), names=("column 1", "column 2", "column 3", "column 4"), height=0)


@pytest.mark.parametrize(
    "lines",
    [
        RECORDS,
        ["Padang|0042|5|6000", "Padang|0043|6|7000", "Padang|0044|7|8000"],
        ["25/11/2025|Padang", "25/11/2025|Solok"],
        ["Padang|Sabun Cair", "Padang|Serum", "Padang|Masker"],
        ["Laporan Stok", "", *RECORDS],
    ],
    ids=["numbers", "numbers and repeats", "dates", "repeats", "below a title"],
)
def test_records_without_a_header_are_refused(lines: list[str]) -> None:
    with pytest.raises(FileRejected) as refusal:
        find(lines)

    assert refusal.value.code == "NO_HEADER"


def test_the_refusal_shows_what_looks_like_a_record() -> None:
    with pytest.raises(FileRejected) as refusal:
        find(["Laporan Stok", "", *RECORDS])

    assert str(refusal.value) == (
        "a.csv, row 3: expected the column names, found what looks like a record: '0042', 'Sabun', 'ACNAWAY', '5'. "
        "Send the file with a header above its records."
    )


@pytest.mark.parametrize("lines", [["||", " | |"], [""]])
def test_a_file_without_content_is_refused_as_empty(lines: list[str]) -> None:
    with pytest.raises(FileRejected) as refusal:
        find(lines)

    assert refusal.value.code == "EMPTY_FILE"


def test_names_are_trimmed_and_blank_ones_stay_blank() -> None:
    header = find_header(
        pl.DataFrame({"0": ["sku ", "0042"], "1": [None, "x"], "2": ["\tStok", "5"]}),
        [1, 2],
        known_headers=frozenset(),
        declared=ReadingSpec(),
        name="a.csv",
    )

    assert header.names == ("sku", "", "Stok")


def read_plainly(path: Path) -> pl.DataFrame:
    """A real CSV as text, its delimiter the one that its first line has most of."""
    text = path.read_text("utf-8-sig")
    delimiter = max(";,\t", key=text.partition("\n")[0].count)
    rows = list(csv.reader(text.splitlines(), delimiter=delimiter))
    width = max(map(len, rows))
    return pl.DataFrame([row + [""] * (width - len(row)) for row in rows], orient="row").cast(pl.String)


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="the real store files are not beside the project")
def test_all_real_text_files_have_their_header_in_row_1() -> None:
    paths = sorted([*(REAL / "older").glob("*.csv"), *(REAL / "reference").rglob("*.csv")])

    headers = {
        path.name: find_header(
            (rows := read_plainly(path)).head(100),
            range(1, min(rows.height, 100) + 1),
            known_headers=frozenset(),
            declared=ReadingSpec(),
            name=path.name,
        )
        for path in paths
    }

    assert len(paths) > 15
    assert {name: header.positions for name, header in headers.items()} == dict.fromkeys(headers, (0,))


def test_the_header_is_found_at_once_even_among_two_thousand_columns() -> None:
    names = "|".join(f"Kolom {at}" for at in range(2000))
    lines = ["Laporan", names, *("|".join(f"{row}{at}" for at in range(2000)) for row in range(98))]
    rows = frame(lines)

    before = time.perf_counter()
    header = find_header(rows, range(1, 101), known_headers=frozenset(), declared=ReadingSpec(), name="a.csv")
    seconds = time.perf_counter() - before

    assert header.positions == (1,)
    assert seconds < 2
