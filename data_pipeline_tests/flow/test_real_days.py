"""The real store files of two business days, dropped into one folder under whatever names their senders gave them."""

import datetime as dt
import shutil
from collections.abc import Iterator

import pytest
from polars.testing import assert_frame_equal
from pydantic import SecretStr

from data_pipeline.flow.record import Receipt
from data_pipeline.flow.report import compare_databases
from data_pipeline.flow.workspace import Workspace
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.settings import PROJECT_ROOT, Settings
from data_pipeline_tests.conftest import fresh_database
from data_pipeline_tests.flow.days import PIPELINE, ask, make_snapshot, receive, show_receipts

REAL = PROJECT_ROOT.parent / "shared" / "data" / "stock_health"
MONDAY, TUESDAY = dt.date(2025, 11, 24), dt.date(2025, 11, 25)

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.real,
    pytest.mark.skipif(not REAL.exists(), reason="the real store files are not beside the project"),
]


@pytest.fixture(scope="module")
def opened(
    postgres_url: str, migrated_template: str, readers: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """An installation that nobody has delivered to."""
    home = tmp_path_factory.mktemp("real")
    (home / "drive").mkdir()
    with fresh_database(postgres_url, migrated_template) as url:
        settings = Settings(
            home=home, database_url=SecretStr(url), drive_folder=home / "drive", reference_dir=REAL / "reference"
        )
        workspace = Workspace.open(settings)
        assert workspace.sandbox is readers
        yield workspace
        workspace.database.engine.dispose()


@pytest.fixture(scope="module")
def taken(opened: Workspace) -> list[Receipt]:
    """What came of the ten workbooks of both days, mixed in one folder without a date in its name."""
    for path in (*(REAL / "20251124").glob("*.xlsx"), *(REAL / "20251125").glob("*.xlsx")):
        shutil.copy(path, opened.settings.drive_folder)
    return receive(opened)


@pytest.fixture(scope="module")
def older(opened: Workspace, taken: list[Receipt]) -> list[Receipt]:
    """What came of two further exports of Monday, as CSV."""
    folder = opened.settings.drive_folder / "older"
    shutil.copytree(REAL / "older", folder)
    return receive(opened, *sorted(folder.iterdir()))


def test_every_workbook_finds_its_store_and_its_day(taken: list[Receipt]) -> None:
    found = sorted((str(one.business_date), str(one.store), one.file.path.name, one.note) for one in taken)

    assert found == [
        ("2025-11-24", "Miss Glam Damar", "11.Miss glam Damar.xlsx", "first delivery"),
        ("2025-11-24", "Miss Glam Dr. Mansyur", "26. Miss Glam dr Mansur .xlsx", "first delivery"),
        ("2025-11-24", "Miss Glam P. Sidimpuan", "27. Miss Glam Padang Sidimpuan.xlsx", "first delivery"),
        ("2025-11-24", "Miss Glam Padang", "1.Miss glam Padang.xlsx", "first delivery"),
        ("2025-11-25", "Miss Glam Aceh", "28. Miss Glam Aceh.xlsx", "first delivery"),
        ("2025-11-25", "Miss Glam Balikpapan", "33. Miss Glam Balikpapan.xlsx", "first delivery"),
        ("2025-11-25", "Miss Glam Damar", "11. Miss Glam Damar.xlsx", "first delivery"),
        ("2025-11-25", "Miss Glam Dr. Mansyur", "26. Miss Glam Dr. Mansyur.xlsx", "first delivery"),
        ("2025-11-25", "Miss Glam P. Sidimpuan", "27. Miss Glam P. Sidimpuan.xlsx", "first delivery"),
        ("2025-11-25", "Miss Glam Padang", "1. Miss Glam Padang.xlsx", "first delivery"),
    ]


def test_no_day_is_today(taken: list[Receipt], older: list[Receipt]) -> None:
    assert {one.business_date for one in (*taken, *older)} == {MONDAY, TUESDAY}


def test_the_same_export_as_csv_holds_the_same_cells(opened: Workspace, older: list[Receipt]) -> None:
    note = "same cells as '1.Miss glam Padang.xlsx', version 1; only saved differently"
    assert sorted(show_receipts(older).rows()) == [
        ("1. Miss glam Padang.csv", "same_cells", note),
        ("33. Miss Glam Balikpapan.csv", "batch", "first delivery"),
    ]
    [balikpapan] = [one for one in older if one.outcome == "batch"]
    assert (balikpapan.store, balikpapan.business_date) == ("Miss Glam Balikpapan", MONDAY)


def test_both_days_are_published_without_losing_a_row(opened: Workspace, older: list[Receipt]) -> None:
    for day in (MONDAY, TUESDAY):
        make_snapshot(opened, day)

    counts = "select business_date, store, count(*) as n from stock_health_snapshot group by 1, 2 order by 1, 2"
    accepted = (
        "select business_date, store, processed_count as n from pipeline_file_jobs "
        "where processed_count = record_count and status = 'completed' order by 1, 2"
    )
    assert ask(opened, accepted).height == 11
    assert_frame_equal(ask(opened, counts), ask(opened, accepted))
    for day in (MONDAY, TUESDAY):
        answers = compare_databases(opened, PIPELINE, day)
        assert answers["postgres"] == answers["duckdb"]


def test_stores_of_the_roster_that_sent_nothing_are_told(opened: Workspace, older: list[Receipt]) -> None:
    made = make_snapshot(opened, MONDAY)

    assert len(made.completeness.stores_in) == 5
    assert made.completeness.stores_unexpected == ()
    assert "Miss Glam Aceh" in made.completeness.stores_missing
