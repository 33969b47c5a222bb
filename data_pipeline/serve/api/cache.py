"""What was just found out, kept for a moment: in this process, or in Redis for several of them."""

import importlib
import threading
import time
from collections import OrderedDict
from typing import Any, Protocol

import structlog

from data_pipeline.errors import RequestError, StoreError
from data_pipeline.settings import Settings

log = structlog.get_logger("data_pipeline.api")

MOST_BYTES = 64 << 20
PREFIX = "data_pipeline:"
REDIS_SECONDS = 1.0
PAUSE_SECONDS = 5.0
"""After a failure Redis is not asked for so long, or every request would wait for it."""


class Cache(Protocol):
    """Bytes by name, for a while. It may forget at any time, so whoever asks can also find out."""

    is_shared: bool
    """With other processes: asking it waits for the network."""

    def get(self, name: str) -> bytes | None:
        """What is kept; None when nothing is."""
        ...

    def set(self, name: str, value: bytes, seconds: float) -> None:
        """Keeps it so long at most."""
        ...

    def delete(self, name: str) -> None:
        """Forgets it."""
        ...

    def ping(self) -> None:
        """Whether it answers. Raises: StoreError."""
        ...


class MemoryCache:
    """In this process; what was not asked for the longest goes first."""

    is_shared = False

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """What is kept."""
        with self._guard:
            until, value = self._kept.get(name, (0.0, b""))
            if time.monotonic() >= until:
                self._drop(name)
                return None
            self._kept.move_to_end(name)
            return value

    def set(self, name: str, value: bytes, seconds: float) -> None:
        """Keeps it; what is larger than everything together is not kept."""
        with self._guard:
            self._drop(name)
            if len(value) > self._most_bytes:
                return
            self._kept[name] = time.monotonic() + seconds, value
            self._bytes += len(name) + len(value)
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._kept)))

    def delete(self, name: str) -> None:
        """Forgets it."""
        with self._guard:
            self._drop(name)

    def ping(self) -> None:
        """It is always there."""

    def _drop(self, name: str) -> None:
        found = self._kept.pop(name, None)
        if found is not None:
            self._bytes -= len(name) + len(found[1])


class RedisCache:
    """In Redis. While it is away nothing is kept, and every request finds out by itself."""

    is_shared = True

    def __init__(self, client: Any, failure: type[Exception]) -> None:
        self._client = client
        self._failure = failure
        self._asks_again_at = 0.0

    def get(self, name: str) -> bytes | None:
        """What is kept."""
        found: bytes | None = self._ask("get", PREFIX + name)
        return found

    def set(self, name: str, value: bytes, seconds: float) -> None:
        """Keeps it."""
        self._ask("set", PREFIX + name, value, px=max(1, round(seconds * 1000)))

    def delete(self, name: str) -> None:
        """Forgets it."""
        self._ask("delete", PREFIX + name)

    def ping(self) -> None:
        """Whether it answers. Raises: StoreError."""
        try:
            self._client.ping()
        except self._failure as error:
            raise StoreError("Redis does not answer. See to it, or unset DATA_PIPELINE_REDIS_URL.") from error

    def _ask(self, command: str, *arguments: object, **options: object) -> Any:
        if time.monotonic() < self._asks_again_at:
            return None
        try:
            return getattr(self._client, command)(*arguments, **options)
        except self._failure as error:
            self._asks_again_at = time.monotonic() + PAUSE_SECONDS
            log.warning("cache", status="unavailable", error=type(error).__name__)
            return None


def open_cache(settings: Settings) -> Cache:
    """The one that the settings name. Raises: RequestError when Redis is wanted and its package is not installed."""
    if settings.redis_url is None:
        return MemoryCache()
    try:
        redis = importlib.import_module("redis")  # an extra: most installations have no Redis
    except ImportError as error:
        raise RequestError("DATA_PIPELINE_REDIS_URL is set: pip install 'data_pipeline[redis]'") from error
    url = settings.redis_url.get_secret_value()
    client = redis.Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    return RedisCache(client, redis.RedisError)
