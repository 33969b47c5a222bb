"""Rules of publishing: one version in both databases, made once, replaced whole."""

import dataclasses

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from pydantic import SecretStr

from data_pipeline.errors import ConservationError, RequestError
from data_pipeline.flow.compute import compute_candidate
from data_pipeline.flow.prepare import prepared_folder
from data_pipeline.flow.publish import find_published, publish, show_in_duckdb
from data_pipeline.flow.report import compare_databases, read_mart
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.rows import Rows
from data_pipeline.model.snapshots import Candidate
from data_pipeline_tests.conftest import fresh_database
from data_pipeline_tests.flow.days import (
    ANGGREK,
    BUKIT,
    CEMPAKA,
    DAY,
    FIRST_SHOWN,
    NEXT_DAY,
    ONE_ROW,
    OTHER_ROWS,
    PIPELINE,
    SECOND_SHOWN,
    SHOWN,
    ask,
    ask_lake,
    assert_both_show,
    drop,
    list_versions,
    make_snapshot,
    receive,
    stage,
)
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres

VERSIONS = "select version, is_current, is_final, row_count from snapshots order by business_date, version"


def test_the_accepted_rows_are_what_both_databases_show(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, OTHER_ROWS)
    drop(workspace, BUKIT, ONE_ROW, store="Bukit Raya")
    receive(workspace)

    made = make_snapshot(workspace)

    rows = (
        "select store, sku, stock, source_file, source_row as line, source_version as v, snapshot_id = :id as is_this "
        "from stock_health_snapshot order by 1, 2"
    )
    expected = """
        store                  | sku  | stock | source_file                   | line | v | is_this
        Toko Kirana Anggrek    | 0101 | 4     | 1. Toko Kirana Anggrek.csv    | 2    | 1 | True
        Toko Kirana Anggrek    | 0102 | 8     | 1. Toko Kirana Anggrek.csv    | 3    | 1 | True
        Toko Kirana Anggrek    | 0103 | 1     | 1. Toko Kirana Anggrek.csv    | 4    | 1 | True
        Toko Kirana Bukit Raya | 0102 | 7     | 2. Toko Kirana Bukit Raya.csv | 2    | 1 | True
    """
    assert_frame_equal(ask(workspace, rows, id=made.id), table(expected))
    assert_frame_equal(ask_lake(workspace, rows.replace(":id", f"'{made.id}'")), table(expected))
    assert (made.version, made.is_new, made.is_current, made.row_count) == (1, True, True, 4)


def test_both_databases_hold_the_same_table(published_twice: Workspace) -> None:
    in_postgres = pl.DataFrame(ask(published_twice, "select * from stock_health_snapshot order by position"))

    in_duckdb = published_twice.lake.query("from stock_health_snapshot order by position")

    assert in_postgres.columns == in_duckdb.columns
    numbers = [name for name, kind in in_duckdb.schema.items() if kind.is_numeric()]
    assert_frame_equal(
        in_postgres.with_columns(pl.col(numbers).cast(pl.Float64)),
        in_duckdb.with_columns(pl.col(numbers).cast(pl.Float64), pl.col(pl.Date).cast(pl.String)),
    )


def test_both_databases_answer_the_same_sums(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, OTHER_ROWS)
    receive(workspace)
    made = make_snapshot(workspace)

    answers = compare_databases(workspace, PIPELINE, DAY)

    assert answers["postgres"] == answers["duckdb"]
    # stock 4 + 8 + 1; orders 0101: ceil(.5 * 30) - 4 = 11, 0103: ceil(2 * 30) - 1 = 59
    chosen = {name: answers["postgres"][name] for name in ("snapshot_id", "row_count", "stock", "final_qty")}
    assert chosen == {"snapshot_id": str(made.id), "row_count": 3.0, "stock": 13.0, "final_qty": 11.0 + 59.0}


