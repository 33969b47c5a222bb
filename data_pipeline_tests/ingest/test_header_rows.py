"""Rules of headers of several rows: joined downwards when that is declared or known, and never by their form."""

from data_pipeline.model.reading import ReadingSpec
from data_pipeline_tests.ingest.headers import find

GROUPED = ["|Barang||Stok||", "No|SKU|Nama|Awal|Masuk|Akhir", "1|0042|Sabun|5|1|6", "2|0043|Serum|6|1|7"]
JOINED = ("No", "Barang / SKU", "Barang / Nama", "Stok / Awal", "Stok / Masuk", "Stok / Akhir")


def test_a_header_of_two_rows_is_joined_when_it_is_declared() -> None:
    header = find(GROUPED, declared=ReadingSpec(header_rows=2))
    placed = find(["Laporan", *GROUPED], declared=ReadingSpec(header_row=3, header_rows=2))

    assert (header.positions, header.names, header.height) == ((0, 1), JOINED, 2)
    assert (placed.positions, placed.names, placed.preamble_rows) == ((1, 2), JOINED, 1)
    [finding] = header.findings
    assert (finding.code, finding.severity, finding.rows) == ("HEADER_JOINED", "info", 2)
    assert finding.message == (
        "a.csv: rows 1 to 2 make one header; joined: 'Barang / SKU', 'Barang / Nama', 'Stok / Awal', 'Stok / Masuk', "
        "'Stok / Akhir'"
    )


def test_a_header_of_several_lines_is_one_row() -> None:
    """Rows of a text file are numbered by their first line."""
    lines = ["|Stok\ntoko|", "SKU|Awal|Akhir", "0042|5|6"]

    header = find(lines, numbers=[1, 3, 4], declared=ReadingSpec(header_rows=2))

    assert header.names == ("SKU", "Stok\ntoko / Awal", "Stok\ntoko / Akhir")


def test_a_row_that_the_file_leaves_out_is_no_part_of_the_header() -> None:
    header = find(["Laporan", "SKU|Awal|Akhir", "0042|5|6"], numbers=[1, 3, 4], declared=ReadingSpec(header_rows=2))

    assert (header.positions, header.preamble_rows) == ((1,), 1)


def test_a_header_of_two_rows_is_joined_when_the_known_headers_say_so() -> None:
    header = find(["Laporan", *GROUPED], known="No|Barang / SKU|Stok / Awal|Stok / Akhir")

    assert (header.positions, header.names) == ((1, 2), JOINED)


def test_a_title_over_several_columns_is_otherwise_no_part_of_the_header() -> None:
    header = find(GROUPED, known="No|SKU|Nama|Awal|Akhir")

    assert (header.positions, header.names[1]) == ((1,), "SKU")
    assert [finding.code for finding in header.findings] == ["PREAMBLE_ROWS"]


def test_titles_end_where_another_begins_and_equal_texts_are_one() -> None:
    lines = ["A|||B||C", "a|b||c||C", "1|2|3|4|5|C", "x|x|x|x|x|x"]

    header = find(lines, declared=ReadingSpec(header_rows=3, header_row=3))

    assert header.names == ("A / a / 1", "A / b / 2", "A / b / 3", "B / c / 4", "B / c / 5", "C")
