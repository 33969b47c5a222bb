"""Generated deliveries look like the ERP's and are twice the same."""

import datetime as dt
import re
from pathlib import Path

import excelreader
import pytest

from data_pipeline.errors import RequestError
from data_pipeline.generate import Generated, generate
from data_pipeline.generate.catalogue import HEAD_OFFICE, invent_chain
from data_pipeline.generate.stock import HEADERS, TEXT_HEADERS
from data_pipeline_tests.generate.reading import hash_files, list_files, read_header, read_parts, read_sheet

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "stock_health"
MONDAY = dt.date(2026, 1, 5)

is_real_there = pytest.mark.skipif(not REAL.exists(), reason="the real store files are not beside the project")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """Three stores, two days, 400 rows each."""
    return generate(tmp_path_factory.mktemp("written"), stores=3, rows=400, days=2, first_day=MONDAY)


def test_the_same_arguments_give_the_same_bytes(written: Generated, tmp_path: Path) -> None:
    generate(tmp_path, stores=3, rows=400, days=2, first_day=MONDAY)

    assert hash_files(tmp_path) == hash_files(written.folder)


def test_a_day_does_not_depend_on_the_days_before_it(written: Generated, tmp_path: Path) -> None:
    generate(tmp_path, stores=3, rows=400, days=1, first_day=dt.date(2026, 1, 6))

    assert hash_files(tmp_path / "20260106") == hash_files(written.folder / "20260106")


def test_another_seed_gives_another_chain(written: Generated, tmp_path: Path) -> None:
    generate(tmp_path, stores=3, rows=400, days=2, first_day=MONDAY, seed=2)

    assert hash_files(tmp_path).keys() == hash_files(written.folder).keys()
    assert hash_files(tmp_path / "20260105") != hash_files(written.folder / "20260105")


def test_every_store_delivers_its_rows_every_day(written: Generated) -> None:
    paths = {name: path for name, path in list_files(written.folder).items() if not name.startswith("reference/")}

    rows = {name: read_sheet(path) for name, path in paths.items()}

    stores = ["1. Toko Kirana Anggrek", "2. Toko Kirana Bukit Raya", "3. Toko Kirana Cempaka"]
    assert list(rows) == [f"{day}/{store}.xlsx" for day in ("20260105", "20260106") for store in stores]
    assert {name: len(content) for name, content in rows.items()} == dict.fromkeys(rows, 400)
    assert {name: {row["Toko"] for row in content} for name, content in rows.items()} == {
        name: {Path(name).stem.split(". ")[1]} for name in rows
    }
    assert (written.files, written.rows) == (6, 2400)


def test_nothing_to_write_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=re.escape("generate: expected at least 1 for days, found 0.")):
        generate(tmp_path, stores=1, rows=1, days=0, first_day=MONDAY)


def test_one_row_of_one_store_can_be_written(tmp_path: Path) -> None:
    generate(tmp_path, stores=1, rows=1, days=1, first_day=MONDAY)

    assert len(read_sheet(tmp_path / "20260105" / "1. Toko Kirana Anggrek.xlsx")) == 1


def test_a_chain_can_have_more_stores_than_we_have_names_for() -> None:
    stores = invent_chain(stores=36, products=20, seed=1).stores

    assert [store.name for store in stores[-2:]] == ["Toko Kirana Nilam", "Toko Kirana Cabang 36"]


@pytest.mark.real
@is_real_there
def test_sheet_and_header_are_those_of_the_real_files(written: Generated) -> None:
    made_up, real = (
        read_header(next(folder.glob("*.xlsx"))) for folder in (written.folder / "20260105", REAL / "20251125")
    )

    assert made_up == real
    assert made_up[1] == list(HEADERS)


@pytest.mark.real
@is_real_there
def test_reference_headers_are_those_of_the_real_files(written: Generated) -> None:
    """The line's end included, which tells CRLF from LF."""
    made_up, real = (
        {path.name: path.read_bytes().splitlines(keepends=True)[0] for path in (folder / "reference").glob("*.csv")}
        for folder in (written.folder, REAL)
    )

    assert made_up == real


@pytest.mark.real
@is_real_there
def test_no_real_brand_sku_or_store_is_among_the_made_up() -> None:
    chain = invent_chain(stores=40, products=10_000, seed=1)

    real = read_sheet(next((REAL / "20251125").glob("1. *.xlsx")))
    brands, stores = (
        {line.partition(",")[2].strip() for line in (REAL / "reference" / name).read_text("utf-8").splitlines()}
        for name in ("brands.csv", "stores.csv")
    )

    assert brands.isdisjoint(brand.name for brand in chain.brands)
    assert {row["SKU"].strip() for row in real}.isdisjoint(chain.products["SKU"].str.strip_chars())
    assert stores.isdisjoint(f"Miss Glam {store.short_name}" for store in chain.stores)


def test_text_and_number_cells_are_told_apart(written: Generated) -> None:
    with excelreader.open_workbook(written.folder / "20260105" / "1. Toko Kirana Anggrek.xlsx") as workbook:
        _, *rows = workbook.sheets[0].rows()
        kinds = {(HEADERS[cell.column], cell.type.name) for row in rows for cell in row if cell.value}

    assert {header for header, kind in kinds if kind == "STRING"} == set(TEXT_HEADERS)
    assert {header for header, kind in kinds if kind != "STRING"}.isdisjoint(TEXT_HEADERS)


