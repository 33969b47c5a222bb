"""The API as a process of its own, whose memory can be looked at."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from pydantic import SecretStr

from data_pipeline.flow.workspace import Workspace
from data_pipeline.settings import Settings
from data_pipeline_tests.conftest import fresh_database
from data_pipeline_tests.serve.running import RunningApi

START_SECONDS = 60
LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class ApiApart(RunningApi):
    """Its settings are those of the workspace."""

    server: psutil.Process

    @contextlib.contextmanager
    def growing(self) -> Iterator[list[int]]:
        """Looks all the time; the last of the list is by how many bytes it grew at most."""
        before, most, is_over = self.server.memory_info().rss, [0], threading.Event()

        def look() -> None:
            while not is_over.wait(LOOK_SECONDS):
                most.append(max(most[-1], self.server.memory_info().rss - before))

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield most
        finally:
            is_over.set()
            thread.join()


@contextlib.contextmanager
def serving_apart(postgres_url: str, template: str, home: Path, **more: Any) -> Iterator[ApiApart]:
    """`data-pipeline api` on a database of its own."""
    with fresh_database(postgres_url, template) as database_url, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        folders = {"drive_folder": home / "drive", "pipelines_dir": home / "pipelines", "output_dir": home / "output"}
        own = {"database_url": SecretStr(database_url), "api_port": probe.getsockname()[1], "workers": 1}
        probe.close()
        settings = Settings(home=home, **folders, **own, **more)
        workspace = Workspace.open(settings)
        command = [sys.executable, "-m", "data_pipeline", "api"]
        with (
            (home / "api.log").open("wb") as log,
            subprocess.Popen(command, env=settings.child_environment(), stdout=log, stderr=log) as server,
        ):
            try:
                url = f"http://127.0.0.1:{settings.api_port}"
                await_start(server, url, log=home / "api.log")
                yield ApiApart(workspace, url, psutil.Process(server.pid))
            finally:
                server.terminate()
                server.wait()
                workspace.close()
                workspace.database.engine.dispose()


def await_start(server: "subprocess.Popen[bytes]", url: str, *, log: Path) -> None:
    """It answers."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{url}/healthz")
            return
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.05)
