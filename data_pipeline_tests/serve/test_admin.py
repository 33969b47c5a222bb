"""Keys of admins: owners and keys are managed within their walls, and everything about it is noted."""

from typing import Any

import httpx
import pytest

from data_pipeline.flow.keys import MOST_KEYS
from data_pipeline.persist.keys import Limits
from data_pipeline_tests.serve.running import RunningApi, error_of, in_days

pytestmark = pytest.mark.postgres

KEY = {"name": "loader", "scopes": ["batches:write", "batches:read"]}


@pytest.fixture(scope="module")
def operator(api: RunningApi) -> httpx.Client:
    """An admin of this installation."""
    return api.client("builtin", scopes=["admin"])


@pytest.fixture(scope="module")
def admin(api: RunningApi) -> httpx.Client:
    """An admin of owner acme."""
    return api.client("acme", scopes=["admin"])


def issue(client: httpx.Client, **more: Any) -> dict[str, Any]:
    """A key that was just made."""
    answer = client.post("/admin/keys", json={**KEY, **more})
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


def read_audit(client: httpx.Client, **query: Any) -> list[tuple[str, str, str]]:
    """Action, subject and outcome of the newest entries."""
    items = client.get("/admin/audit", params=query).json()["items"]
    return [(one["action"], one["subject"], one["outcome"]) for one in items]


def test_a_key_is_shown_once_and_works(api: RunningApi, admin: httpx.Client) -> None:
    issued = issue(admin, expires_in_days=30, records_per_day=1000.0)

    with api.client_with(issued["key"]) as client:
        used = [client.get("/pipelines/00000000-0000-0000-0000-000000000000/batches"), client.get("/pipelines")]
    listed = admin.get("/admin/keys")

    assert [error_of(answer) for answer in used] == [(404, "PIPELINE_NOT_FOUND"), (403, "FORBIDDEN")]
    [kept] = [one for one in listed.json()["items"] if one["prefix"] == issued["prefix"]]
    assert kept | {"last_used_at": None, "key": issued["key"]} == issued
    assert (issued["scopes"], issued["records_per_day"], issued["owner"]) == (sorted(KEY["scopes"]), 1000, "acme")
    assert issued["key"] not in listed.text
    assert "digest" not in listed.text


def test_a_revoked_key_is_refused_at_once(api: RunningApi, admin: httpx.Client) -> None:
    issued = issue(admin)
    path = "/pipelines/00000000-0000-0000-0000-000000000000/batches"

    with api.client_with(issued["key"]) as client:
        before = client.get(path)
        revoked = [admin.delete(f"/admin/keys/{issued['prefix']}") for _ in range(2)]
        after = client.get(path)

    assert error_of(before)[0] == 404
    assert [answer.status_code for answer in revoked] == [204, 204]
    assert error_of(after) == (401, "UNAUTHORIZED")


def test_a_replaced_key_goes_on_for_a_while(api: RunningApi, admin: httpx.Client) -> None:
    path = "/pipelines/00000000-0000-0000-0000-000000000000/batches"
    old = issue(admin, requests_per_minute=50, expires_in_days=7)

    new = admin.post(f"/admin/keys/{old['prefix']}/rotate", json={"overlap_seconds": 60}).json()
    again = admin.post(f"/admin/keys/{old['prefix']}/rotate")
    newest = admin.post(f"/admin/keys/{new['prefix']}/rotate", json={"overlap_seconds": 0}).json()
    statuses = []
    for one in (old, new, newest):
        with api.client_with(one["key"]) as client:
            statuses.append(client.get(path).status_code)

    assert statuses == [404, 401, 404]
    same = ("owner", "name", "scopes", "requests_per_minute", "waiting_batches", "records_per_day")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert in_days(6.9).isoformat() < new["expires_at"] < in_days(7.1).isoformat()
    assert error_of(again) == (409, "KEY_NOT_USABLE")
    assert new["prefix"] in again.json()["error"]["message"]