def test_cover_without_sales_is_nan_or_inf_in_a_numeric_cell(written: Generated) -> None:
    path = written.folder / "20260105" / "1. Toko Kirana Anggrek.xlsx"

    rows = read_sheet(path)

    covers = {row["Stock Cover"] for row in rows if row["Daily Sales"] == "0"}
    assert covers == {"NAN", "INF"}
    assert {row["Last Sales"] for row in rows if row["Daily Sales"] == "0"} == {"0000-00-00"}
    sheet = read_parts(path)["xl/worksheets/sheet1.xml"]
    assert re.search(rb'<c r="AK\d+"><v>NAN</v></c>', sheet)
    assert re.findall(rb'<c r="(AK\d+)" t=', sheet) == [b"AK1"], "only the header is a string"


def test_numbers_are_printed_with_the_noise_of_the_erp(written: Generated) -> None:
    """As in the real files: 16 digits in workbooks, at most two decimals once the noise is off."""
    rows = read_sheet(written.folder / "20260105" / "1. Toko Kirana Anggrek.xlsx")

    sales = {row["Daily Sales"] for row in rows}

    assert "0.07000000000000001" in sales
    assert all(float(text) == pytest.approx(round(float(text), 2), abs=1e-12) for text in sales)


def test_skus_keep_leading_zeros_and_trailing_blanks(written: Generated) -> None:
    rows = read_sheet(written.folder / "20260105" / "1. Toko Kirana Anggrek.xlsx")

    skus = [row["SKU"] for row in rows]

    assert any(sku.startswith("0") for sku in skus)
    assert any(sku.endswith(" ") for sku in skus)
    assert all(re.fullmatch(r"\d{5,15} ?", sku) for sku in skus)
    assert len({sku.strip() for sku in skus}) == 400


def test_shelves_are_such_that_orders_come_out(written: Generated) -> None:
    """Stock at or below the reorder point and less than 30 days' cover, as in stock_health.md 2.3, step 6."""
    rows = read_sheet(written.folder / "20260105" / "1. Toko Kirana Anggrek.xlsx")

    needy = [row for row in rows if float(row["Stok"]) <= float(row["ROP"]) and float(row["Stock Cover"]) < 30]

    assert 40 <= len(needy) <= 200
    assert sum(row["Sedang PO"] == "0" for row in rows) > 300
    assert sum(row["Last Sales"] == "2026-01-04" for row in rows) > 200


def test_workbooks_say_when_they_were_exported_and_by_no_person(written: Generated) -> None:
    core = read_parts(written.folder / "20260106" / "2. Toko Kirana Bukit Raya.xlsx")["docProps/core.xml"].decode()

    assert "<dc:creator>stock export</dc:creator>" in core
    assert '<dcterms:created xsi:type="dcterms:W3CDTF">2026-01-06T09:30:26+07:00</dcterms:created>' in core


def test_supplier_list_has_the_faults_of_the_real_one(written: Generated) -> None:
    lines = (written.folder / "reference" / "supplier_data.csv").read_bytes().decode("ascii").split("\r\n")
    rows = [line.split(";") for line in lines[1:-1]]

    stores_of: dict[str, set[str]] = {}
    for row in rows:
        stores_of.setdefault(row[4].strip(), set()).add(row[6])
    pairs = [(row[4], row[6]) for row in rows]

    assert {len(row) for row in rows} == {12}
    assert len(pairs) > len(set(pairs)), "no brand is listed twice for a store"
    assert any(HEAD_OFFICE in stores and "Toko Kirana Anggrek" not in stores for stores in stores_of.values())
    assert any(row[4] != row[4].strip() for row in rows), "no brand has a blank after it"
    assert [row[6] for row in rows if not row[4]] == ["Toko Kirana Cempaka"]
    assert [row[0] for row in rows if not row[1] and not row[2]] == ["1"]


def test_shares_leave_out_one_store_and_the_head_office_is_no_shop(written: Generated) -> None:
    shares, stores = (
        (written.folder / "reference" / name).read_text("utf-8") for name in ("store_contribution.csv", "stores.csv")
    )

    assert shares == "store,contribution_pct\nANGGREK,100\nBUKIT RAYA,24"
    assert stores.splitlines()[1:3] == ["3,PT Kirana Niaga Utama", "7,Toko Kirana Anggrek"]


def test_half_of_the_stores_have_a_top_100_list(written: Generated) -> None:
    lists = list_files(written.folder / "reference" / "top_100_sku")

    assert list(lists) == ["1. Toko Kirana Anggrek.xlsx", "3. Toko Kirana Cempaka.csv"]
    with excelreader.open_workbook(lists["1. Toko Kirana Anggrek.xlsx"]) as workbook:
        title, header, *rows = [[cell.value for cell in row] for row in workbook.sheets[0].rows()]
    assert (title, header) == (["TOP 100"], ["sku ", "Nama", "Brand", "Toko"])
    carried = {row["SKU"].strip() for row in read_sheet(written.folder / "20260105" / "1. Toko Kirana Anggrek.xlsx")}
    assert {row[0] for row in rows} <= carried
