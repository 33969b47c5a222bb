"""Rules of `data-pipeline new`, kept with real processes: from a sample to a snapshot in both databases."""

import csv
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from data_pipeline.settings import PROJECT_ROOT
from data_pipeline_tests.flow.draft.samples import write_book, write_sample
from data_pipeline_tests.flow.draft.test_compose import SALES
from data_pipeline_tests.installation import Installation, install

pytestmark = [pytest.mark.postgres, pytest.mark.dagster]

OLDER = PROJECT_ROOT.parent / "shared" / "data" / "stock_health" / "older"
DAY = ("--date", "2025-11-25")


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    """An empty installation."""
    return install(tmp_path / "home", database_url)


def publish(installation: Installation, name: str, sample: Path, folder: Path) -> str:
    """Drafts a pipeline, and processes a folder with it; what `new` printed."""
    code, printed, errors = installation.run("new", name, "--from", str(sample))
    assert (code, errors) == (0, "")

    code, output, errors = installation.run("process", "--pipeline", name, *DAY, "--input-dir", str(folder))
    assert code == 0, output + errors
    return printed


def count_both(installation: Installation, name: str, select: str = "count(*)") -> tuple[object, object]:
    """What Postgres and DuckDB answer."""
    question = f"select {select} from {name}_snapshot where business_date = date '2025-11-25'"  # noqa: S608 - our own
    [(in_postgres,)] = installation.ask(question)
    with duckdb.connect(installation.settings.home / "lake" / "catalog.duckdb", read_only=True) as lake:
        [(in_duckdb,)] = lake.execute(question).fetchall()
    return in_postgres, in_duckdb


def count_records(path: Path) -> tuple[int, int]:
    """Records of a semicolon CSV, and the sum of their stock, by Python's own reader."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        records = list(csv.DictReader(stream, delimiter=";"))
    return len(records), sum(int(record["Stok"]) for record in records)


@pytest.mark.real
@pytest.mark.skipif(not OLDER.exists(), reason=f"{OLDER} is not there")
def test_a_real_stock_file_is_published_by_its_draft(installation: Installation, tmp_path: Path) -> None:
    """Every record of the sample, and of another store's file of the same kind."""
    sample, *_ = files = sorted(OLDER.glob("*.csv"))
    shutil.copytree(OLDER, tmp_path / "drive")
    counts = [count_records(path) for path in files]

    printed = publish(installation, "older_stock", sample, tmp_path / "drive")

    assert f"sample: {counts[0][0]} records, {counts[0][0]} accepted, 0 rejected" in printed
    declared = (installation.settings.pipelines_dir / "older_stock" / "pipeline.yaml").read_text(encoding="utf-8")
    assert len(declared.splitlines()) < 120
    assert count_both(installation, "older_stock") == (sum(count for count, _ in counts),) * 2
    assert count_both(installation, "older_stock", "sum(stok)") == (sum(stock for _, stock in counts),) * 2


def test_a_text_with_semicolons_and_decimal_commas_is_published_by_its_draft(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "drive").mkdir()
    sample = write_sample(tmp_path / "drive" / "sales.csv", SALES.replace("05/01/2026", "25/11/2025"))

    printed = publish(installation, "till_sales", sample, tmp_path / "drive")

    assert "sample: 3 records, 3 accepted, 0 rejected" in printed
    assert count_both(installation, "till_sales") == (3, 3)
    assert count_both(installation, "till_sales", "sum(harga_satuan)") == (1236.5, 1236.5)
    assert count_both(installation, "till_sales", "min(kode_barang)") == ("00123", "00123")


def test_a_workbook_is_published_by_its_draft(installation: Installation, tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {"Cabang": ["Utara"] * 50, "SKU": [f"{number:05d}" for number in range(50)], "Qty": range(50)}
    ).with_columns(Harga=pl.col("Qty") * 1.25)
    (tmp_path / "drive").mkdir()
    sample = write_book(tmp_path / "drive" / "stock.xlsx", rows, texts=("Cabang", "SKU"))

    publish(installation, "branch_stock", sample, tmp_path / "drive")

    assert count_both(installation, "branch_stock") == (50, 50)
    assert count_both(installation, "branch_stock", "sum(harga)") == (rows["Harga"].sum(),) * 2


def test_what_cannot_be_drafted_ends_with_1_and_says_why(installation: Installation, tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "numbers.csv", "1,2,3\n4,5,6\n7,8,9")

    code, _, errors = installation.run("new", "numbers", "--from", str(sample))

    assert code == 1
    assert "numbers.csv, row 1: expected the column names, found what looks like a record" in errors
    assert not installation.settings.pipelines_dir.exists()


def test_a_draft_elsewhere_says_how_it_is_found(installation: Installation, tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sales.csv", SALES)

    code, output, _ = installation.run("new", "till_sales", "--from", str(sample), "--folder", str(tmp_path / "mine"))

    assert code == 0
    assert (tmp_path / "mine" / "till_sales" / "pipeline.yaml").exists()
    assert f"export DATA_PIPELINE_PIPELINES_DIR={tmp_path / 'mine'}" in output


def test_a_faulty_pipeline_is_in_the_status_and_harms_nobody(installation: Installation, tmp_path: Path) -> None:
    folder = installation.settings.pipelines_dir / "faulty"
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text("name: faulty\ntitle: Faulty\n")

    code, output, _ = installation.run("status")

    assert code == 0
    assert "faulty/pipeline.yaml: 3 faults" in " ".join(output.split())


def test_a_trial_by_a_draft_takes_nothing_from_the_pipeline_of_such_files(
    installation: Installation, tmp_path: Path
) -> None:
    """The same bytes go to either, each by its own way: named, or by their header. Whichever comes first."""
    drive = tmp_path / "drive"
    drive.mkdir()
    sample = write_sample(drive / "sales.csv", SALES.replace("05/01/2026", "25/11/2025"))
    assert installation.run("new", "till_sales", "--from", str(sample))[0] == 0
    publish(installation, "trial", sample, drive)
    shutil.copytree(drive, installation.settings.drive_folder / "20251125")

    code, output, errors = installation.run("watch", "--once", "--poll-interval", "1")

    assert code == 0, output + errors
    delivered = "select p.name, count(*) from batches b join pipelines p on p.id = b.pipeline_id group by 1 order by 1"
    assert installation.ask(delivered) == [("till_sales", 1), ("trial", 1)]


def test_the_schema_is_printed(installation: Installation) -> None:
    code, output, _ = installation.run("schema")

    assert code == 0
    assert output == (PROJECT_ROOT / "docs" / "pipeline.schema.json").read_text(encoding="utf-8")
