"""The six real workbooks of 25 November 2025 give the owner's order files, byte for byte."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from data_pipeline.ingest.stream import read_table
from data_pipeline.model.processing import Knowledge, Processed
from data_pipeline.model.store_names import StoreNames
from data_pipeline.model.tables import RawTable
from data_pipeline.persist.exports import as_csv
from data_pipeline.pipelines.catalog import find_pipeline
from data_pipeline.validate.judge import Judged, judge
from data_pipeline_tests.pipelines.examples import read_references

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "stock_health"
PIPELINE = find_pipeline("stock_health")
# Rows of each workbook, counted in the files (README.md beside them).
ROWS = {
    "1. Miss Glam Padang": 6761,
    "11. Miss Glam Damar": 6656,
    "26. Miss Glam Dr. Mansyur": 4963,
    "27. Miss Glam P. Sidimpuan": 3771,
    "28. Miss Glam Aceh": 3552,
    "33. Miss Glam Balikpapan": 4491,
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.exists(), reason="the real store files are not beside the project"),
]


@pytest.fixture(scope="module")
def tables() -> dict[str, RawTable]:
    """The workbooks as text, by name."""
    return {path.stem: read_table(path, name=path.name) for path in sorted((REAL / "20251125").glob("*.xlsx"))}


@pytest.fixture(scope="module")
def judged(tables: dict[str, RawTable]) -> dict[str, Judged]:
    """The workbooks judged by the pipeline's rules."""
    return {name: judge(read, PIPELINE.spec, name=name) for name, read in tables.items()}


@pytest.fixture(scope="module")
def processed(judged: dict[str, Judged]) -> Processed:
    """The day computed, no alias taught."""
    references = read_references(REAL / "reference")
    stores = references["stores.csv"].with_header()["name"]
    names = StoreNames.build(stores, {}, PIPELINE.spec.identity.chain_prefixes)
    rows = pl.concat([one.accepted for one in judged.values()])
    return PIPELINE.load_processor()(rows, Knowledge(references, names, PIPELINE.spec.process.options))


def test_every_row_of_every_workbook_is_accepted(judged: dict[str, Judged]) -> None:
    assert {name: one.accepted.height for name, one in judged.items()} == ROWS
    assert {name: one.rejected_rows for name, one in judged.items()} == dict.fromkeys(ROWS, 0)


def test_the_only_findings_are_negative_stocks(judged: dict[str, Judged]) -> None:
    codes = {
        (finding.code, "'stock_not_negative'" in finding.message) for one in judged.values() for finding in one.findings
    }

    assert codes == {("OUT_OF_RANGE", True)}


def test_every_workbook_says_on_which_day_it_was_exported(tables: dict[str, RawTable]) -> None:
    """Between 09:37 and 09:44 in Padang."""
    days = {name: f"{table.origin.created_at:%Y-%m-%d %z}" for name, table in tables.items()}

    assert days == dict.fromkeys(ROWS, "2025-11-25 +0700")


def test_skus_keep_leading_zeros_and_nothing_is_read_as_a_number(tables: dict[str, RawTable]) -> None:
    skus = pl.concat([table.cells["SKU"] for table in tables.values()])

    assert skus.str.starts_with("0").any()
    assert skus.str.strip_chars().str.contains(r"^\d{5,15}$").all()


def test_what_the_owner_lacks_is_found(processed: Processed) -> None:
    assert [(finding.code, finding.rows) for finding in processed.findings] == [
        ("CONTRIBUTION_UNKNOWN", None),
        ("TOP_100_MISSING", None),
        ("SUPPLIER_UNKNOWN", 476),
    ]


@pytest.mark.parametrize(
    "output", [output for output in PIPELINE.spec.outputs if output.per == "file"], ids=lambda o: o.name
)
@pytest.mark.parametrize("workbook", ROWS)
def test_an_order_file_is_the_owners_byte_for_byte(
    workbook: str, output: object, processed: Processed, judged: dict[str, Judged]
) -> None:
    (store,) = judged[workbook].accepted["store"].unique()

    written = as_csv(processed.rows.filter(pl.col("store") == store), output)

    expected = gzip.decompress((REAL / "expected" / output.name / f"{workbook}.csv.gz").read_bytes())
    assert written.split(b"\n") == expected.split(b"\n")
