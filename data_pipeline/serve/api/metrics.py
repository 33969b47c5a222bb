"""`/metrics` for Prometheus: the ledger as it is at that moment, and what this process answered."""

import ipaddress
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool

from data_pipeline.persist import tracking
from data_pipeline.persist.database import Database
from data_pipeline.serve.api.auth import HEADER

router = APIRouter()
METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
STATUSES = ("pending", "processing", "completed", "failed")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Ledger(Collector):
    """Out of the database at every scrape, so that several processes and restarts agree."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> list[Metric]:
        """Nothing ahead: it would cost a look at the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Raises: StoreError when the database is out of reach."""
        with self._database.transaction() as connection:
            pipelines = tracking.rows_of(connection, "measure_pipelines")
            counted = {row["status"]: row["batches"] for row in tracking.rows_of(connection, "count_batches")}
            [queue] = tracking.rows_of(connection, "measure_queue")
        records = CounterMetricFamily("dp_records", "Records, by what came of them.", labels=["pipeline", "outcome"])
        success = GaugeMetricFamily(
            "dp_last_success_timestamp_seconds", "When a batch was last completed.", labels=["pipeline"]
        )
        for row in pipelines:
            records.add_metric([row["name"], "processed"], float(row["processed"]))
            records.add_metric([row["name"], "failed"], float(row["failed"]))
            if row["last_success"] is not None:
                success.add_metric([row["name"]], float(row["last_success"]))
        batches = GaugeMetricFamily("dp_batches", "Batches, by status.", labels=["status"])
        for status in STATUSES:
            batches.add_metric([status], counted.get(status, 0))
        yield from (records, success, batches)
        yield GaugeMetricFamily("dp_queue_depth", "Batches that a run should take.", value=queue["waiting"])
        yield GaugeMetricFamily("dp_queue_oldest_seconds", "Its longest wait.", value=float(queue["oldest_seconds"]))


class Meters:
    """What is measured in one process, in a registry of its own."""

    def __init__(self, database: Database) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(Ledger(database))
        ProcessCollector(registry=self._registry)
        labels = ["method", "route", "status"]
        self._requests = Counter("http_requests", "Answered requests.", labels, registry=self._registry)
        self._seconds = Histogram(
            "http_request_seconds", "Time to answer.", labels[:2], buckets=BUCKETS, registry=self._registry
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request; a method that there is not is counted as 'other', or strangers could make labels."""
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def write(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """For this machine, and for keys with the scope `admin`."""
    if not is_local(request.client.host if request.client else ""):
        await request.app.state.gate.admit(request, request.headers.get(HEADER), "admin")
    text = await run_in_threadpool(request.app.state.meters.write)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def is_local(address: str) -> bool:
    """Of this very machine; behind a proxy the address is the one that the proxy names.

    >>> is_local("127.0.0.1"), is_local("::1"), is_local("::ffff:127.0.0.1"), is_local("10.0.0.1"), is_local("")
    (True, True, True, False, False)
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
