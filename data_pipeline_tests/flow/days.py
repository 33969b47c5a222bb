"""Small days of a chain of three stores: stock lists drawn as text, dropped into a drive, and what the ledger says."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal
from sqlalchemy import text

from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.publish import publish
from data_pipeline.flow.receive import receive_files
from data_pipeline.flow.record import Receipt, Statement
from data_pipeline.flow.stage import StagedBatch, stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.generate.stock import HEADERS, TEXT_HEADERS
from data_pipeline.generate.workbook import write_workbook
from data_pipeline.ingest.drive import LocalDrive
from data_pipeline.model.snapshots import Published
from data_pipeline.pipelines.catalog import find_pipeline
from data_pipeline_tests.tables import table

PIPELINE = find_pipeline("stock_health")
CHAIN = "Toko Kirana"
DAY, NEXT_DAY = dt.date(2026, 1, 5), dt.date(2026, 1, 6)
JAKARTA = dt.timezone(dt.timedelta(hours=7))
EXPORTED = dt.datetime.combine(DAY, dt.time(9, 30), JAKARTA)

# Files that most days begin with.
ANGGREK = "20260105/1. Toko Kirana Anggrek.csv"
BUKIT = "20260105/2. Toko Kirana Bukit Raya.csv"
CEMPAKA = "20260105/3. Toko Kirana Cempaka.csv"

ROWS = """
    SKU  | Stok | Daily Sales
    0101 | 3    | 0.5
    0102 | 8    | 0.25
"""
OTHER_ROWS = """
    SKU  | Stok | Daily Sales
    0101 | 4    | 0.5
    0102 | 8    | 0.25
    0103 | 1    | 2
"""
ONE_ROW = """
    SKU  | Stok
    0102 | 7
"""
# What a row holds in the columns that are not drawn; the ERP's own columns are blank.
PLAIN_ROW = {
    "Brand": "A",
    "Nama": "Soap",
    "HPP": "10000",
    "Harga": "15000",
    "Kategori Brand": "CARE",
    "Stok": "3",
    "Daily Sales": "0.5",
    "Lead Time": "4",
    "Max. Daily Sales": "2",
    "Max. Lead Time": "7",
    "Min. Order": "3",
    "Sedang PO": "0",
}

# What the first two versions of a day show.
SHOWN = "select store, sku, stock, snapshot_version from stock_health_snapshot order by store, sku"
FIRST_SHOWN = """
    store               | sku  | stock | snapshot_version
    Toko Kirana Anggrek | 0101 | 3     | 1
    Toko Kirana Anggrek | 0102 | 8     | 1
"""
SECOND_SHOWN = """
    store               | sku  | stock | snapshot_version
    Toko Kirana Anggrek | 0101 | 4     | 2
    Toko Kirana Anggrek | 0102 | 8     | 2
    Toko Kirana Anggrek | 0103 | 1     | 2
"""

REFERENCES = {
    "stores.csv": "original_id,name\n3,PT Kirana Niaga\n7,Toko Kirana Anggrek\n8,Toko Kirana Bukit Raya\n"
    "9,Toko Kirana Cempaka\n",
    "store_contribution.csv": "store,contribution_pct\nANGGREK,100\nBUKIT RAYA,24\nCEMPAKA,40\n",
    "supplier_data.csv": "No;ID Supplier;Nama Supplier;ID Brand;Nama Brand;ID Store;Nama Store;Hari Order;"
    "Min. Purchase;Trading Term;Promo Factor;Delay Factor\n1;2000;PT Pemasok;1000;A;7;Toko Kirana Anggrek;1;0;0;;\n",
    "special_sku_60.csv": "SKU;Nama Produk;\n0199;Soap;\n",
    "top_100_sku/1. Toko Kirana Anggrek.csv": "SKU\n0101\n",
}


def write_references(folder: Path) -> Path:
    """The chain's reference files: three shops and a head office, one supplier, one list of best sellers."""
    for name, content in REFERENCES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def list_stock(drawing: str, *, store: str, day: dt.date) -> pl.DataFrame:
    """A stock list in the ERP's 39 columns: the drawn ones, the others as in PLAIN_ROW."""
    drawn = table(drawing)
    yesterday = (day - dt.timedelta(days=1)).isoformat()
    plain = {**PLAIN_ROW, "Toko": f"{CHAIN} {store}", "Last Sales": yesterday}
    cells = [pl.col(name) if name in drawn.columns else pl.lit(plain.get(name)).alias(name) for name in HEADERS]
    numbered = pl.int_range(1, pl.len() + 1).alias("No")
    return drawn.select(cells).with_columns(numbered).cast(pl.String)


