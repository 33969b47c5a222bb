"""Rules of PO snapshots in both databases, with numbers worked by hand. Source: domain page, 4."""

import datetime as dt
import uuid
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import RequestError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.publish import publish
from data_pipeline.flow.record import Statement
from data_pipeline.flow.repair import assign_file, find_only_pipeline
from data_pipeline.flow.report import compare_databases
from data_pipeline.flow.stage import stage_batches
from data_pipeline.flow.track import track_run
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.snapshots import Published
from data_pipeline_tests.flow.days import ask, ask_lake, receive
from data_pipeline_tests.pipelines.po_snapshots.files import PIPELINE, write_csv, write_xlsx
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

DAY = dt.date(2025, 11, 29)
# A line of each status, an order of two statuses (PO-A), a declined line beside an open one (PO-C), an order that is
# only declined (PO-D), one whose lines are equally far (PO-F), and two that arrived: in 6 and 2 days, and before sent.
LINES = """
    po_number | sku | supplier | qty | amount | status_code | released_at | sent_at    | approved_at | arrived_at | received_at
    PO-A      | 1   | S1       | 1   | 100    | 0           | 2025-11-19  |            |             |            |
    PO-A      | 2   | S1       | 2   | 200    | 4           | 2025-11-19  | 2025-11-25 |             |            |
    PO-B      | 1   | S1       | 3   | 300    | 4           | 2025-11-20  | 2025-11-21 |             |            |
    PO-C      | 1   | S2       | 4   | 400    | 1           | 2025-11-18  | 2025-11-19 | 2025-11-23  |            |
    PO-C      | 2   | S2       | 5   | 500    | 2           | 2025-11-18  | 2025-11-19 | 2025-11-27  |            |
    PO-D      | 1   | S2       | 6   | 600    | 2           | 2025-11-18  |            |             |            |
    PO-E      | 1   | S1       | 7   | 700    | 5           | 2025-11-01  | 2025-11-02 |             | 2025-11-08 |
    PO-F      | 1   | S2       | 8   | 800    | 3           | 2025-11-01  | 2025-11-03 |             | 2025-11-05 | 2025-11-06
    PO-F      | 2   | S2       | 9   | 900    | 3           | 2025-11-01  | 2025-11-02 |             | 2025-11-04 | 2025-11-07
    PO-G      | 1   | S2       | 10  | 1000   | 5           | 2025-11-01  | 2025-11-20 |             | 2025-11-19 |
    X-H       | 1   |          | 11  | 1100   | 0           |             |            |             |            |
    PO-I      | 1   | S1       | 12  | 1200   | 0           | 2025-11-24 12:00 |       |             |            |
    PO-I      | 2   | S1       | 13  | 1300   | 0           | 2025-11-22  |            |             |            |
"""  # noqa: E501
FEWER_LINES = """
    po_number | sku | qty | amount | released_at
    PO-A      | 1   | 1   | 100    | 2025-11-19
"""


def drop(workspace: Workspace, name: str, drawing: str) -> Path:
    """Puts a file on the drive, in the format of its suffix."""
    write = write_xlsx if name.endswith(".xlsx") else write_csv
    return write(workspace.settings.drive_folder / name, drawing)


def publish_drive(workspace: Workspace, *paths: Path, day: dt.date = DAY) -> Published:
    """Takes in what the drive holds and publishes it, as a run does."""
    assert {receipt.outcome for receipt in receive(workspace, *paths)} == {"batch"}
    with track_run(workspace, PIPELINE, day, dagster_run_id=str(uuid.uuid4()), trigger="test") as run_id:
        stage_batches(workspace, PIPELINE, day, run_id)
    return publish(workspace, PIPELINE, compute_candidate(workspace, PIPELINE, day))


def assert_both_answer(workspace: Workspace, statement: str, expected: str) -> None:
    """Postgres and DuckDB answer the same rows."""
    for answer in (ask(workspace, statement), ask_lake(workspace, statement)):
        assert_frame_equal(drop_zeros(answer), drop_zeros(table(expected)))


