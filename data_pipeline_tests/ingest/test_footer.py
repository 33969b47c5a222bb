"""Rules of finding what stands below the records: totals and notes, told with their text; a record stays a record."""

import polars as pl
import pytest

from data_pipeline.ingest.header import Footer, Header, find_footer

NAMES = ("SKU", "Nama", "Brand", "Stok", "Harga", "Toko")
RECORDS = ["0042|Sabun|ACNAWAY|5|1000|Padang", "0043|Serum||12|2000|Padang", "0044|Masker|ERHA|0|3000|Padang"]


def find(
    lines: list[str], *, numbers: list[int] | None = None, keys: str = "", names: tuple[str, ...] = NAMES
) -> Footer | None:
    """The footer of records that are drawn with bars between their cells."""
    cells = [line.split("|") for line in lines]
    padded = [row + [""] * (len(names) - len(row)) for row in cells]
    frame = pl.DataFrame(padded, schema={str(at): pl.String for at in range(len(names))}, orient="row")
    return find_footer(
        frame,
        pl.Series(numbers or [*range(2, len(lines) + 2)], dtype=pl.Int64),
        Header(positions=(0,), names=names, height=1),
        name="a.csv",
        keys=frozenset(filter(None, keys.split("|"))),
    )


@pytest.mark.parametrize(
    ("below", "count"),
    [
        (["Total|||17|6000|"], 1),
        (["JUMLAH :|||17|6000|"], 1),
        (["||Grand Total|17|6000|"], 1),
        (["Subtotal|||17||", "Total|||17|6000|"], 2),
        (["", "Total|||17|6000|"], 1),
        (["", "dicetak 25/11/2025"], 1),
        (["", "Mengetahui,||||Padang", "", "Kepala Toko"], 2),
        (["Total|||17|6000|", "", "Mengetahui,", "Kepala Toko"], 3),
        (["Total|||17|6000|", "", "|||||", ""], 1),
    ],
    ids=["total", "with a colon", "in another column", "two totals", "apart", "note", "two notes", "total and notes",
         "blank rows below"],
)  # fmt: skip
def test_totals_and_notes_below_the_records_are_found(below: list[str], count: int) -> None:
    footer = find([*RECORDS, *below])

    assert footer is not None
    first = next(at for at, line in enumerate(below) if line)
    assert (footer.first, footer.finding.rows) == (len(RECORDS) + first, count)


def test_the_finding_holds_all_that_stands_in_them() -> None:
    footer = find([*RECORDS, "Total|||17|6000|", "", "Mengetahui"])

    assert footer is not None
    assert (footer.finding.code, footer.finding.severity) == ("FOOTER_ROWS", "warn")
    assert footer.finding.message == (
        "a.csv: 2 rows below the records are no records; first: row 5: 'Total | 17 | 6000'"
    )
    assert footer.finding.details == {"texts": {"5": "Total | 17 | 6000", "7": "Mengetahui"}}


@pytest.mark.parametrize(
    "below",
    [
        [],
        ["Total|Pasta Gigi|TOTAL|5|1000|Padang"],
        ["Total Care|||17||"],
        ["0045|||||"],
        ["", "0045|Sabun|ERHA|5||"],
        ["", "0045|Sabun|ERHA|5|1000|Padang"],
        ["", "a", "b", "c", "d", "e", "f"],
        ["|Tanpa kode|ERHA|5|1000|Padang"],
        ["", "|||||"],
    ],
    ids=["nothing", "product called total", "name that begins so", "sparse record", "record apart",
         "whole record apart", "too many", "record without key", "blank rows"],
)  # fmt: skip
def test_a_record_stays_a_record(below: list[str]) -> None:
    assert find([*RECORDS, *below]) is None


def test_a_row_that_the_file_leaves_out_sets_apart_too() -> None:
    assert find([*RECORDS, "dicetak 25/11/2025"], numbers=[2, 3, 4, 6]) is not None
    assert find([*RECORDS, "dicetak 25/11/2025"], numbers=[2, 3, 4, 5]) is None


def test_a_record_of_several_lines_sets_nothing_apart() -> None:
    """Rows of a text file are numbered by their first line."""
    two_lines = "0044|Masker\nWajah|ERHA|0|3000|Padang"

    assert find([*RECORDS[:2], two_lines, "0045"], numbers=[2, 3, 4, 6]) is None
    assert find([*RECORDS[:2], two_lines, "catatan"], numbers=[2, 3, 4, 7]) is not None


def test_known_keys_tell_records_from_totals() -> None:
    """Without them, a total in the only text column could be a product."""
    lines, names = ["0042|5", "0043|6", "TOTAL|11"], ("SKU", "Stok")

    assert find(lines, names=names) is None
    footer = find(lines, names=names, keys="SKU")
    assert footer is not None
    assert footer.first == 2
    assert find([*RECORDS, "Total|||17|6000|"], keys="Nama|SKU") is not None
    assert find([*RECORDS, "", "0045|Sabun"], keys="SKU") is None


@pytest.mark.parametrize("lines", [[], ["||||||"[1:]], ["Total|||17||"], [RECORDS[0]]])
def test_something_stays_above_a_footer(lines: list[str]) -> None:
    assert find(lines) is None


def test_blank_rows_without_end_are_passed_over() -> None:
    footer = find([*RECORDS, "Total|||17|6000|", *["|||||"] * 5000])

    assert footer is not None
    assert footer.first == 3
