"""What Prometheus is told, and who may ask."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from data_pipeline_tests.serve.running import RunningApi, make_pipeline, post_records

pytestmark = pytest.mark.postgres

# uvicorn believes a proxy on this machine, so this is how a stranger looks.
STRANGER = {"X-Forwarded-For": "203.0.113.9"}


def read_samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Value by name and labels, which are in the order of their names."""
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}


def test_the_ledger_and_the_requests_are_counted(api: RunningApi, client: httpx.Client) -> None:
    pipeline_id = make_pipeline(client, "measured")
    name = client.get(f"/pipelines/{pipeline_id}").json()["asset"]
    post_records(client, pipeline_id, [{"id": "1", "amount": 3}, {"id": "2", "amount": "x"}])
    api.process()
    post_records(client, pipeline_id, [{"id": "3", "amount": 3}])
    client.get("/nowhere/in-particular")

    samples = read_samples(httpx.get(f"{api.url}/metrics").text)

    assert samples[("dp_records_total", ("processed", name))] == 1
    assert samples[("dp_records_total", ("failed", name))] == 1
    assert samples[("dp_last_success_timestamp_seconds", (name,))] > 1.7e9
    assert (samples[("dp_batches", ("pending",))], samples[("dp_batches", ("completed",))]) == (1, 1)
    assert samples[("dp_queue_depth", ())] == 1
    assert 0 <= samples[("dp_queue_oldest_seconds", ())] < 60
    route = "/pipelines/{pipeline_id}/batches"
    assert samples[("http_requests_total", ("POST", route, "202"))] == 2
    assert samples[("http_request_seconds_count", ("POST", route))] == 2
    assert samples[("http_requests_total", ("GET", "none", "404"))] == 1
    assert samples[("process_resident_memory_bytes", ())] > 1e6
    assert not [labels for _, labels in samples if any(pipeline_id in label for label in labels)]


def test_only_this_machine_and_admins_are_told(api: RunningApi) -> None:
    def ask(**headers: str) -> int:
        return httpx.get(f"{api.url}/metrics", headers=headers).status_code

    statuses = [
        ask(),
        ask(**STRANGER),
        ask(**STRANGER, **{"X-API-Key": api.issue(scopes=["metrics:read"])}),
        ask(**STRANGER, **{"X-API-Key": api.issue(scopes=["admin"])}),
    ]

    assert statuses == [200, 401, 403, 200]
