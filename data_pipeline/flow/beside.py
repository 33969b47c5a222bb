"""One thing done beside another: what is done with a chunk, while the next chunk is made."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

Argument = TypeVar("Argument")


class Beside:
    """A single thread that is never more than one step behind, so that memory holds one chunk more and no further."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._running: Future[None] | None = None

    def run(self, step: Callable[[Argument], None], argument: Argument) -> None:
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
