"""Rules of the order files: one set a store, named like its workbook, nothing of an older version left."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from data_pipeline.errors import StoreError
from data_pipeline.flow.deliver import deliver
from data_pipeline.flow.publish import load_published
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    DAY,
    ONE_ROW,
    OTHER_ROWS,
    PIPELINE,
    drop,
    make_snapshot,
    receive,
)
from data_pipeline_tests.generate.reading import list_files, read_parts, read_sheet

pytestmark = pytest.mark.postgres


def publish_and_deliver(workspace: Workspace, day: dt.date = DAY) -> Path:
    """What the last two steps of a run do; gives the folder of the order files."""
    make_snapshot(workspace, day)
    folder = workspace.settings.output_dir / f"{day:%Y%m%d}"
    deliver(workspace, PIPELINE, day, load_published(workspace, PIPELINE, day), folder)
    return folder


def name_visible(folder: Path) -> list[str]:
    """Every visible file below a folder."""
    return [name for name, path in list_files(folder).items() if not path.name.startswith(".")]


def name_files(*stems: str) -> list[str]:
    """The files of stores whose workbooks have these names."""
    layouts = ("complete/{}.csv", "emergency/{}.csv", "m2/{}.csv")
    layouts += tuple(f"xlsx/{layout}".replace(".csv", ".xlsx") for layout in layouts)
    return sorted(["stock_health/20260105.csv", *(layout.format(stem) for layout in layouts for stem in stems)])


def test_every_store_gets_its_own_order_files(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, OTHER_ROWS)
    drop(workspace, BUKIT, ONE_ROW, store="Bukit Raya")
    receive(workspace)

    folder = publish_and_deliver(workspace)

    assert name_visible(folder) == name_files("1. Toko Kirana Anggrek", "2. Toko Kirana Bukit Raya")
    mark = "\ufeff"
    # 0101: ceil(0.5 * 30) - 4 = 11; 0103: ceil(2 * 30) - 1 = 59; 0102 lasts 32 days
    assert (folder / "m2" / "1. Toko Kirana Anggrek.csv").read_text() == (
        f"{mark}Toko;SKU;HPP;final_updated_regular_po_qty\n"
        "Toko Kirana Anggrek;0101;10.000;11\nToko Kirana Anggrek;0103;10.000;59\n"
    )
    # 7 / 0.5 lasts 14 days: ceil(0.5 * 30) - 7 = 8, which is above the smallest order of 3
    assert (folder / "m2" / "2. Toko Kirana Bukit Raya.csv").read_text() == (
        f"{mark}Toko;SKU;HPP;final_updated_regular_po_qty\nToko Kirana Bukit Raya;0102;10.000;8\n"
    )


def test_a_store_without_anything_to_order_gets_files_without_rows(workspace: Workspace) -> None:
    drop(workspace, BUKIT, "SKU | Stok\n0102 | 500", store="Bukit Raya")
    receive(workspace)

    folder = publish_and_deliver(workspace)

    header = "\ufeffToko;SKU;HPP;final_updated_regular_po_qty\n"
    assert (folder / "m2" / "2. Toko Kirana Bukit Raya.csv").read_text() == header


def test_the_workbook_says_the_same_as_the_csv(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, OTHER_ROWS)
    receive(workspace)

    folder = publish_and_deliver(workspace)

    rows = read_sheet(folder / "xlsx" / "m2" / "1. Toko Kirana Anggrek.xlsx")
    assert [tuple(row.values()) for row in rows] == [
        ("Toko Kirana Anggrek", "0101", "10000", "11"),
        ("Toko Kirana Anggrek", "0103", "10000", "59"),
    ]


def test_a_workbook_that_changed_its_name_takes_its_old_files_along(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    drop(workspace, BUKIT, store="Bukit Raya")
    receive(workspace)
    publish_and_deliver(workspace)

    receive(workspace, drop(workspace, "20260105/Anggrek (revisi).csv", OTHER_ROWS))
    folder = publish_and_deliver(workspace)

    assert name_visible(folder) == name_files("Anggrek (revisi)", "2. Toko Kirana Bukit Raya")


def test_workbooks_of_one_name_in_two_folders_do_not_overwrite_each_other(workspace: Workspace) -> None:
    drop(workspace, "20260105/utara/stok.csv", OTHER_ROWS)
    drop(workspace, "20260105/selatan/stok.csv", ONE_ROW, store="Bukit Raya")
    receive(workspace)

    folder = publish_and_deliver(workspace)

    assert name_visible(folder) == name_files("stok - Toko Kirana Anggrek", "stok - Toko Kirana Bukit Raya")
    complete = [pl.read_csv(path, separator=";") for path in sorted((folder / "complete").iterdir())]
    assert [sorted(set(rows["Toko"])) for rows in complete] == [["Toko Kirana Anggrek"], ["Toko Kirana Bukit Raya"]]


def test_delivering_again_gives_the_same_files(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    folder = publish_and_deliver(workspace)
    before = {name: read_parts(path) for name, path in list_files(folder).items()}

    publish_and_deliver(workspace)

    assert {name: read_parts(path) for name, path in list_files(folder).items()} == before


def test_files_of_other_people_in_the_folder_stay(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    folder = publish_and_deliver(workspace)
    (folder / "m2" / "catatan.txt").write_text("kirim sebelum jam 12")

    publish_and_deliver(workspace)

    assert (folder / "m2" / "catatan.txt").read_text() == "kirim sebelum jam 12"


def test_a_folder_that_cannot_be_written_is_one_error(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    receive(workspace)
    make_snapshot(workspace)
    rows = load_published(workspace, PIPELINE, DAY)
    (workspace.home / "taken").write_text("no folder")

    with pytest.raises(StoreError, match=r"taken.*: cannot be written: .*Free space or choose another folder"):
        deliver(workspace, PIPELINE, DAY, rows, workspace.home / "taken")