def test_the_mart_is_the_same_in_both_databases(workspace: Workspace) -> None:
    drop(workspace, ANGGREK, OTHER_ROWS)
    receive(workspace)
    make_snapshot(workspace)

    columns = "condition, overstock_degree, sku_count, pieces, cast(value_idr as bigint) as value_idr"
    mart = f"select {columns} from stock_health_conditions where business_date = date '2026-01-05' order by 1"  # noqa: S608

    # cover 4 / 0.5 = 8 days, 8 / 0.25 = 32, 1 / 2 = 0.5
    expected = """
        condition  | overstock_degree | sku_count | pieces | value_idr
        low        |                  | 1         | 4      | 40000
        nearly_out |                  | 1         | 1      | 10000
        overstock  | ringan           | 1         | 8      | 80000
    """
    assert_frame_equal(ask(workspace, mart), table(expected))
    assert_frame_equal(ask_lake(workspace, mart), table(expected))
    assert read_mart(workspace, "stock_health_conditions", DAY)["condition"].to_list() == [
        "low",
        "nearly_out",
        "overstock",
    ]


def test_the_same_manifest_again_is_a_no_op(published: Workspace) -> None:
    before = ask(published, "select * from snapshots")

    again = publish(published, PIPELINE, compute_candidate(published, PIPELINE, DAY))

    assert (again.version, again.is_new, again.is_current) == (1, False, True)
    assert_frame_equal(ask(published, "select * from snapshots"), before)
    assert [path.name for path in list_versions(published)] == ["2026-01-05.v1.parquet"]


def test_another_installation_gives_the_same_rows_the_same_id(
    published: Workspace, postgres_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("elsewhere")
    with fresh_database(postgres_url, migrated_template) as url:
        elsewhere = Workspace.open(published.settings.model_copy(update={"home": home, "database_url": SecretStr(url)}))
        receive(elsewhere)
        made = make_snapshot(elsewhere)
        elsewhere.database.engine.dispose()

    shown = find_published(published, PIPELINE, DAY)
    assert shown is not None
    assert (made.id, made.content_hash) == (shown.id, shown.content_hash)


def test_a_re_sent_file_is_the_only_one_that_is_read(published: Workspace) -> None:
    receive(published, drop(published, BUKIT, ONE_ROW, store="Bukit Raya"))
    make_snapshot(published)
    kept = prepared_folder(published.home, PIPELINE.spec)
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}

    receive(published, drop(published, BUKIT, OTHER_ROWS, store="Bukit Raya"))
    made = make_snapshot(published)

    after = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    [sent] = ask(published, "select content_sha256 from batches where version = 2").rows()
    assert {name: after[name] for name in before} == before
    assert {name.partition(".")[0] for name in set(after) - set(before)} == {sent[0]}
    assert (made.version, made.row_count) == (3, 5)


def test_a_new_version_replaces_the_day_in_both_databases(published_twice: Workspace) -> None:
    assert_both_show(published_twice, SECOND_SHOWN)
    expected = """
        version | is_current | is_final | row_count
        1       | False      | False    | 2
        2       | True       | False    | 3
    """
    assert_frame_equal(ask(published_twice, VERSIONS), table(expected))


def test_every_version_stays_readable_in_both_databases(published_twice: Workspace) -> None:
    versions = "select snapshot_version, sku, stock from {} order by 1, 2"
    expected = [("1", "0101", "3"), ("1", "0102", "8"), ("2", "0101", "4"), ("2", "0102", "8"), ("2", "0103", "1")]

    in_postgres = [
        row
        for name in ask(published_twice, "select table_name from snapshots order by version")["table_name"]
        for row in ask(published_twice, versions.format(name)).rows()
    ]

    assert in_postgres == expected
    assert ask_lake(published_twice, versions.format("stock_health_snapshot_versions")).rows() == expected


def test_another_date_is_left_alone(published: Workspace) -> None:
    receive(published, drop(published, "20260106/1. Toko Kirana Anggrek.csv", ONE_ROW, day=NEXT_DAY))

    make_snapshot(published, NEXT_DAY)

    days = "select business_date, sku, snapshot_version from stock_health_snapshot order by 1, 2"
    expected = [("2026-01-05", "0101", "1"), ("2026-01-05", "0102", "1"), ("2026-01-06", "0102", "1")]
    assert ask(published, days).rows() == ask_lake(published, days).rows() == expected