def write_list(
    path: Path, drawing: str, *, store: str = "Anggrek", day: dt.date = DAY, exported: dt.datetime = EXPORTED
) -> Path:
    """A store's file, in the format that its suffix names; only workbooks say when they were exported."""
    cells = list_stock(drawing, store=store, day=day)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".xlsx":
        write_workbook(path, cells, text_columns=TEXT_HEADERS, created=exported)
        return path
    commas = pl.exclude(TEXT_HEADERS).str.replace(".", ",", literal=True)
    cells.with_columns(commas).write_csv(path, separator=";", line_terminator="\r\n")
    return path


def drop(
    workspace: Workspace,
    name: str,
    drawing: str = ROWS,
    *,
    store: str = "Anggrek",
    day: dt.date = DAY,
    exported: dt.datetime = EXPORTED,
) -> Path:
    """Puts a store's file on the drive."""
    return write_list(workspace.settings.drive_folder / name, drawing, store=store, day=day, exported=exported)


def receive(workspace: Workspace, *paths: Path, statement: Statement | None = None) -> list[Receipt]:
    """Takes in the named files, or all that the drive lists."""
    files = {file.path: file for file in LocalDrive(workspace.settings.drive_folder).list_files()}
    return receive_files(workspace, [files[path] for path in paths or files], statement)


def stage(workspace: Workspace, day: dt.date = DAY) -> list[StagedBatch]:
    """Judges what waits for a date, in a run of its own."""
    with track_run(workspace, PIPELINE, day, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        return stage_batches(workspace, PIPELINE, day, run_id)


def make_snapshot(workspace: Workspace, day: dt.date = DAY) -> Published:
    """Judges what waits for a date and publishes it, as a run does."""
    stage(workspace, day)
    return publish(workspace, PIPELINE, compute_candidate(workspace, PIPELINE, day))


def ask(workspace: Workspace, statement: str, **parameters: object) -> pl.DataFrame:
    """Postgres' answer, every cell as text."""
    with workspace.database.transaction() as connection:
        answer = connection.execute(text(statement), {name: str(value) for name, value in parameters.items()})
        return as_texts(answer.keys(), [tuple(row) for row in answer])


def ask_lake(workspace: Workspace, statement: str) -> pl.DataFrame:
    """DuckDB's answer, every cell as text."""
    answer = workspace.lake.query(statement)
    return as_texts(answer.columns, answer.rows())


def as_texts(columns: Iterable[str], rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Rows as `table` draws them."""
    texts = [[None if cell is None else str(cell) for cell in row] for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String), orient="row")


def show_receipts(receipts: Iterable[Receipt]) -> pl.DataFrame:
    """File, outcome and note of each receipt."""
    return as_texts(
        ("file", "outcome", "note"), [(receipt.file.path.name, receipt.outcome, receipt.note) for receipt in receipts]
    )


def show_batches(workspace: Workspace) -> pl.DataFrame:
    """Every version of every delivery."""
    return ask(
        workspace,
        "select store, business_date, version, status, file_name from pipeline_file_jobs "
        "order by business_date, store, version",
    )


def assert_both_show(workspace: Workspace, expected: str) -> None:
    """Postgres and DuckDB answer the same rows."""
    assert_frame_equal(ask(workspace, SHOWN), table(expected))
    assert_frame_equal(ask_lake(workspace, SHOWN), table(expected))


def list_versions(workspace: Workspace) -> list[Path]:
    """DuckDB's files of all versions."""
    return sorted((workspace.home / "lake" / "stock_health" / "versions").iterdir())
