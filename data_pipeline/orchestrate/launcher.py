"""How the daemon starts runs: each in a process of its own that was waiting for it; dagster.yaml names this class.

Stays out: which runs there are and when they start (the daemon's queue), and what a run does (assets).
https://docs.dagster.io/deployment/execution/run-launchers
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass, serialize_value

from data_pipeline.orchestrate import run_process
from data_pipeline.orchestrate.run import find_process, name_process

LATER_SECONDS = 2
"""When the next process does its imports: the run that just begins needs the processor more."""


class WarmRunLauncher(RunLauncher[dg.DagsterInstance], ConfigurableClass):
    """Launches runs of this machine, and knows them by process and start, also those of a launcher before it."""

    def __init__(self, inst_data: Any = None) -> None:
        self._inst_data = inst_data
        self._waiting: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> Any:
        """What Dagster made it from."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        """Nothing to configure."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "WarmRunLauncher":
        """As Dagster makes it."""
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Gives a run to the process that waits, and starts the next one."""
        run, origin = context.dagster_run, context.job_code_origin
        assert origin is not None, "the queue gives runs of code locations alone"
        arguments = ExecuteRunArgs(job_origin=origin, run_id=run.run_id, instance_ref=self._instance.get_ref())
        line = f"{serialize_value(arguments)}\n".encode()
        with self._lock:
            process = self._waiting if self._waiting and self._waiting.poll() is None else start_process(0)
            self._waiting = None
            place = {"host": socket.gethostname(), "process": name_process(process.pid)}
            self._instance.add_run_tags(run.run_id, place)
            hand_over(process, line)
            self._waiting = start_process(LATER_SECONDS)

    def terminate(self, run_id: str) -> bool:
        """Asks a run to end; whether there was any."""
        run = self._instance.get_run_by_id(run_id)
        process = find_process(run.tags) if run and not run.is_finished else None
        if run is None or process is None:
            return False
        self._instance.report_run_canceling(run)
        with contextlib.suppress(ProcessLookupError):  # it ended this moment
            os.kill(process, signal.SIGTERM)
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """A run whose process was killed is found by the daemon's monitor."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether a run's process is there; of another machine's nobody here can tell."""
        if run.tags.get("host") != socket.gethostname():
            return CheckRunHealthResult(WorkerStatus.UNKNOWN, f"the run is not one of {socket.gethostname()}")
        if find_process(run.tags) is None:
            return CheckRunHealthResult(WorkerStatus.FAILED, "the process that ran it is gone")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    @property
    def waiting_process(self) -> int | None:
        """Which process waits for the next run."""
        return self._waiting.pid if self._waiting else None

    def dispose(self) -> None:
        """The process that waits has nothing to wait for."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.kill()
            waiting.wait()


def start_process(seconds: float) -> subprocess.Popen[bytes]:
    """A process that waits for a run; it is no part of our process group, so that a run outlives us."""
    command = [sys.executable, "-m", run_process.__name__, str(seconds)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def hand_over(process: subprocess.Popen[bytes], line: bytes) -> None:
    """Tells a process its run, and has it collected when it ends."""
    assert process.stdin is not None
    with process.stdin as stream:
        stream.write(line)
    threading.Thread(target=process.wait, daemon=True).start()
