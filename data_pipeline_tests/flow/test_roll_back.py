"""Rules of the way back to an older version, and of the pointer that follows."""

import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import RequestError
from data_pipeline.flow.publish import roll_back, show_in_duckdb
from data_pipeline.flow.workspace import Workspace
from data_pipeline.model.snapshots import Published
from data_pipeline.persist.lake import Shelf
from data_pipeline_tests.flow.days import (
    ANGGREK,
    DAY,
    FIRST_SHOWN,
    ONE_ROW,
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
)
from data_pipeline_tests.tables import table

pytestmark = pytest.mark.postgres


def go_back(workspace: Workspace, version: int) -> Published:
    """What an operator types."""
    return roll_back(workspace, PIPELINE, DAY, version, reason="wrong supplier list", actor="rina")


def test_going_back_shows_the_older_version_in_both_databases(published_twice: Workspace) -> None:
    moved = go_back(published_twice, 1)

    assert (moved.version, moved.is_current, moved.row_count) == (1, True, 2)
    assert_both_show(published_twice, FIRST_SHOWN)
    versions = ask(published_twice, "select version, is_current from snapshots order by version")
    assert versions.rows() == [("1", "True"), ("2", "False")]
    moves = ask(published_twice, "select business_date, from_version, to_version, reason, actor from snapshot_moves")
    assert moves.rows() == [("2026-01-05", "2", "1", "wrong supplier list", "rina")]


def test_going_forward_again_shows_the_newer_version(published_twice: Workspace) -> None:
    go_back(published_twice, 1)

    go_back(published_twice, 2)

    assert_both_show(published_twice, SECOND_SHOWN)
    moves = ask(published_twice, "select from_version, to_version from snapshot_moves order by id")
    assert moves.rows() == [("2", "1"), ("1", "2")]


def test_going_back_to_what_is_shown_changes_nothing(published_twice: Workspace) -> None:
    moved = go_back(published_twice, 2)

    assert moved.version == 2
    assert ask(published_twice, "select 1 from snapshot_moves").rows() == []


def test_going_back_to_an_unknown_version_names_the_known_ones(published_twice: Workspace) -> None:
    with pytest.raises(RequestError) as caught:
        go_back(published_twice, 7)

    assert str(caught.value) == ("stock_health 2026-01-05: version 7 was never published; published versions: 1, 2")
    assert_both_show(published_twice, SECOND_SHOWN)


def test_going_back_on_a_day_without_snapshot_says_so(workspace: Workspace) -> None:
    with pytest.raises(RequestError, match="version 1 was never published; published versions: none$"):
        go_back(workspace, 1)


def test_a_day_that_went_back_stays_there_while_its_inputs_are_the_same(published_twice: Workspace) -> None:
    go_back(published_twice, 1)

    again = make_snapshot(published_twice)

    assert (again.version, again.is_current) == (2, False)
    assert_both_show(published_twice, FIRST_SHOWN)


def test_a_day_that_went_back_goes_on_when_something_new_comes(published_twice: Workspace) -> None:
    go_back(published_twice, 1)

    receive(published_twice, drop(published_twice, ANGGREK, ONE_ROW))
    made = make_snapshot(published_twice)

    assert (made.version, made.is_current) == (3, True)
    expected = """
        store               | sku  | stock | snapshot_version
        Toko Kirana Anggrek | 0102 | 7     | 3
    """
    assert_both_show(published_twice, expected)


def test_duckdb_catches_up_after_a_kill_between_the_two_pointers(published_twice: Workspace) -> None:
    [first, _] = [version.relative_to(published_twice.home) for version in list_versions(published_twice)]
    with published_twice.lake.changing():
        published_twice.lake.show({"stock_health": Shelf({}, [first], [first])})
    assert_frame_equal(ask_lake(published_twice, SHOWN), table(FIRST_SHOWN))

    show_in_duckdb(published_twice)

    assert_both_show(published_twice, SECOND_SHOWN)
