"""Posts batches at full speed while everything that takes and processes them is killed at random, and counts.

    python -m bench.api_soak [--kills 20] [--seed 1]

`data-pipeline up` runs API, code location, daemon and runs on an embedded database. Each of them, readers and the
database too, is killed with -9. A batch that was answered 202 must be completed once: no record lost, none doubled,
also where a delivery is repeated under its idempotency key.
"""

import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import psutil
import typer
from sqlalchemy import text

from data_pipeline.orchestrate.up import find_free_port
from data_pipeline.persist.database import open_database
from data_pipeline.persist.embedded import stop_server
from data_pipeline.settings import PROJECT_ROOT, Settings

DAY = "2026-01-05"
RECORDS = 20
POSTERS = 1
REPEATED = 0.3  # of the batches are delivered twice
PAUSE_SECONDS = (4.0, 9.0)  # between two kills
DRAIN_SECONDS = 1800
CONFIG = {
    "source": {},
    "columns": [{"name": "id", "header": "id", "type": "text"}, {"name": "n", "header": "n", "type": "integer"}],
    "destination": {"kind": "snapshot"},
    "measures": {"n": ["n"]},
}
# What a process is, by its command line.
TARGETS = {
    "API": r"data_pipeline api$",
    "code location": r"code-server start|dagster api grpc",
    "daemon": r"orchestrate\.daemon",
    "run": r"orchestrate\.run_process",
    "reader": r"sandbox_worker",
}


@dataclass
class Posted:
    """What the programs know."""

    answered: dict[int, str] = field(default_factory=dict)
    """Number of a batch -> the id that it was answered with."""
    differing: list[int] = field(default_factory=list)
    """Batches that were answered with two ids."""
    failures: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**9)))


def main(
    kills: Annotated[int, typer.Option()] = 20,
    seed: Annotated[int, typer.Option()] = 1,
) -> None:
    """Exits with 1 when a record is lost or doubled, or a batch is not completed."""
    folder = Path(tempfile.mkdtemp(prefix="api-soak-"))
    shutil.copy(PROJECT_ROOT / "dagster.yaml", folder)
    ports = {"api_port": find_free_port(), "ui_port": find_free_port()}
    settings = Settings.from_env({}, home=folder, dagster_home=folder, workers=1, **ports)
    try:
        with running(settings, folder) as process:
            posted, killed = press(settings, process, kills=kills, moments=random.Random(seed))
            is_sound = judge(settings, posted, killed)
    finally:
        stop_server(folder)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if is_sound else 1)


@contextmanager
def running(settings: Settings, folder: Path) -> Iterator[psutil.Process]:
    """`data-pipeline up`; its output is kept in the folder."""
    command = [sys.executable, "-m", "data_pipeline", "up"]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, env=settings.child_environment(), stdout=log, stderr=log)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()


def press(
    settings: Settings, process: psutil.Process, *, kills: int, moments: random.Random
) -> tuple[Posted, Counter[str]]:
    """Posts until everything was killed that is to be killed."""
    posted, killed, is_over = Posted(), Counter[str](), threading.Event()
    url = f"http://{settings.api_host}:{settings.api_port}/api/v1"
    key, pipeline = prepare(settings, url)
    path = f"{url}/pipelines/{pipeline}/batches"
    threads = [threading.Thread(target=keep_posting, args=(path, key, posted, is_over)) for _ in range(POSTERS)]
    for thread in threads:
        thread.start()
    while killed.total() < kills:
        time.sleep(moments.uniform(*PAUSE_SECONDS))
        target = moments.choice([*TARGETS, "database"])
        if kill(settings, process, target, moments):
            killed[target] += 1
            sys.stdout.write(f"killed {target}; {len(posted.answered)} batches answered\n")
            sys.stdout.flush()
    is_over.set()
    for thread in threads:
        thread.join()
    return posted, killed


def prepare(settings: Settings, url: str) -> tuple[str, str]:
    """A key, and an active pipeline, when the API is there."""
    wait_until_ready(url)
    command = [sys.executable, "-m", "data_pipeline", "keys", "issue", "--owner", "soak", "--name", "soak"]
    shown = subprocess.run(command, env=settings.child_environment(), capture_output=True, text=True, check=True).stdout
    found = re.search(r"dp_live_[0-9a-f]{12}_[\w-]{43}", shown)
    assert found is not None, shown
    with httpx.Client(base_url=url, headers={"X-API-Key": found[0]}, timeout=60) as client:
        made = client.post("/pipelines", json={"name": "soak", "config": CONFIG})
        made.raise_for_status()
        client.post(f"/pipelines/{made.json()['id']}/start").raise_for_status()
    return found[0], made.json()["id"]