def drop_zeros(answer: pl.DataFrame) -> pl.DataFrame:
    """The same without .0 and other zeros behind a decimal point: a type's way of writing is no difference."""
    return answer.with_columns(pl.all().str.replace(r"\.0+$", "").str.replace(r"(\.\d*[1-9])0+$", "$1"))


@pytest.fixture
def published(workspace: Workspace) -> Workspace:
    """The day, published."""
    drop(workspace, "20251129.csv", LINES)
    publish_drive(workspace)
    return workspace


def test_status_cards_count_orders_lines_pieces_value_and_age(published: Workspace) -> None:
    """Ages at 2025-11-29 00:00 UTC. Released: PO-A 10 days, PO-I 4.5 and 7; mean 21.5 / 3."""
    cards = (
        "select stage, status, po_count, line_count, qty, value_idr, round(cast(avg_age_days as numeric(18, 6)), 3) "
        "as avg_days, max_age_days from po_status_cards where business_date = date '2025-11-29' order by stage"
    )

    # Sent: 4 and 8; Declined: PO-C 2 by its approval, PO-D unknown; Arrived: 21 and 10; Received: 23 and 22.
    expected = """
        stage | status   | po_count | line_count | qty | value_idr | avg_days | max_age_days
        0     | Draft    | 1        | 1          | 11  | 1100      | 0        | 0
        1     | Released | 2        | 3          | 26  | 2600      | 7.167    | 10
        2     | Sent     | 2        | 2          | 5   | 500       | 6        | 8
        3     | Approved | 1        | 1          | 4   | 400       | 6        | 6
        4     | Declined | 2        | 2          | 11  | 1100      | 2        | 2
        5     | Arrived  | 2        | 2          | 17  | 1700      | 15.5     | 21
        6     | Received | 1        | 2          | 17  | 1700      | 22.5     | 23
    """
    assert_both_answer(published, cards, expected)


def test_the_funnel_has_the_cards_counts_without_declined_in_the_charts_order(published: Workspace) -> None:
    funnel = "select position, status, po_count, line_count, qty, value_idr from po_funnel order by position"

    expected = """
        position | status   | po_count | line_count | qty | value_idr
        1        | Released | 2        | 3          | 26  | 2600
        2        | Sent     | 2        | 2          | 5   | 500
        3        | Approved | 1        | 1          | 4   | 400
        5        | Arrived  | 2        | 2          | 17  | 1700
        6        | Received | 1        | 2          | 17  | 1700
        7        | Draft    | 1        | 1          | 11  | 1100
    """
    assert_both_answer(published, funnel, expected)


def test_the_trend_counts_orders_by_day_and_status(published: Workspace) -> None:
    publish_drive(published, drop(published, "20251130.csv", FEWER_LINES), day=dt.date(2025, 11, 30))

    trend = "select business_date, po_count from po_trend where status = 'Released' order by business_date"
    assert_both_answer(published, trend, "business_date | po_count\n2025-11-29 | 2\n2025-11-30 | 1")


def test_aging_goes_by_the_least_advanced_line_oldest_first(published: Workspace) -> None:
    """Neither received nor declined lines count; of lines that are equally far the oldest does."""
    aging = (
        "select position, po_number, status, age_days, supplier, line_count, qty, value_idr from po_aging "
        "where business_date = date '2025-11-29' order by position"
    )

    expected = """
        position | po_number | status   | age_days | supplier | line_count | qty | value_idr
        1        | PO-E      | Arrived  | 21       | S1       | 1          | 7   | 700
        2        | PO-A      | Released | 10       | S1       | 2          | 3   | 300
        3        | PO-G      | Arrived  | 10       | S2       | 1          | 10  | 1000
        4        | PO-B      | Sent     | 8        | S1       | 1          | 3   | 300
        5        | PO-I      | Released | 7        | S1       | 2          | 25  | 2500
        6        | PO-C      | Approved | 6        | S2       | 1          | 4   | 400
        7        | X-H       | Draft    | 0        |          | 1          | 11  | 1100
    """
    assert_both_answer(published, aging, expected)


