"""Work beside other work in one process, in threads: what is made ahead, and what is done a step behind."""

import functools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

Argument = TypeVar("Argument")
Piece = TypeVar("Piece")
Parsed = TypeVar("Parsed")

AHEAD = 2  # pieces that are parsed while another is used


class Beside:
    """A single thread that is never more than one step behind, so that memory holds one chunk more and no further."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._running: Future[object] | None = None

    def run(self, step: Callable[[Argument], object], argument: Argument) -> None:
        """Starts a step once the one before it is done. Raises: what that one raised."""
        self._wait()
        self._running = self._thread.submit(step, argument)

    def _wait(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for the last step; its error counts unless another came first."""
        try:
            if error is None:
                self._wait()
        finally:
            self._thread.shutdown()


def parse_ahead(pieces: Iterator[Piece], parse: Callable[[Piece], Parsed], *, ahead: int = AHEAD) -> Iterator[Parsed]:
    """What is made of every piece, in order; the next are parsed meanwhile. Raises: what parsing raises."""
    threads = share_threads()
    running: deque[Future[Parsed]] = deque()
    for piece in pieces:
        running.append(threads.submit(parse, piece))
        if len(running) > ahead:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


@functools.cache
def share_threads() -> ThreadPoolExecutor:
    """The threads that parse ahead in this process.

    Not one pool a file: a reader that stops early leaves its generator to the garbage collector, and a pool that is
    shut down there may wait for ever for a thread whose start the collector interrupted.
    """
    return ThreadPoolExecutor(AHEAD, thread_name_prefix="parse")
