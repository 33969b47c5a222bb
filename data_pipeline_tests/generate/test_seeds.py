"""The committed seeds are what the generator writes, and every fault in them is where their README says."""

import re
from pathlib import Path

import pytest

from data_pipeline.generate import generate_seeds
from data_pipeline.generate.stock import HEADERS
from data_pipeline_tests.generate.reading import list_files, read_parts, read_sheet

PROJECT = Path(__file__).parents[2]
BROKEN = "drive/20260105/3. Toko Kirana Cempaka.xlsx"


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds, written anew."""
    return generate_seeds(tmp_path_factory.mktemp("seeds")).folder


def test_committed_seeds_are_what_the_generator_writes(seeds: Path) -> None:
    """When this fails: `python -m data_pipeline.generate seeds`."""
    committed, again = list_files(PROJECT / "seeds"), list_files(seeds)

    assert committed.keys() == again.keys()
    assert [name for name in again if read_parts(committed[name]) != read_parts(again[name])] == []
    assert sum(path.stat().st_size for path in committed.values()) < 900_000, "seeds are too large to commit"


def test_the_broken_seed_holds_its_four_faults(seeds: Path) -> None:
    sheet = read_parts(seeds / BROKEN)["xl/worksheets/sheet1.xml"]
    rows = read_sheet(seeds / BROKEN)

    faults = {12: rows[10]["Daily Sales"], 25: rows[23]["Stok"], 40: rows[38].get("SKU", ""), 58: rows[56]["Stok"]}

    assert faults == {12: "NAN", 25: "12,5", 40: "", 58: "-3"}
    assert b'<c r="R12"><v>NAN</v></c>' in sheet
    assert re.search(rb'<c r="N25" t="s">', sheet)
    assert b'<c r="C40"/>' in sheet
    assert rows[56]["Terjual"] != "0"


def test_the_corrected_seed_differs_in_ten_rows_and_was_exported_later(seeds: Path) -> None:
    first = seeds / "drive" / "20260106" / "2. Toko Kirana Bukit Raya.xlsx"
    second = first.with_stem(f"{first.stem} (revisi)")

    before, after = read_sheet(first), read_sheet(second)

    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [int(new["Stok"]) - int(old["Stok"]) for old, new in changed] == [6] * 10
    assert b"2026-01-06T11:10:26+07:00" in read_parts(second)["docProps/core.xml"]


def test_the_doubled_seed_has_equal_bytes_under_two_names(seeds: Path) -> None:
    first, second = (seeds / "drive" / "20260105").glob("4. *.xlsx")

    assert first.read_bytes() == second.read_bytes()


def test_the_late_seed_is_not_on_the_drive(seeds: Path) -> None:
    late = [name for name in list_files(seeds) if name.endswith("20260106/5. Toko Kirana Edelweis.xlsx")]

    assert late == ["late/20260106/5. Toko Kirana Edelweis.xlsx"]


def test_the_csv_seed_is_the_export_with_decimal_commas(seeds: Path) -> None:
    content = (seeds / "drive" / "20260105" / "6. Toko Kirana Flamboyan.csv").read_bytes()

    header, *rows = [line.split(";") for line in content.decode().removesuffix("\r\n").split("\r\n")]

    assert header == list(HEADERS)
    assert ({len(row) for row in rows}, len(rows)) == ({39}, 198)
    assert content.count(b"\n") == content.count(b"\r\n")
    cells = {cell for row in rows for cell in row}
    assert not {"NAN", "INF"} & cells
    assert {row[17] for row in rows if "07" in row[17]} >= {"0,07"}
