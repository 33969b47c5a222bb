"""Rules of delivering again, after a crash, a refusal or for another version; and of delivered rejected rows."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from data_pipeline.errors import DatabaseError, RequestError
from data_pipeline.flow.due import find_due, read_destinations
from data_pipeline.flow.publish import roll_back
from data_pipeline.flow.workspace import Workspace
from data_pipeline_tests.clocks import TestClock
from data_pipeline_tests.flow.days import ANGGREK, DAY, OTHER_ROWS, ask, drop, make_snapshot, receive
from data_pipeline_tests.flow.sending import (
    COLUMNS,
    EXPECTED,
    WAREHOUSE,
    list_keys,
    publish_day,
    send,
    webhook,
    with_destinations,
)
from data_pipeline_tests.persist.destinations.receiver import Answer, Receiver, Request, receiving

pytestmark = pytest.mark.postgres

MODULE = "data_pipeline_tests.flow.deliver_in_process"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web address that takes rows."""
    with receiving() as running:
        yield running


def test_a_process_killed_in_the_middle_of_a_delivery_loses_and_doubles_nothing(
    workspace: Workspace, receiver: Receiver
) -> None:
    publish_day(workspace)
    processes: list[subprocess.Popen[bytes]] = []

    def kill_at_fourth(_: Request) -> Answer:
        if len(receiver.requests) == 4:
            os.kill(processes[0].pid, signal.SIGKILL)  # its rows are kept, and it never hears so
            return Answer(0, is_kept=True)
        return Answer()

    receiver.script = kill_at_fourth
    environment = workspace.settings.child_environment()
    processes.append(subprocess.Popen([sys.executable, "-m", MODULE, receiver.url], env=environment))
    assert processes[0].wait(timeout=120) == -signal.SIGKILL
    in_the_middle = len(receiver.rows)

    made = send(workspace, with_destinations(webhook(receiver.url)))["erp"]

    assert in_the_middle == 1600
    assert (made.status, made.rows_delivered, made.rows_refused) == ("delivered", 3000, 0)
    assert list_keys(receiver.rows) == EXPECTED
    assert len(receiver.requests) == 9  # 8 chunks, the fourth twice under one key


def test_another_version_is_delivered_and_going_back_is_too(published_twice: Workspace, receiver: Receiver) -> None:
    pipeline = with_destinations(webhook(receiver.url), {"kind": "csv", "name": "stock", "columns": COLUMNS})
    path = published_twice.settings.output_dir / "20260105" / "stock.csv"
    send(published_twice, pipeline)
    second = path.read_text()

    roll_back(published_twice, pipeline, DAY, 1, reason="test", actor="test")
    send(published_twice, pipeline)

    versions = [(request.headers["x-snapshot-version"], len(request.rows)) for request in receiver.requests]
    assert versions == [("2", 3), ("1", 2)]
    assert (
        second
        == "store,sku,stock\nToko Kirana Anggrek,0101,4\nToko Kirana Anggrek,0102,8\nToko Kirana Anggrek,0103,1\n"
    )
    assert path.read_text() == "store,sku,stock\nToko Kirana Anggrek,0101,3\nToko Kirana Anggrek,0102,8\n"

    roll_back(published_twice, pipeline, DAY, 2, reason="test", actor="test")
    send(published_twice, pipeline)

    keys = [request.headers["idempotency-key"] for request in receiver.requests]
    assert len(set(keys)) == 3


def test_rejected_rows_are_delivered_as_they_came_with_a_status_by_code(workspace: Workspace) -> None:
    sound = "\n".join(f"{number:04} | 3 | 0.5" for number in range(200, 220))
    bad = "0102 | many | 0.25\n0103 | 1 | -7\n0105 | none | -3"
    drop(workspace, ANGGREK, f"SKU | Stok | Daily Sales\n{bad}\n{sound}")
    receive(workspace)
    make_snapshot(workspace)
    failed: dict[str, Any] = {
        "kind": "jsonl", "name": "failed_data", "of": "rejects",
        "columns": {"sku": "sku", "stock": "stock", "daily_sales": "daily_sales", "status": "error_status",
                    "error": "error_message", "row": "source_row"},
        "status_by_code": {"OUT_OF_RANGE": "invalid"}, "otherwise": "unreadable",
    }  # fmt: skip

    made = send(workspace, with_destinations(failed))["failed_data"]

    lines = (workspace.settings.output_dir / "20260105" / "failed_data.jsonl").read_text().splitlines()
    shown = [{**json.loads(line), "error": json.loads(line)["error"].split(", found")[0]} for line in lines]
    assert made.rows_delivered == 3
    assert shown == [
        {"sku": "0102", "stock": "many", "daily_sales": "0,25", "status": "unreadable",
         "error": "expected an integer", "row": 2},
        {"sku": "0103", "stock": 1, "daily_sales": -7, "status": "invalid",
         "error": "rule 'sales_possible': expected 0 to 1000000", "row": 3},
        {"sku": "0105", "stock": "none", "daily_sales": -3, "status": "unreadable",
         "error": "expected an integer", "row": 4},
    ]  # fmt: skip


