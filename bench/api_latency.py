"""From posted to completed, by a program that waits: everything runs as `data-pipeline up` runs it, with 1-s ticks.

    python -m bench.api_latency [--batches 20] [--waiting 1000]

First batches one after another, each posted when the one before is done and the machine is at rest; then many at once,
which wait for a run together.
"""

import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import httpx
import typer

from bench.api_soak import DAY, prepare, running
from data_pipeline.orchestrate.up import find_free_port
from data_pipeline.persist.embedded import stop_server
from data_pipeline.settings import PROJECT_ROOT, Settings

RECORDS = 100
REST_SECONDS = 1.5
GIVE_UP_SECONDS = 600
LOCAL = threading.local()


def main(
    batches: Annotated[int, typer.Option()] = 20,
    waiting: Annotated[int, typer.Option()] = 1000,
) -> None:
    """Prints the percentiles and the rate."""
    folder = Path(tempfile.mkdtemp(prefix="api-latency-"))
    shutil.copy(PROJECT_ROOT / "dagster.yaml", folder)
    ports = {"api_port": find_free_port(), "ui_port": find_free_port()}
    settings = Settings.from_env({}, home=folder, dagster_home=folder, **ports)
    url = f"http://{settings.api_host}:{settings.api_port}/api/v1"
    try:
        with running(settings, folder):
            key, pipeline = prepare(settings, url)
            with httpx.Client(headers={"X-API-Key": key}, timeout=60) as client:
                path = f"{url}/pipelines/{pipeline}/batches"
                tell_one_by_one(client, path, batches)
                tell_together(client, path, key, waiting)
    finally:
        stop_server(folder)
        shutil.rmtree(folder, ignore_errors=True)


def post(client: httpx.Client, path: str, name: str) -> str:
    """A batch's id."""
    records = [{"id": f"{name}-{place}", "n": place} for place in range(RECORDS)]
    body = json.dumps({"business_date": DAY, "records": records})
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    answer.raise_for_status()
    return str(answer.json()["id"])


def tell_one_by_one(client: httpx.Client, path: str, batches: int) -> None:
    """Each in its own run; the first waits for Dagster to know the pipeline and is left out."""
    took: list[float] = []
    for number in range(batches + 1):
        started = time.monotonic()
        batch_id = post(client, path, f"one-{number}")
        while client.get(f"{path}/{batch_id}").json()["status"] != "completed":
            if time.monotonic() - started > GIVE_UP_SECONDS:
                raise TimeoutError(batch_id)
            time.sleep(0.05)
        took.append(time.monotonic() - started)
        time.sleep(REST_SECONDS)
    ordered = sorted(took[1:])
    sys.stdout.write(
        f"{batches} batches one by one: p50 {statistics.median(ordered):.1f} s, "
        f"fastest {ordered[0]:.1f} s, slowest {ordered[-1]:.1f} s (the first of all {took[0]:.1f} s)\n"
    )
    sys.stdout.flush()


def tell_together(client: httpx.Client, path: str, key: str, waiting: int) -> None:
    """All posted as fast as they are taken."""

    def post_alone(number: int) -> str:
        if not hasattr(LOCAL, "client"):
            LOCAL.client = httpx.Client(headers={"X-API-Key": key}, timeout=60)
        return post(LOCAL.client, path, f"many-{number}")

    started = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(post_alone, range(waiting)))
    posted = time.monotonic() - started
    metrics = path.removesuffix("/batches") + "/metrics"
    while True:
        counted = client.get(metrics).json()
        if not counted["pending"] + counted["processing"]:
            break
        time.sleep(0.2)
    took = time.monotonic() - started
    sys.stdout.write(
        f"{waiting} batches at once: posted in {posted:.1f} s, completed {took:.1f} s after the first post: "
        f"{waiting / took:.0f} batches/s, {waiting * RECORDS / took:,.0f} records/s; failed {counted['failed']}\n"
    )


if __name__ == "__main__":
    typer.run(main)
