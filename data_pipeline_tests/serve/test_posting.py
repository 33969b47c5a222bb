"""Posting batches: what was sent is what is judged, once, in whichever form it came."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openpyxl
import polars as pl
import pytest

from data_pipeline.persist.keys import Limits
from data_pipeline_tests.serve.running import CONFIG, DAY, RunningApi, error_of, make_pipeline, post_records

pytestmark = pytest.mark.postgres

LINES = {"Content-Type": "application/x-ndjson"}


def read_rows(client: httpx.Client, pipeline_id: str, columns: str = "id,amount") -> list[dict[str, Any]]:
    """What is published."""
    answer = client.get(f"/pipelines/{pipeline_id}/snapshots/{DAY}", params={"columns": columns})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def test_numbers_are_judged_as_they_were_written(api: RunningApi, client: httpx.Client) -> None:
    columns = [{"name": name, "header": name, "type": "text"} for name in ("id", "amount")]
    config = {**CONFIG, "columns": columns, "measures": {}}
    pipeline_id = make_pipeline(client, "digits", config=config)
    records = '[\n {"id": "1",\n  "amount": 12345678901234567890.10}, {"id":"2","amount":1e400}]'
    body = f'{{"business_date": "{DAY}", "records": {records}}}'

    posted = client.post(
        f"/pipelines/{pipeline_id}/batches", content=body, headers={"Content-Type": "application/json"}
    )
    api.process()

    assert posted.status_code == 202
    assert read_rows(client, pipeline_id) == [
        {"id": "1", "amount": "12345678901234567890.10"}, {"id": "2", "amount": "1e400"},
    ]  # fmt: skip


def test_the_three_forms_of_a_body_give_the_same_rows(api: RunningApi, client: httpx.Client) -> None:
    rows = [{"id": "a", "amount": 1.5}, {"id": "b", "amount": 2.5}]
    lines = "\n".join(map(json.dumps, rows))
    book = openpyxl.Workbook()
    for line in (("id", "amount"), ("a", 1.5), ("b", 2.5)):
        book.active.append(line)
    workbook = io.BytesIO()
    book.save(workbook)
    forms: dict[str, dict[str, Any]] = {
        "json": {"json": {"records": rows, "business_date": DAY}},
        "lines": {"content": lines, "headers": LINES, "params": {"business_date": DAY}},
        "csv": {"files": {"file": ("a.csv", b"id,amount\na,1.5\nb,2.5\n")}, "data": {"business_date": DAY}},
        "xlsx": {"files": {"file": ("a.xlsx", workbook.getvalue())}, "params": {"business_date": DAY}},
    }
    pipelines = {name: make_pipeline(client, f"form {name}") for name in forms}

    for name, sent in forms.items():
        assert client.post(f"/pipelines/{pipelines[name]}/batches", **sent).status_code == 202, name
    api.process()

    assert {name: read_rows(client, one) for name, one in pipelines.items()} == dict.fromkeys(forms, rows)


def test_batches_of_a_date_add_up(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "adds up")
    same = [{"id": "a", "amount": 1}]

    for _ in range(3):  # equal records are not the same batch without an idempotency key
        post_records(client, pipeline_id, same)
        api.process()

    assert [row["amount"] for row in read_rows(client, pipeline_id)] == [1.0, 1.0, 1.0]
    versions = client.get(f"/pipelines/{pipeline_id}/snapshots", params={"all_versions": True}).json()["items"]
    assert [(one["version"], one["row_count"], one["is_current"]) for one in versions] == [
        (3, 3, True), (2, 2, False), (1, 1, False),
    ]  # fmt: skip


def test_one_idempotency_key_makes_one_batch(client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "once")
    body = {"records": [{"id": "a", "amount": 1}], "business_date": DAY}

    def post(_: int) -> httpx.Response:
        return client.post(f"/pipelines/{pipeline_id}/batches", json=body, headers={"Idempotency-Key": "once-1"})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, range(32)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len(client.get(f"/pipelines/{pipeline_id}/batches").json()["items"]) == 1


def test_an_idempotency_key_is_good_for_one_request(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "conflict")
    post_records(client, pipeline_id, [{"id": "a", "amount": 1}], **{"Idempotency-Key": "conflict-1"})

    other = {"records": [{"id": "b", "amount": 1}], "business_date": DAY}
    refused = client.post(f"/pipelines/{pipeline_id}/batches", json=other, headers={"Idempotency-Key": "conflict-1"})
    with api.client("third") as stranger:  # another owner's keys are another owner's
        own = make_pipeline(stranger, "conflict")
        post_records(stranger, own, [{"id": "a", "amount": 1}], **{"Idempotency-Key": "conflict-1"})

    assert error_of(refused) == (422, "IDEMPOTENCY_CONFLICT")


def test_the_date_is_said_or_named_by_all_records_and_never_guessed(client: httpx.Client) -> None:
    day = {"name": "day", "header": "day", "type": "date"}
    dated = {**CONFIG, "columns": [*CONFIG["columns"], day], "identity": {"date_column": "day"}}
    plain, named = make_pipeline(client, "dateless"), make_pipeline(client, "dated", config=dated)

    def post(pipeline_id: str, *days: str) -> httpx.Response:
        records = [{"id": str(place), "amount": 1, "day": one} for place, one in enumerate(days)]
        return client.post(f"/pipelines/{pipeline_id}/batches", json={"records": records})

    assert error_of(post(plain, "2026-01-05")) == (400, "BUSINESS_DATE_UNKNOWN")
    assert error_of(post(named, "2026-01-05", "2026-01-06")) == (400, "BUSINESS_DATE_UNKNOWN")
    assert error_of(post(named, "05/01/2026")) == (400, "BUSINESS_DATE_UNKNOWN")
    assert post(named, "2026-01-05", "2026-01-05").json()["business_date"] == "2026-01-05"
    lines = client.post(f"/pipelines/{plain}/batches", content=b'{"id":"1"}', headers=LINES)
    assert error_of(lines) == (400, "BUSINESS_DATE_UNKNOWN")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "$"), (b"[]", "$"), (b"{", "$"), (b'{"records": []}', "$.records"), (b'{"records": [1]}', "$.records[0]"),
        (b'{"records": [{"a": 1}, [2]]}', "$.records[1]"), (b'{"records": {}}', "$.records"), (b"{}", "$"),
        (b'{"records": [{"a": 1}], "more": 1}', "$"), (b'{"records": [{"a": "\xff"}]}', "$"),
        (b'{"records": [{"a": NaN}]}', "$"), (b'{"records": [{"a": 1}], "business_date": "5.1.26"}', "$.business_date"),
        (b'{"records": [' + b"[" * 100_000 + b"]}", "$"),
    ],
)  # fmt: skip
def test_a_body_of_another_form_is_refused_with_the_place(client: httpx.Client, body: bytes, path: str) -> None:
    pipeline_id = getattr(client, "forms", None) or make_pipeline(client, f"forms {hash(body)}")

    refused = client.post(
        f"/pipelines/{pipeline_id}/batches", content=body, headers={"Content-Type": "application/json"}
    )

    assert error_of(refused) == (400, "INVALID_REQUEST")
    assert [fault["path"] for fault in refused.json()["error"]["details"]] == [path]


def test_bodies_that_are_none_are_refused(client: httpx.Client) -> None:
    path = f"/pipelines/{make_pipeline(client, 'no bodies')}/batches?business_date={DAY}"
    boundary = {"Content-Type": "multipart/form-data; boundary=x"}

    for content, headers, expected in (
        (b"<a/>", {"Content-Type": "text/xml"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"", LINES, (400, "INVALID_REQUEST")),
        (b"nothing of the kind", boundary, (400, "INVALID_REQUEST")),
        (b"--x--\r\n", boundary, (400, "INVALID_REQUEST")),
        (b"a", {"Content-Type": "multipart/form-data"}, (400, "INVALID_REQUEST")),
    ):
        assert error_of(client.post(path, content=content, headers=headers)) == expected, content
    two = client.post(path, files=[("file", ("a.csv", b"id\n1\n")), ("file", ("b.csv", b"id\n2\n"))])
    field = client.post(path, files={"file": ("a.csv", b"id\n1\n")}, data={"owner": "other"})
    assert [error_of(one) for one in (two, field)] == [(400, "INVALID_REQUEST")] * 2


def test_rejected_records_come_as_json_csv_and_workbook(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "three forms")
    batch_id = post_records(client, pipeline_id, [{"id": "=1+1", "amount": f"=cmd|{n}"} for n in range(60)])
    api.process()
    path = f"/pipelines/{pipeline_id}/batches/{batch_id}/errors"

    first = client.get(path).json()
    second = client.get(path, params={"cursor": first["next"]}).json()
    table = pl.read_csv(client.get(path, params={"format": "csv"}).content)
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(path, params={"format": "xlsx"}).content)).active

    values = [one["value"] for one in (*first["items"], *second["items"])]
    assert values == [f"=cmd|{n}" for n in range(60)]
    assert second["next"] is None
    assert table["raw_text"].to_list() == [f"'=cmd|{n}" for n in range(60)], "nothing that a spreadsheet would run"
    assert {cell.data_type for cell in sheet["D"]} == {"s"}
    assert sheet.max_row == 61


def test_a_failed_batch_is_retried_and_a_waiting_one_cancelled(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "again")
    path = f"/pipelines/{pipeline_id}/batches"
    broken = client.post(f"{path}?business_date={DAY}", files={"file": ("a.xlsx", b"PK\x03\x04 none")}).json()["id"]
    waiting = post_records(client, pipeline_id, [{"id": "a", "amount": 1}])

    too_early = client.post(f"{path}/{broken}/retry")
    cancelled = client.post(f"{path}/{waiting}/cancel").json()
    api.process()
    failed = client.get(f"{path}/{broken}").json()
    retried = client.post(f"{path}/{broken}/retry").json()
    too_late = client.post(f"{path}/{broken}/cancel").json(), client.post(f"{path}/{waiting}/cancel")

    assert error_of(too_early) == (409, "BATCH_NOT_FAILED")
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "CANCELLED")
    assert (failed["status"], failed["error"]["code"], retried["status"]) == ("failed", "UNREADABLE_FILE", "pending")
    assert too_late[0]["error"]["code"] == "CANCELLED"
    assert error_of(too_late[1]) == (409, "BATCH_NOT_PENDING")


def test_a_key_has_no_more_waiting_and_posts_no_more_a_day_than_it_may(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "quota")
    body = {"records": [{"id": "a", "amount": 1}], "business_date": DAY}

    with api.client(limits=Limits(waiting_batches=2)) as few, api.client(limits=Limits(records_per_day=1)) as small:
        waiting = [few.post(f"/pipelines/{pipeline_id}/batches", json=body) for _ in range(3)]
        daily = [small.post(f"/pipelines/{pipeline_id}/batches", json=body) for _ in range(2)]

    assert [one.status_code for one in waiting] == [202, 202, 429]
    assert [one.status_code for one in daily] == [202, 429]
    assert error_of(waiting[-1])[1] == error_of(daily[-1])[1] == "QUOTA_EXCEEDED"
    post_records(client, pipeline_id, [{"id": "b", "amount": 1}])


def test_snapshots_come_as_json_csv_and_arrow_with_filters(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "reading")
    post_records(client, pipeline_id, [{"id": str(n), "amount": n} for n in range(10)])
    api.process()
    path = f"/pipelines/{pipeline_id}/snapshots/{DAY}"

    def get(**wanted: Any) -> httpx.Response:
        return client.get(path, params={"columns": "id,amount", **wanted})

    assert [row["id"] for row in get(where="amount > 6").json()] == ["7", "8", "9"]
    assert get(where="amount > 6").headers["X-Row-Count"] == "3"
    assert [row["id"] for row in get(limit=2, offset=3).json()] == ["3", "4"]
    assert get(format="csv", where="id = '4'").text == "id,amount\n4,4.0\n"
    assert pl.read_ipc(io.BytesIO(get(format="arrow").content))["amount"].sum() == 45
    assert pl.read_ipc(io.BytesIO(get(format="arrow", where="amount < 2").content)).rows() == [("0", 0.0), ("1", 1.0)]
    assert [row["id"] for row in get(where="amount > 2", limit=2, offset=3).json()] == ["6", "7"]
    assert error_of(get(version=2)) == (404, "SNAPSHOT_NOT_FOUND")
    for wrong in ({"where": "amount >"}, {"where": "(select 1)"}, {"columns": "id,ghost"}, {"columns": "id,id"},
                  {"limit": 0}, {"ghost": 1}, {"where": "read_csv('/etc/passwd')"}):  # fmt: skip
        assert error_of(get(**wrong)) == (400, "INVALID_REQUEST"), wrong
