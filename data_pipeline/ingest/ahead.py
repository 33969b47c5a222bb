"""Pieces of a file that are parsed while those before them are used."""

import functools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Parsed = TypeVar("Parsed")

AHEAD = 2  # pieces that are parsed while another is used


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
