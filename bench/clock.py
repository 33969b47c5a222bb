"""Times of a stage and of its floor, taken in turn in the same run."""

import statistics
import time
from collections.abc import Callable

Line = tuple[str, str, str, str, str]
"""Stage, seconds, floor, ratio, and what the floor is."""


def compare(what: str, stage: Callable[[], object], floor: Callable[[], object], floor_is: str, rounds: int) -> Line:
    """Medians of a stage and its floor."""
    pairs = [(clock(stage), clock(floor)) for _ in range(rounds)]
    taken, least = (statistics.median(column) for column in zip(*pairs, strict=True))
    return what, f"{taken:.3f}", f"{least:.3f}", f"{taken / least:.2f}", floor_is


def clock(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