def test_a_candidate_that_a_delivery_overtook_is_computed_anew(published: Workspace) -> None:
    receive(published, drop(published, BUKIT, ONE_ROW, store="Bukit Raya"))
    stage(published)
    overtaken = compute_candidate(published, PIPELINE, DAY)
    receive(published, drop(published, ANGGREK, OTHER_ROWS))
    stage(published)

    made = publish(published, PIPELINE, overtaken)

    assert made.manifest.hash != overtaken.manifest.hash
    shown = ask(published, SHOWN).select("store", "sku", "stock").rows()
    assert shown == [
        ("Toko Kirana Anggrek", "0101", "4"),
        ("Toko Kirana Anggrek", "0102", "8"),
        ("Toko Kirana Anggrek", "0103", "1"),
        ("Toko Kirana Bukit Raya", "0102", "7"),
    ]


def lose_a_row(candidate: Candidate) -> Candidate:
    """What a faulty processor would give."""
    loss = "Toko Kirana Anggrek: 2 rows accepted, 1 rows in the snapshot"
    return dataclasses.replace(candidate, rows=Rows.of(candidate.rows.collect().head(1)), losses=(loss,))


def test_a_candidate_that_lost_a_row_is_refused_and_nothing_changes(published: Workspace) -> None:
    receive(published, drop(published, ANGGREK, OTHER_ROWS))
    stage(published)
    broken = lose_a_row(compute_candidate(published, PIPELINE, DAY))

    with pytest.raises(ConservationError) as caught:
        publish(published, PIPELINE, broken)

    assert str(caught.value) == (
        "stock_health 2026-01-05: not published: Toko Kirana Anggrek: 2 rows accepted, 1 rows in the snapshot"
    )
    assert_both_show(published, FIRST_SHOWN)
    assert [path.name for path in list_versions(published)] == ["2026-01-05.v1.parquet"]


def test_a_late_store_makes_a_provisional_day_final(workspace: Workspace) -> None:
    drop(workspace, ANGGREK)
    drop(workspace, BUKIT, store="Bukit Raya")
    receive(workspace)
    provisional = make_snapshot(workspace)

    receive(workspace, drop(workspace, CEMPAKA, ONE_ROW, store="Cempaka"))
    final = make_snapshot(workspace)

    missing = [one.completeness.stores_missing for one in (provisional, final)]
    assert missing == [("Toko Kirana Cempaka",), ()]
    expected = """
        version | is_current | is_final | row_count
        1       | False      | False    | 4
        2       | True       | True     | 5
    """
    assert_frame_equal(ask(workspace, VERSIONS), table(expected))


def test_changed_reference_files_are_a_new_version(published: Workspace) -> None:
    contributions = published.settings.reference_dir / "store_contribution.csv"
    contributions.write_text("store,contribution_pct\nANGGREK,50\n")

    made = make_snapshot(published)

    assert (made.version, made.is_new) == (2, True)
    assert ask(published, "select distinct contribution_pct from stock_health_snapshot").rows() == [("50.0",)]


def test_a_date_without_deliveries_cannot_be_computed(workspace: Workspace) -> None:
    with pytest.raises(RequestError) as caught:
        compute_candidate(workspace, PIPELINE, DAY)

    assert str(caught.value) == (
        "stock_health 2026-01-05: no readable delivery. See: data-pipeline status --date 2026-01-05"
    )


def test_a_version_that_was_written_and_never_published_is_not_shown(published: Workspace) -> None:
    rows = published.lake.open_version(list_versions(published)[0])
    later = rows.map(lambda chunk: chunk.with_columns(snapshot_version=pl.lit(2, pl.Int64)))
    published.lake.write_version("stock_health", DAY, 2, later)

    show_in_duckdb(published)

    versions = "select distinct snapshot_version as v from stock_health_snapshot_versions"
    assert ask(published, versions).rows() == ask_lake(published, versions).rows() == [("1",)]
