"""Rules of creation times: what the maker's program wrote, and nothing without a time zone."""

import datetime as dt
from pathlib import Path

import pytest

from data_pipeline.ingest.workbook.calamine import read_workbook
from data_pipeline.ingest.workbook.xls import read_xls
from data_pipeline_tests.ingest.workbook import ods_files, xls_files, xlsb_files

JAKARTA = dt.timezone(dt.timedelta(hours=7))
PROPERTIES = "\x05SummaryInformation"


@pytest.mark.parametrize(
    ("text", "created"),
    [("2025-11-25T02:37:52Z", dt.datetime(2025, 11, 25, 2, 37, 52, tzinfo=dt.UTC)),
     ("2025-11-25T02:37:52", dt.datetime(2025, 11, 25, 2, 37, 52, tzinfo=dt.UTC)),
     ("25/11/2025", None), (None, None)],
)  # fmt: skip
def test_an_xlsb_says_it_as_xlsx_does(text: str | None, created: dt.datetime | None, tmp_path: Path) -> None:
    path = xlsb_files.write_xlsb(tmp_path / "a.xlsb", {"Stok": xlsb_files.sheet()}, created=text)

    assert read_workbook(path, path.name, format="xlsb").created_at == created


@pytest.mark.parametrize(
    ("text", "created"),
    [("2025-11-25T09:37:52.123456789+07:00", dt.datetime(2025, 11, 25, 9, 37, 52, 123456, tzinfo=JAKARTA)),
     ("2025-11-25T09:37:52.123456789", None), ("kemarin", None), (None, None)],
)  # fmt: skip
def test_an_ods_says_it_only_with_a_zone(text: str | None, created: dt.datetime | None, tmp_path: Path) -> None:
    """LibreOffice writes its own time without saying which zone that is; read as UTC it would be 7 hours late."""
    path = ods_files.write_ods(tmp_path / "a.ods", {"Stok": ods_files.row(ods_files.text("SKU"))}, created=text)

    assert read_workbook(path, path.name, format="ods").created_at == created


@pytest.mark.parametrize(
    ("properties", "created"),
    [(xls_files.describe_creation(1_764_038_272), dt.datetime(2025, 11, 25, 2, 37, 52, tzinfo=dt.UTC)),
     (xls_files.describe_creation(1_764_038_272, kind=0x1E), None),
     (None, None)],
    ids=["time", "another type", "nothing"],
)  # fmt: skip
def test_an_xls_says_it_among_its_properties(
    properties: bytes | None, created: dt.datetime | None, tmp_path: Path
) -> None:
    streams = {} if properties is None else {PROPERTIES: properties}
    path = xls_files.write_xls(tmp_path / "a.xls", {"Stok": xls_files.number(0, 0, 1.0)}, streams=streams)

    assert read_xls(path, path.name).created_at == created
