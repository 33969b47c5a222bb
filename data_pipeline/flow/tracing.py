"""Spans of requests and of the batches they post, one trace for both. Without an SDK all of it does nothing.

https://www.w3.org/TR/trace-context/
"""

import importlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from data_pipeline.errors import RequestError
from data_pipeline.persist.tracking import ClaimedBatch

TRACER = trace.get_tracer("data_pipeline")
W3C = TraceContextTextMapPropagator()
HEADER = "traceparent"
SERVICE = "data_pipeline"
FAILED_STATUS = 500


def switch_on(endpoint: str | None) -> None:
    """Sends the spans of this process to a collector. Raises: RequestError when the packages are not installed."""
    if endpoint is None:
        return
    try:  # an extra: most installations collect no traces
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        resources = importlib.import_module("opentelemetry.sdk.resources")
        otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise RequestError("DATA_PIPELINE_OTLP_ENDPOINT is set: pip install 'data_pipeline[otel]'") from error
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)


@contextmanager
def serving(method: str, headers: Mapping[str, str]) -> Iterator[tuple[Span, str | None]]:
    """The span of a request, a child of its sender's, and what those that come of it name as their parent."""
    parent = W3C.extract(headers)
    with TRACER.start_as_current_span(method, context=parent, kind=SpanKind.SERVER) as span:
        carrier: dict[str, str] = {}
        W3C.inject(carrier)
        yield span, carrier.get(HEADER)


def finish_request(span: Span, route: str, status: int) -> None:
    """What is known of a request when it is answered. https://opentelemetry.io/docs/specs/semconv/http/http-spans/"""
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    if status >= FAILED_STATUS:
        span.set_status(StatusCode.ERROR)


def read_clock() -> int:
    """Now, as spans count time. Units: ns since 1970."""
    return time.time_ns()


@contextmanager
def processing(batch: ClaimedBatch, started_ns: int) -> Iterator[Span]:
    """The span of a batch in a run, from when it was claimed; a child of the request that posted it."""
    parent = W3C.extract({HEADER: batch.trace_parent} if batch.trace_parent else {})
    with TRACER.start_as_current_span(
        "process batch", context=parent, kind=SpanKind.CONSUMER, start_time=started_ns
    ) as span:
        span.set_attribute("batch.id", str(batch.id))
        span.set_attribute("batch.attempt", batch.attempt)
        yield span
