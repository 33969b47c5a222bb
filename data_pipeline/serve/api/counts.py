"""How often somebody asked: counted in this process, or in Redis for several of them."""

import time
from dataclasses import dataclass

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from data_pipeline.serve.api.cache import PAUSE_SECONDS, REDIS_SECONDS
from data_pipeline.settings import Settings

log = structlog.get_logger("data_pipeline.api")


@dataclass(frozen=True)
class Count:
    """One request, counted. `seconds`: until there is room for more."""

    is_within: bool
    remaining: int
    seconds: int


class Counts:
    """While Redis is away each process counts by itself: a limit holds in each of them, and nobody is turned away."""

    def __init__(self, shared: Storage | None) -> None:
        self._alone = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if shared is None else SlidingWindowCounterRateLimiter(shared)
        self._asks_again_at = 0.0

    async def hit(self, per_minute: int, kind: str, name: str) -> Count:
        """Counts one."""
        item = RateLimitItemPerMinute(per_minute)
        if self._shared is None or time.monotonic() < self._asks_again_at:
            return await count(self._alone, item, kind, name)
        try:
            return await count(self._shared, item, kind, name)
        except StorageError as error:
            # For a while it is not asked, or every request would wait for it.
            self._asks_again_at = time.monotonic() + PAUSE_SECONDS
            log.warning("limits", status="unavailable", error=type(error.__cause__).__name__)
            return await count(self._alone, item, kind, name)


async def count(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItemPerMinute, kind: str, name: str) -> Count:
    """One more in the window of the last minute."""
    is_within = await limiter.hit(item, kind, name)
    reset, remaining = await limiter.get_window_stats(item, kind, name)
    return Count(is_within, max(0, remaining), max(1, round(reset - time.time())))


def open_counts(settings: Settings) -> Counts:
    """Those that the settings name."""
    if settings.redis_url is None:
        return Counts(None)
    shared = storage_from_string(
        f"async+{settings.redis_url.get_secret_value()}",
        implementation="redispy",
        wrap_exceptions=True,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )
    return Counts(shared)  # type: ignore[arg-type]  # by the address it is an asynchronous one
