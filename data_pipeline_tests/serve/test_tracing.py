"""A request and the run that processes its batch are one trace; without an SDK the sender's is kept."""

import httpx
import pytest

from data_pipeline.errors import RequestError
from data_pipeline.flow import tracing
from data_pipeline_tests.serve.running import RunningApi, make_pipeline, post_records

pytestmark = pytest.mark.postgres

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def read_parent(api: RunningApi, batch_id: str) -> str | None:
    """What the batch names as its parent."""
    with api.workspace.database.transaction() as connection:
        asked = "select trace_parent from batches where id = %s"
        found: str | None = connection.exec_driver_sql(asked, (batch_id,)).scalar_one()
        return found


@pytest.mark.parametrize(("sent", "kept"), [(PARENT, PARENT), ("no trace", None)], ids=["a trace", "nonsense"])
def test_without_an_sdk_the_parent_of_the_sender_is_kept(
    api: RunningApi, client: httpx.Client, sent: str, kept: str | None
) -> None:
    pipeline_id = make_pipeline(client, f"traced {kept}")

    batch_id = post_records(client, pipeline_id, [{"id": "1", "amount": 3}], traceparent=sent)

    assert read_parent(api, batch_id) == kept


def test_a_request_and_its_batch_are_one_trace(
    api: RunningApi, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="the extra `otel` is not installed")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter").InMemorySpanExporter()
    pipeline_id = make_pipeline(client, "traced")
    provider = sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(memory))
    monkeypatch.setattr(tracing, "TRACER", provider.get_tracer("test"))

    post_records(client, pipeline_id, [{"id": "1", "amount": 3}], traceparent=PARENT)
    api.process()

    spans = memory.get_finished_spans()
    [request] = [one for one in spans if one.name == "POST"]
    [batch] = [one for one in spans if one.parent and one.parent.span_id == request.context.span_id]
    assert [f"{one.context.trace_id:032x}" for one in (request, batch)] == [TRACE] * 2
    assert batch.name == "process batch"
    assert request.attributes["http.route"] == "/pipelines/{pipeline_id}/batches"
    assert request.attributes["http.response.status_code"] == 202


def test_a_collector_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def miss(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", miss)

    with pytest.raises(RequestError, match=r"pip install 'data_pipeline\[otel\]'"):
        tracing.switch_on("http://127.0.0.1:4318/v1/traces")