def test_rows_that_a_destination_refused_are_not_among_the_rejected_rows(
    workspace: Workspace, receiver: Receiver
) -> None:
    drop(workspace, ANGGREK, OTHER_ROWS)
    receive(workspace)
    make_snapshot(workspace)
    receiver.script = lambda request: Answer(422 if any(row["sku"] == "0103" for row in request.rows) else 200)
    rejects = {"kind": "jsonl", "name": "failed", "of": "rejects"}

    made = send(workspace, with_destinations(webhook(receiver.url), rejects))

    assert (made["erp"].rows_refused, made["failed"].rows_delivered) == (1, 0)


def test_a_destination_that_refuses_too_many_rows_takes_none_and_is_asked_again(
    published: Workspace, receiver: Receiver
) -> None:
    receiver.script = lambda _: Answer(400, "no field 'sku'")
    pipeline = with_destinations(webhook(receiver.url, most_refused_rows=1))

    first = send(published, pipeline)["erp"]
    receiver.script = lambda _: Answer()
    second = send(published, pipeline)["erp"]

    assert str(first.error) == (
        "destination 'erp' refused more than 1 rows, the last with: HTTP 400: no field 'sku'. Compare its declaration "
        "with what it takes."
    )
    assert (second.status, second.rows_delivered, second.rows_refused) == ("delivered", 2, 0)
    assert ask(published, "select 1 from batch_errors").height == 0


def test_a_missing_secret_is_one_error_of_that_destination(published: Workspace) -> None:
    files = {"kind": "csv", "name": "stock"}

    made = send(published, with_destinations(WAREHOUSE, files))

    assert [one.status for one in made.values()] == ["failed", "delivered"]
    assert str(made["warehouse"].error) == (
        "environment variable DESTINATION_WAREHOUSE is not set, and a destination needs it. Set it where runs are "
        "executed."
    )


def test_a_folder_that_cannot_be_written_is_one_error_of_that_destination(published: Workspace) -> None:
    published.settings.output_dir.write_text("no folder")

    made = send(published, with_destinations({"kind": "csv", "name": "stock"}))

    assert "cannot be written" in str(made["stock"].error)
    [row] = read_destinations(published).latest
    assert (row["status"], row["error_code"]) == ("failed", "DESTINATION_UNWRITABLE")


def test_nothing_is_delivered_of_a_date_that_is_not_published(workspace: Workspace) -> None:
    with pytest.raises(RequestError, match="nothing is published, so nothing can be delivered"):
        send(workspace, with_destinations({"kind": "csv", "name": "stock"}))


def test_a_table_that_was_replaced_elsewhere_is_untouched_when_its_server_is_away(
    published: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION_WAREHOUSE", "postgresql://nobody@127.0.0.1:1/none")
    clock = TestClock()

    made = send(published, with_destinations({**WAREHOUSE, "policy": {"attempts": 2}}), clock)

    assert getattr(made["warehouse"].error, "code", "") == "DESTINATION_DOWN"
    assert not isinstance(made["warehouse"].error, DatabaseError)
    assert len(clock.slept) == 1


def test_what_failed_for_passing_reasons_is_due_after_a_wait_that_doubles(
    published: Workspace, receiver: Receiver
) -> None:
    receiver.script = lambda _: Answer(503)
    policy = {"attempts": 1, "open_after_failures": 9, "reset_seconds": 60}
    pipeline = with_destinations(webhook(receiver.url, policy=policy))
    send(published, pipeline)
    [row] = read_destinations(published, DAY).latest

    def is_due(seconds: float) -> bool:
        return bool(find_due(published, [pipeline], row["completed_at"] + dt.timedelta(seconds=seconds)))

    assert (is_due(59), is_due(61)) == (False, True)
    send(published, pipeline)
    [row] = read_destinations(published, DAY).latest
    assert (is_due(119), is_due(121)) == (False, True)
    [due] = find_due(published, [pipeline], row["completed_at"] + dt.timedelta(hours=2))
    assert (due.pipeline, due.business_date, due.reason) == ("stock_health", DAY, "erp: DESTINATION_DOWN")


def test_what_a_person_must_mend_is_not_tried_again_by_itself(published: Workspace, receiver: Receiver) -> None:
    receiver.script = lambda _: Answer(401, "who are you?")
    pipeline = with_destinations(webhook(receiver.url))

    made = send(published, pipeline)["erp"]

    assert getattr(made.error, "code", "") == "DESTINATION_REFUSES"
    assert len(receiver.requests) == 1
    assert find_due(published, [pipeline], dt.datetime.now(dt.UTC) + dt.timedelta(days=9)) == []