def test_supplier_performance_leaves_negative_lead_times_out_of_averages(published: Workspace) -> None:
    """S1: PO-E 6 days. S2: PO-F 2 days, from its last sending on the 3rd to its last arrival on the 5th; PO-G -1."""
    performance = (
        "select position, supplier, po_count, avg_lead_time_days as mean, min_lead_time_days as least, "
        "max_lead_time_days as most, negative_po_count as negative from po_supplier_performance order by position"
    )

    expected = """
        position | supplier | po_count | mean | least | most | negative
        1        | S2       | 1        | 2    | 2     | 2    | 1
        2        | S1       | 1        | 6    | 6     | 6    | 0
    """
    assert_both_answer(published, performance, expected)


def test_both_databases_hold_the_same_snapshot(published: Workspace) -> None:
    answers = compare_databases(published, PIPELINE, DAY)

    assert answers["postgres"] == answers["duckdb"]
    assert (answers["postgres"]["row_count"], answers["postgres"]["qty"], answers["postgres"]["amount"]) == (
        13,
        91,
        9100,
    )


def test_a_line_that_left_the_file_leaves_the_snapshot(published: Workspace) -> None:
    """The predecessor keeps it for ever."""
    shown = "select po_number, sku, snapshot_version as v from po_snapshots_snapshot order by 1, 2"

    second = publish_drive(published, drop(published, "20251129 (revisi).csv", FEWER_LINES))

    assert (second.version, second.row_count) == (2, 1)
    assert_both_answer(published, shown, "po_number | sku | v\nPO-A | 1 | 2")
    versions = "select snapshot_version as v, count(*) as n from po_snapshots_snapshot_versions group by 1 order by 1"
    assert_both_answer(published, versions, "v | n\n1 | 13\n2 | 1")


def test_a_workbook_of_the_day_says_the_same_and_changes_nothing(workspace: Workspace) -> None:
    """45975 is 2025-11-14, 45980.5 noon of 2025-11-19."""
    text = "po_number | sku | qty | released_at\nPO-A | 1 | 6.0 | 14/11/2025\nPO-B | 1 | 2 | 19/11/25 12.00"
    cells = "po_number | sku | qty | released_at\nPO-A | 1 | 6 | 45975\nPO-B | 1 | 2 | 45980.5"
    first = publish_drive(workspace, drop(workspace, "20251129.csv", text))

    [receipt] = receive(workspace, drop(workspace, "20251129.xlsx", cells))

    assert first.row_count == 2
    assert receipt.outcome == "same_cells"


def test_a_file_whose_name_has_no_date_waits_for_a_person(workspace: Workspace) -> None:
    [receipt] = receive(workspace, drop(workspace, "po_snapshots/PO harian.csv", FEWER_LINES))

    assert (receipt.outcome, receipt.pipeline) == ("parked", None)
    assert receipt.note.startswith("nothing says which business date the file is for")


def test_a_person_says_the_date_and_needs_no_store(workspace: Workspace) -> None:
    path = drop(workspace, "PO harian.csv", FEWER_LINES)
    receive(workspace)

    with pytest.raises(RequestError) as caught:
        find_only_pipeline(workspace, path, None)
    found = find_only_pipeline(workspace, path, "po_snapshots")
    receipt = assign_file(workspace, found, path, Statement(business_date=DAY), taught_by="rina")

    assert "PO harian.csv: may be for several pipelines (" in str(caught.value)
    assert (receipt.outcome, receipt.store, receipt.business_date) == ("batch", "purchasing", DAY)


def test_a_missing_column_fails_the_file_by_its_name(workspace: Workspace) -> None:
    path = drop(workspace, "20251129.csv", FEWER_LINES)
    path.write_text(path.read_text(encoding="utf-8").replace("Qty PO", "Jumlah"), encoding="utf-8")

    [receipt] = receive(workspace)

    assert (receipt.outcome, receipt.pipeline, receipt.business_date) == ("failed", "po_snapshots", DAY)
    assert "20251129.csv: the header lacks 'Qty PO'" in receipt.note
