"""Rules of what can be made again: staging from the landed bytes, the lake from Postgres."""

import shutil

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import StoreError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.report import report_day
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.flow.days import (
    DAY,
    FIRST_SHOWN,
    NEXT_DAY,
    ONE_ROW,
    PIPELINE,
    SECOND_SHOWN,
    assert_both_show,
    drop,
    list_versions,
    make_snapshot,
    receive,
)

pytestmark = pytest.mark.postgres


def test_staging_is_made_again_from_the_landed_bytes(published: Workspace) -> None:
    before = compute_candidate(published, PIPELINE, DAY)
    shutil.rmtree(published.home / "staging")
    shutil.rmtree(published.settings.drive_folder)

    again = compute_candidate(published, PIPELINE, DAY)

    assert again.manifest == before.manifest
    assert_frame_equal(again.rows.collect(), before.rows.collect())


def test_without_landed_bytes_nothing_is_computed(published: Workspace) -> None:
    shutil.rmtree(published.home / "staging")
    shutil.rmtree(published.home / "landing")

    with pytest.raises(StoreError, match=r"1\. Toko Kirana Anggrek\.csv: its landed bytes .* are gone\. Restore"):
        make_snapshot(published)

    assert_both_show(published, FIRST_SHOWN)


def test_the_lake_is_made_again_from_postgres(published_twice: Workspace) -> None:
    *_, current = list_versions(published_twice)
    before = pl.read_parquet(current)
    shutil.rmtree(published_twice.home / "lake")

    report_day(published_twice, PIPELINE, DAY)

    assert_frame_equal(pl.read_parquet(current), before)
    assert_both_show(published_twice, SECOND_SHOWN)


def test_a_lost_file_is_written_again_when_another_date_is_published(published: Workspace) -> None:
    [lost] = list_versions(published)
    before = lost.read_bytes()
    lost.unlink()
    receive(published, drop(published, "20260106/1. Toko Kirana Anggrek.csv", ONE_ROW, day=NEXT_DAY))

    make_snapshot(published, NEXT_DAY)

    assert_frame_equal(pl.read_parquet(lost), pl.read_parquet(before))
