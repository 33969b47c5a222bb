"""Everything under one command: database, code location, daemon, UI and REST API as children of this process.

Stays out: what they do. A child that dies is started again; a signal ends all of them.
https://docs.dagster.io/deployment/code-locations/running-dagster-with-a-grpc-server
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from data_pipeline.errors import StoreError
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist.database import resolve_url
from data_pipeline.settings import Settings

READY_SECONDS = 60
STOP_SECONDS = 15
POLL_SECONDS = 0.5
RESTART_SECONDS = 3.0
HOLLOW_SECONDS = 30.0
LOCATION = "data_pipeline"


@dataclass
class Child:
    """A process that is kept running."""

    name: str
    command: list[str]
    has_worker: bool = False
    """It keeps a process of its own for its work."""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0

    def start(self, settings: Settings) -> None:
        """Starts it in a session of its own, so that a ctrl-C reaches it through us, once."""
        # -c and not the shell script: the interpreter that runs us is the one with the packages
        environment = settings.child_environment()
        self.process = subprocess.Popen(self.command, env=environment, start_new_session=True)
        self.started_at = time.monotonic()

    @property
    def has_died(self) -> bool:
        """It ended by itself."""
        return self.process is not None and self.process.poll() is not None

    @property
    def is_hollow(self) -> bool:
        """It goes on without the process that does its work, which it should have had by now.

        Dagster's code server is a proxy: it does not notice that the server behind it was killed.
        """
        if not self.has_worker or self.process is None or time.monotonic() - self.started_at < HOLLOW_SECONDS:
            return False
        try:
            workers = psutil.Process(self.process.pid).children()
            return all(worker.status() == psutil.STATUS_ZOMBIE for worker in workers)
        except psutil.NoSuchProcess:
            return False

    def stop(self) -> None:
        """Asks it to end, and insists after a while."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_everything(settings: Settings, *, say: Callable[[str], None]) -> int:
    """Runs until SIGTERM or ctrl-C; returns the exit status.

    Raises: StoreError when the database is out of reach or the UI's port is taken.
    """
    settings.drive_folder.mkdir(parents=True, exist_ok=True)
    Workspace.open(settings).close()
    require_free_port(settings.ui_host, settings.ui_port, "DATA_PIPELINE_UI_PORT")
    require_free_port(settings.api_host, settings.api_port, "DATA_PIPELINE_API_PORT")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    code, port = plan_code_location(settings)
    workspace = write_workspace(settings, port)
    children = [code, *plan_services(settings, workspace)]
    try:
        code.start(settings)
        wait_for_port("127.0.0.1", port, code, stopping)
        for child in children[1:]:
            child.start(settings)
        *_, ui, api = children
        wait_for_port(settings.api_host, settings.api_port, api, stopping)
        wait_for_port(settings.ui_host, settings.ui_port, ui, stopping)
        say(describe(settings))
        keep_running(children, settings, stopping, say=say)
    finally:
        for child in reversed(children):
            child.stop()
    say("stopped; the database goes on (data-pipeline db stop)")
    return 0


def describe(settings: Settings) -> str:
    """Where everything is."""
    ui, api = f"http://{settings.ui_host}:{settings.ui_port}", f"http://{settings.api_host}:{settings.api_port}/api/v1"
    return f"Dagster UI  {ui}\nREST API    {api}\ndrive       {settings.drive_folder}"


def plan_code_location(settings: Settings) -> tuple[Child, int]:
    """The server that holds the definitions, and its port."""
    port = find_free_port()
    command = ["-m", "dagster", "code-server", "start", "-h", "127.0.0.1", "-p", str(port)]
    module = ["-m", "data_pipeline.definitions", "--location-name", LOCATION]
    return Child("code location", [sys.executable, *command, *module], has_worker=True), port


def plan_services(settings: Settings, workspace: Path) -> list[Child]:
    """Daemon, UI, then the API: the last to start is the first to stop, so nothing is accepted by what goes down."""
    ui = ["-h", settings.ui_host, "-p", str(settings.ui_port), "-w", str(workspace)]
    return [
        Child("daemon", [sys.executable, "-m", "data_pipeline.orchestrate.daemon", "run", "-w", str(workspace)]),
        Child("UI", [sys.executable, "-m", "dagster_webserver", *ui]),
        Child("API", [sys.executable, "-m", "data_pipeline", "api"]),
    ]


def write_workspace(settings: Settings, port: int) -> Path:
    """The workspace file of this run: all services share one code location."""
    path = settings.home / "workspace.yaml"
    server = {"host": "127.0.0.1", "port": port, "location_name": LOCATION}
    path.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}), encoding="utf-8")
    return path


def keep_running(
    children: list[Child], settings: Settings, stopping: threading.Event, *, say: Callable[[str], None]
) -> None:
    """Starts children again that died, and the embedded database, until somebody wants to stop."""
    while not stopping.wait(POLL_SECONDS):
        revive_database(settings, say=say)
        for child in children:
            if child.is_hollow:
                child.stop()
            if child.has_died and time.monotonic() - child.started_at > RESTART_SECONDS:
                say(f"{child.name} ended by itself; it is started again")
                child.start(settings)


def revive_database(settings: Settings, *, say: Callable[[str], None]) -> None:
    """Starts the embedded server again if it died: whoever needs it only tries again."""
    try:
        resolve_url(settings)
    except StoreError as error:
        say(f"the database does not start: {error}")


def find_free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free_port(host: str, port: int, variable: str) -> None:
    """Refuses a port that somebody listens on already."""
    if is_listening(host, port):
        raise StoreError(f"{host}:{port} is taken: is it up already? Otherwise set {variable}.")


def is_listening(host: str, port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def wait_for_port(host: str, port: int, child: Child, stopping: threading.Event) -> None:
    """Waits until a child listens.

    Raises: StoreError when it died or does not answer in time.
    """
    give_up = time.monotonic() + READY_SECONDS
    while not is_listening(host, port):
        if stopping.wait(POLL_SECONDS):
            return
        if child.has_died or time.monotonic() > give_up:
            raise StoreError(f"{child.name} does not answer on {host}:{port}; what it printed stands above.")