def test_an_admin_sees_and_changes_its_own_owner_alone(
    api: RunningApi, admin: httpx.Client, operator: httpx.Client
) -> None:
    made = operator.post("/admin/owners", json={"id": "umbrella", "name": "Umbrella"})
    theirs = issue(operator, owner="umbrella")["prefix"]

    refused = {
        "owner": admin.post("/admin/owners", json={"id": "sneaky", "name": "Sneaky"}),
        "issue": admin.post("/admin/keys", json={**KEY, "owner": "umbrella"}),
        "escalate": admin.post("/admin/keys", json={**KEY, "owner": "builtin", "scopes": ["admin"]}),
        "list": admin.get("/admin/keys", params={"owner": "umbrella"}),
        "revoke": admin.delete(f"/admin/keys/{theirs}"),
        "rotate": admin.post(f"/admin/keys/{theirs}/rotate"),
        "audit": admin.get("/admin/audit", params={"owner": "umbrella"}),
    }

    assert made.status_code == 201
    assert {name: error_of(answer) for name, answer in refused.items()} == {
        "owner": (403, "FORBIDDEN"),
        "issue": (404, "OWNER_NOT_FOUND"),
        "escalate": (404, "OWNER_NOT_FOUND"),
        "list": (404, "OWNER_NOT_FOUND"),
        "revoke": (404, "KEY_NOT_FOUND"),
        "rotate": (404, "KEY_NOT_FOUND"),
        "audit": (404, "OWNER_NOT_FOUND"),
    }
    assert {one["owner"] for one in admin.get("/admin/keys").json()["items"]} == {"acme"}
    assert [one["id"] for one in admin.get("/admin/owners").json()["items"]] == ["acme"]
    assert {"acme", "umbrella", "builtin"} <= {one["id"] for one in operator.get("/admin/owners").json()["items"]}


def test_changes_and_refusals_are_noted_where_they_belong(admin: httpx.Client, operator: httpx.Client) -> None:
    issued = issue(operator, owner="acme")["prefix"]
    operator.post(f"/admin/keys/{issued}/rotate")
    operator.delete(f"/admin/keys/{issued}")
    admin.delete("/admin/keys/000000000000")

    newest, page = read_audit(admin, limit=4), admin.get("/admin/audit", params={"limit": 2}).json()

    assert newest == [
        ("key.revoke", "000000000000", "KEY_NOT_FOUND"),
        ("key.revoke", issued, "done"),
        ("key.rotate", issued, "done"),
        ("key.issue", issued, "done"),
    ]
    assert read_audit(admin, limit=2, cursor=page["next"]) == newest[2:]
    assert page["items"][1]["actor"] == f"key {operator.headers['X-API-Key'].split('_')[2]}"
    assert read_audit(operator, owner="acme", limit=1) == newest[:1]


def test_who_exists_is_not_made_again(operator: httpx.Client) -> None:
    bodies = [{"id": "twice", "name": "Twice"}, {"id": "twice", "name": "Twice"}, {"id": "No!", "name": "No"}]

    answers = [operator.post("/admin/owners", json=body) for body in bodies]

    assert [answer.status_code for answer in answers] == [201, 409, 400]


def test_nobody_lifts_limits_that_others_set(api: RunningApi, operator: httpx.Client) -> None:
    limits = Limits(requests_per_minute=100, records_per_day=5000)

    with api.client("limited", scopes=["admin"], limits=limits) as admin:
        refused = admin.post("/admin/keys", json={**KEY, "records_per_day": 5001})
        inherited = issue(admin, requests_per_minute=10)
    free = issue(operator, owner="limited", records_per_day=10**9)

    assert error_of(refused) == (403, "FORBIDDEN")
    assert (inherited["requests_per_minute"], inherited["records_per_day"]) == (10, 5000)
    assert free["records_per_day"] == 10**9


def test_an_owner_has_so_many_keys(api: RunningApi) -> None:
    with api.client("many", scopes=["admin"]) as admin:
        for _ in range(MOST_KEYS - 1):
            api.issue("many")
        refused = admin.post("/admin/keys", json=KEY)

    assert error_of(refused) == (429, "QUOTA_EXCEEDED")


def test_other_scopes_do_not_open_the_door(api: RunningApi) -> None:
    scopes = [scope for scope in ("pipelines:write", "batches:write", "metrics:read")]
    with api.client(scopes=scopes) as client:
        answers = [
            client.get("/admin/keys"),
            client.get("/admin/owners"),
            client.get("/admin/audit"),
            client.post("/admin/keys", json=KEY),
        ]

    assert {error_of(answer) for answer in answers} == {(403, "FORBIDDEN")}