def wait_until_ready(url: str) -> None:
    """Until somebody answers."""
    for _ in range(600):
        with suppress(httpx.HTTPError):
            httpx.get(f"{url}/pipelines", timeout=2)
            return
        time.sleep(0.2)
    raise TimeoutError(url)


def keep_posting(path: str, key: str, posted: Posted, is_over: threading.Event) -> None:
    """One program: posts the next batch when the one before is answered, however long that takes."""
    moments = random.Random(threading.get_ident())
    with httpx.Client(headers={"X-API-Key": key}, timeout=15) as client:
        while not is_over.is_set():
            with posted.lock:
                number = next(posted.numbers)
            answered = post_until_answered(client, path, number, posted)
            posted.answered[number] = answered
            if moments.random() < REPEATED and post_until_answered(client, path, number, posted) != answered:
                posted.differing.append(number)


def post_until_answered(client: httpx.Client, path: str, number: int, posted: Posted) -> str:
    """The id of the batch; a program that got no answer asks again under the same key."""
    records = [{"id": f"b{number}-{place}", "n": place} for place in range(RECORDS)]
    body = {"business_date": DAY, "records": records}
    while True:
        try:
            answer = client.post(path, json=body, headers={"Idempotency-Key": f"soak-{number}"})
        except httpx.HTTPError as error:
            posted.failures[type(error).__name__] += 1
        else:
            if answer.status_code == 202:
                return str(answer.json()["id"])
            posted.failures[f"{answer.status_code} {answer.json()['error']['code']}"] += 1
        time.sleep(0.2)


def kill(settings: Settings, process: psutil.Process, target: str, moments: random.Random) -> bool:
    """Whether there was one to kill."""
    if target == "database":
        pid_file = settings.home / "postgres" / "postmaster.pid"
        victims = [int(pid_file.read_text().split()[0])] if pid_file.exists() else []
    else:
        victims = [
            child.pid for child in process.children(recursive=True) if re.search(TARGETS[target], command_of(child))
        ]
    if not victims:
        return False
    with suppress(psutil.NoSuchProcess):
        psutil.Process(moments.choice(victims)).kill()
        return True
    return False


def command_of(process: psutil.Process) -> str:
    """'' when it is gone."""
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return " ".join(process.cmdline())
    return ""


def judge(settings: Settings, posted: Posted, killed: Counter[str]) -> bool:
    """Waits until what was answered is done, and compares it with what is published."""
    started = time.monotonic()
    expected = {f"b{number}-{place}" for number in posted.answered for place in range(RECORDS)}
    while True:
        states, published = read_ledger(settings)
        is_done = set(states.values()) == {"completed"} and len(published) >= len(expected)
        if is_done or time.monotonic() - started > DRAIN_SECONDS:
            break
        time.sleep(2)
    counted = Counter(published)
    lost, doubled = expected - counted.keys(), sum(count - 1 for count in counted.values())
    answered = set(posted.answered.values())
    unfinished = {name: count for name, count in Counter(states.values()).items() if name != "completed"}
    sys.stdout.write(
        f"killed {killed.total()}: {dict(killed)}\n"
        f"batches answered 202: {len(answered)}; in the ledger {len(states)}, unknown {len(states.keys() - answered)}; "
        f"unfinished {unfinished}; answered with two ids {len(posted.differing)}\n"
        f"records posted {len(expected)}, published {len(published)}: lost {len(lost)}, doubled {doubled}, "
        f"strange {len(counted.keys() - expected)}\n"
        f"asked again after: {dict(posted.failures)}; drained in {time.monotonic() - started:.0f} s\n"
    )
    return not (lost or doubled or unfinished or posted.differing) and states.keys() == answered


def read_ledger(settings: Settings) -> tuple[dict[str, str], list[str]]:
    """Status of every batch by id, and every published record's id."""
    with open_database(settings).transaction() as connection:
        states = {str(row.id): row.status for row in connection.execute(text("select id, status from batches"))}
        [asset] = connection.execute(text("select name from pipelines where title = 'soak'")).scalars()
        if connection.execute(text("select to_regclass(:name)"), {"name": f"{asset}_snapshot"}).scalar() is None:
            return states, []
        published = connection.execute(text(f"select id from {asset}_snapshot")).scalars()  # noqa: S608 - our own name
        return states, [str(one) for one in published]


if __name__ == "__main__":
    typer.run(main)
