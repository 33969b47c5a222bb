"""Pipelines over the API: concurrent changes, lists, limits, and answers when things go wrong."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from data_pipeline.persist.keys import Limits
from data_pipeline_tests.serve.running import CONFIG, DAY, RunningApi, error_of, make_pipeline, post_records

pytestmark = pytest.mark.postgres


def test_of_many_who_change_one_revision_one_succeeds(client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "contested")

    def put(number: int) -> httpx.Response:
        config = {**CONFIG, "description": f"number {number}"}
        body = {"name": "contested", "config": config}
        return client.put(f"/pipelines/{pipeline_id}", json=body, headers={"If-Match": '"1"'})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(put, range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    assert client.get(f"/pipelines/{pipeline_id}").headers["ETag"] == '"2"'
    assert error_of(next(one for one in answers if one.status_code == 412)) == (412, "PRECONDITION_FAILED")


def test_what_was_posted_before_is_judged_by_the_new_declaration(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "replaced")
    post_records(client, pipeline_id, [{"id": "a", "amount": 5}, {"id": "b", "amount": 50}])
    api.process()
    rules = [{"kind": "range", "name": "small", "column": "amount", "maximum": 10}]

    client.put(f"/pipelines/{pipeline_id}", json={"name": "replaced", "config": {**CONFIG, "rules": rules}})
    post_records(client, pipeline_id, [{"id": "c", "amount": 6}])
    api.process()

    rows = client.get(f"/pipelines/{pipeline_id}/snapshots/{DAY}", params={"columns": "id"}).json()
    assert {row["id"] for row in rows} == {"a", "c"}


def test_lists_are_filtered_and_sorted(client: httpx.Client, api: RunningApi) -> None:
    with api.client("sorter") as own:
        names = ["beta", "Alpha 100%", "gamma"]
        for name in names:
            own.post("/pipelines", json={"name": name, "config": CONFIG})
        make_pipeline(own, "delta")

        by_name = own.get("/pipelines", params={"sort": "name", "limit": 3}).json()
        rest = own.get("/pipelines", params={"sort": "name", "limit": 3, "cursor": by_name["next"]}).json()
        newest = own.get("/pipelines").json()["items"]
        active = own.get("/pipelines", params={"status": "active"}).json()["items"]
        percent = own.get("/pipelines", params={"name": "0%"}).json()["items"]
        same = own.get("/pipelines", params={"limit": 3, "cursor": by_name["next"]}).json()
        wrong = own.get("/pipelines", params={"cursor": "somewhere"})

    assert [one["name"] for one in (*by_name["items"], *rest["items"])] == sorted(["delta", *names], key=str.lower)
    assert [one["name"] for one in newest] == ["delta", "gamma", "Alpha 100%", "beta"]
    assert ([one["name"] for one in active], [one["name"] for one in percent]) == (["delta"], ["Alpha 100%"])
    assert same == rest, "a cursor knows its order"
    assert error_of(wrong) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("name", ["", "x" * 256, "a\0b", 7, None])
def test_a_name_has_1_to_255_characters(client: httpx.Client, name: object) -> None:
    assert error_of(client.post("/pipelines", json={"name": name, "config": CONFIG})) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("name", ["=1+1", "../../etc", "Робот", "<script>", "'; drop table pipelines; --", "😀" * 100])
def test_any_other_name_is_kept_as_it_is(client: httpx.Client, name: str) -> None:
    made = client.post("/pipelines", json={"name": name, "config": CONFIG}).json()

    assert client.get(f"/pipelines/{made['id']}").json()["name"] == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", made["asset"], re.ASCII)


def test_a_number_of_any_size_is_judged_and_kept(api: RunningApi, client: httpx.Client) -> None:
    """64 bits are a limit of some JSON writers, not of JSON."""
    strange = client.post("/pipelines", json={"name": "strange", "config": {**CONFIG, "odd": 10**30}})
    columns = [CONFIG["columns"][0], {**CONFIG["columns"][1], "maximum": 10**25}]
    pipeline_id = make_pipeline(client, "vast", config={**CONFIG, "columns": columns})
    batch_id = post_records(client, pipeline_id, [{"id": 10**30, "amount": "many"}, {"id": 1, "amount": 10**24}])
    api.process()
    errors = client.get(f"/pipelines/{pipeline_id}/batches/{batch_id}/errors", params={"format": "csv"})

    assert error_of(strange) == (400, "INVALID_CONFIG")
    assert client.get(f"/pipelines/{pipeline_id}").json()["config"]["columns"][1]["maximum"] == 10**25
    assert str(10**30) in errors.text
    assert client.get(f"/pipelines/{pipeline_id}/snapshots/{DAY}").json()[0]["amount"] == 1e24


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400"])
def test_a_number_that_json_does_not_have_is_a_fault(client: httpx.Client, number: str) -> None:
    """As null it would be a bound that is not there."""
    columns = [CONFIG["columns"][0], {**CONFIG["columns"][1], "minimum": "?"}]
    body = json.dumps({"name": "bound", "config": {**CONFIG, "columns": columns}}).replace('"?"', number)

    refused = client.post("/pipelines", content=body, headers={"Content-Type": "application/json"})

    assert error_of(refused) == (400, "INVALID_CONFIG")
    assert "found NaN or one that no double holds" in refused.text


def test_a_key_that_asks_too_often_waits_and_harms_nobody(api: RunningApi, client: httpx.Client) -> None:
    with api.client(limits=Limits(requests_per_minute=3)) as eager:
        answers = [eager.get("/pipelines") for _ in range(5)]
        others = [client.get("/pipelines") for _ in range(5)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert {one.status_code for one in others} == {200}
    assert error_of(answers[3]) == (429, "RATE_LIMITED")
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert answers[0].headers["RateLimit-Policy"] == '"key";q=3;w=60'
    assert answers[0].headers["RateLimit"].startswith('"key";r=2;t=')


def test_a_request_id_is_taken_or_given(client: httpx.Client) -> None:
    given = client.get("/pipelines", headers={"X-Request-ID": "trace-0123456789"})
    odd = client.get("/pipelines", headers={"X-Request-ID": "a b\t<script>"})

    assert given.headers["X-Request-ID"] == "trace-0123456789"
    assert len(odd.headers["X-Request-ID"]) == 32


def test_unknown_paths_and_methods_are_answered_in_the_envelope(client: httpx.Client) -> None:
    wrong = client.patch("/pipelines")

    assert error_of(client.get("/nothing")) == (404, "NOT_FOUND")
    assert error_of(wrong) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["Allow"] == "GET, POST"


def test_our_bug_is_a_500_with_a_request_id_and_the_server_stays_up(
    api: RunningApi, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError("the secret of our source")

    monkeypatch.setattr("data_pipeline.flow.lifecycle.require", stumble)
    broken = client.get(f"/pipelines/{'0' * 32}")
    monkeypatch.undo()

    assert error_of(broken) == (500, "INTERNAL_ERROR")
    assert not [leak for leak in ("secret", "Traceback") if leak in broken.text]
    assert client.get("/pipelines").status_code == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: httpx.Client) -> None:
    declared = client.post("/pipelines", content=b"x" * (9 << 20), headers={"Content-Type": "application/json"})
    pieces = (b" " * 65536 for _ in range(200))
    chunked = client.post("/pipelines", content=pieces, headers={"Content-Type": "application/json"})

    assert error_of(declared) == (413, "BODY_TOO_LARGE")
    assert error_of(chunked) == (413, "BODY_TOO_LARGE")
