"""Rules of finding the rows that hold something without the reader: none of them may be lost, none invented."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.formats import Format
from data_pipeline.ingest.workbook.filled_rows import FilledRows, check_rows, find_filled_rows
from data_pipeline_tests.ingest.workbook import ods_files as ods
from data_pipeline_tests.ingest.workbook import xlsb_files as xlsb
from data_pipeline_tests.ingest.workbook.reading import read


def write_xlsb(path: Path) -> Path:
    """Numbers in rows 1 and 4, an error in 5, a text in 2, a blank in 3, on the second sheet."""
    rows = [
        xlsb.row(0, xlsb.integer(0, 5)),
        xlsb.row(1, xlsb.shared(0, 0)),
        xlsb.row(2, xlsb.blank(0)),
        xlsb.row(3, xlsb.blank(0), xlsb.number(1, 0.5)),
        xlsb.row(4, xlsb.error(0, 7)),
    ]
    return xlsb.write_xlsb(path, {"Lain": xlsb.sheet(), "Stok": xlsb.sheet(*rows)}, strings=("SKU",))


def write_ods(path: Path) -> Path:
    """The same; the text is no more than blanks."""
    rows = [ods.number("5"), ods.text(" "), ods.cell(), ods.number("0.5"), ods.error("#DIV/0!")]
    return ods.write_ods(path, {"Lain": "", "Stok": "".join(map(ods.row, rows))})


@pytest.mark.parametrize(
    ("format", "write", "sure"),
    [("xlsb", write_xlsb, {1, 4, 5}), ("ods", write_ods, {1, 4, 5})],
)
def test_values_are_sure_and_texts_are_possible(
    format: Format, write: Callable[[Path], Path], sure: set[int], tmp_path: Path
) -> None:
    path = write(tmp_path / f"a.{format}")

    found = find_filled_rows(path, 2, format=format)

    assert (found.sure, found.possible) == (sure, {2})
    assert read(path, "Stok").row_numbers == [1, 2, 4, 5]


def test_rows_of_an_ods_stand_where_their_repetitions_and_groups_put_them(tmp_path: Path) -> None:
    group = f"<table:table-row-group>{ods.row(ods.number('2'), repeated=2)}</table:table-row-group>"
    rows = [f"<table:table-header-rows>{ods.row(ods.text('SKU'))}</table:table-header-rows>", group]
    rows += ["<table:table-row table:number-rows-repeated='3'/>", ods.row(ods.number("3"))]
    path = ods.write_ods(tmp_path / "a.ods", {"Stok": "".join(rows)})

    found = find_filled_rows(path, 1, format="ods")

    assert found.sure == {1, 2, 3, 7}
    assert read(path).row_numbers == [1, 2, 3, 7]


@pytest.mark.parametrize("given", [[1, 3], [1, 2, 3, 5]], ids=["lost", "invented"])
def test_a_reader_that_loses_or_invents_rows_fails_the_file(given: list[int]) -> None:
    with pytest.raises(FileRejected) as refusal:
        check_rows(given, FilledRows(sure={1, 2}, possible={3}), sheet="Stok", name="a.xlsb")

    row = 2 if len(given) == 2 else 5
    assert (refusal.value.code, str(refusal.value)) == (
        "READER_DISAGREES",
        f"a.xlsb: the sheet 'Stok' holds 3 rows, the reader gave {len(given)}; first: row {row}. "
        "Save the workbook again in a spreadsheet program and send that.",
    )


def test_a_row_that_the_reader_passes_over_fails_an_xlsb(tmp_path: Path) -> None:
    """It stops at the record that ends the table, whatever follows."""
    whole = xlsb.sheet(xlsb.row(0, xlsb.integer(0, 5)))
    path = xlsb.write_xlsb(tmp_path / "a.xlsb", {"Stok": whole + xlsb.row(1, xlsb.integer(0, 6))})

    with pytest.raises(FileRejected) as refusal:
        read(path)

    assert refusal.value.code == "READER_DISAGREES"
