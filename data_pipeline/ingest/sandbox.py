"""Runs a function over untrusted files in worker processes that may die.

A 2 KB workbook can abort a native reader, and no `except` sees it. So each file is read in a process with limits on
memory and time; whatever happens there ends as a FileFault of that file, and the next file gets a new process.

Python's own process pools are not used: they import the caller's main module into every worker (with Dagster a second
each), and one dead worker breaks all that is queued. Nor are workers forked: the readers start threads when imported.
"""

import functools
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe
from typing import Any, TypeVar, cast

from data_pipeline.errors import StoreError
from data_pipeline.ingest import sandbox_worker
from data_pipeline.ingest.reporting import Told
from data_pipeline.model.batches import FileFault

Result = TypeVar("Result")
OnTold = Callable[[Any], None]

# What workers import before the first file comes: by name, since it lies in a layer above.
READERS = "data_pipeline.flow.prepare"

# After these a reader's memory is not what it was, and the next file is not to suffer for it.
EXHAUSTING = ("READER_OUT_OF_MEMORY", "READER_CRASHED")


ATTEMPTS = 2  # when a reader is killed, which is not its file's fault


class Worker:
    """One reader process, started at construction, and the pipe to it."""

    def __init__(self, memory_mb: int, preload: str) -> None:
        self._pipe, theirs = Pipe()
        command = [sys.executable, "-m", sandbox_worker.__name__, str(theirs.fileno()), str(memory_mb), preload]
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        theirs.close()

    def call(
        self, function: Callable[..., object], arguments: tuple[object, ...], seconds: float, on_told: OnTold
    ) -> object:
        """Result or FileFault of one call; `seconds` may pass without a word from it.

        The worker is gone when `is_alive` says so afterwards.
        """
        try:
            self._pipe.send((function, arguments))
            while self._pipe.poll(seconds):
                answer = self._pipe.recv()
                if isinstance(answer, Told):
                    on_told(answer.value)
                    continue
                if isinstance(answer, FileFault) and answer.code in EXHAUSTING:
                    self.stop()
                return answer
        except (EOFError, BrokenPipeError, ConnectionResetError):
            code = self._process.wait()
            if code == -signal.SIGKILL:  # by the kernel, or somebody: no file does that
                message = "the reader was killed twice, as the kernel does when memory is short. Retry the file."
                return FileFault(code="READER_KILLED", message=message)
            message = f"the reader died of it (exit code {code}). Export the file again and send that."
            return FileFault(code="READER_CRASHED", message=message)
        self.stop()
        message = f"reading took more than {seconds:g} s and was stopped. Split the file, or export it again."
        return FileFault(code="READER_TIMEOUT", message=message)

    @property
    def is_alive(self) -> bool:
        """Whether it can take another file."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ends the process at once; it holds nothing that is worth saving."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()


@functools.cache
def share_sandbox(workers: int, memory_mb: int, seconds: float) -> "Sandbox":
    """The sandbox of this process."""
    return Sandbox(workers=workers, memory_mb=memory_mb, seconds=seconds, preload=READERS)


class Sandbox:
    """A few reader processes, each started when it is needed first, or all ahead of that."""

    def __init__(self, *, workers: int, memory_mb: int, seconds: float, preload: str) -> None:
        self._size = workers
        self._memory_mb = memory_mb
        self._seconds = seconds
        self._preload = preload
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._started = 0
        self._starting = threading.Lock()

    def warm_up(self) -> None:
        """Starts all processes, which import their readers while the caller does something else."""
        while worker := self._start():
            self._idle.put(worker)

    def close(self) -> None:
        """Stops the processes; the next use starts new ones."""
        while not self._idle.empty():
            self._idle.get().stop()
        self._started = 0

    def _start(self) -> Worker | None:
        """One process more; None when there are as many as there may be."""
        with self._starting:
            if self._started == self._size:
                return None
            worker = Worker(self._memory_mb, self._preload)
            self._started += 1  # not before: one that could not be started leaves its place free
        return worker

    def _take(self) -> Worker:
        """A process that is free: one that waits, one more, or else the next that is done."""
        try:
            worker = self._idle.get_nowait()
        except queue.Empty:
            worker = self._start() or self._idle.get()
        # One that died while idle did not die of the next file.
        return worker if worker.is_alive else Worker(self._memory_mb, self._preload)

    def run(
        self,
        function: Callable[..., Result],
        calls: Sequence[tuple[object, ...]],
        *,
        on_told: Callable[[int, Any], None] = lambda _, __: None,
    ) -> Iterator[Result | FileFault]:
        """Calls `function` once per tuple of arguments, in parallel; yields results in order as they come.

        `on_told` gets what a call reports on its way, with the call's position; it is called from several threads.

        Raises: StoreError when a reader could not write what it read, which is no fault of its file.
        """
        threads = ThreadPoolExecutor(max_workers=self._size)
        try:
            told = [functools.partial(on_told, position) for position in range(len(calls))]
            results = threads.map(lambda call, on_told: self._call(function, call, on_told), calls, told)
            yield from cast("Iterator[Result | FileFault]", results)
        finally:
            # Whoever stops early leaves this to the garbage collector, which must not wait for a thread: it may have
            # interrupted one that only just starts.
            threads.shutdown(wait=False, cancel_futures=True)

    def _call(self, function: Callable[..., object], call: tuple[object, ...], on_told: OnTold) -> object:
        answer: object = None
        for _ in range(ATTEMPTS):
            worker = self._take()
            try:
                answer = worker.call(function, call, self._seconds, on_told)
            finally:
                self._idle.put(worker if worker.is_alive else Worker(self._memory_mb, self._preload))
            if not (isinstance(answer, FileFault) and answer.code == "READER_KILLED"):
                break
        if isinstance(answer, StoreError):
            raise answer
        return answer
