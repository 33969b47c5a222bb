"""X-API-Key -> the caller, or a refusal: no key, a wrong one, one without the scope, one that asks too often."""

import datetime as dt
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request, Response, Security
from fastapi.security import APIKeyHeader
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from data_pipeline.errors import RequestRefused
from data_pipeline.flow.caller import Caller
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import audit, tracking
from data_pipeline.persist.audit import Entry
from data_pipeline.persist.database import Database
from data_pipeline.persist.keys import Key, digest_key, find_key, load_pepper
from data_pipeline.settings import Settings

HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="Shown once, when it was made.")
KNOWN_SECONDS = 5.0
"""How long a key that fits is not looked up again; a revoked one is refused after that at the latest."""
MOST_KNOWN = 10_000


class Gate:
    """Who may come in, and how often."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._pepper = load_pepper(workspace.home)
        self._known: dict[bytes, tuple[float, Key]] = {}
        self._storage = open_storage(workspace.settings)
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def admit(self, request: HTTPConnection, given: str | None, scope: str) -> Caller:
        """The caller. Raises: RequestRefused."""
        address = request.client.host if request.client else ""
        if not given:
            raise RequestRefused("UNAUTHORIZED", "Missing API key")
        key = await self._find(given)
        if key is None or not key.is_usable(dt.datetime.now(dt.UTC)):
            await self._count_failure(request, address, key)
            raise RequestRefused("UNAUTHORIZED", "Invalid API key")
        request.scope["key_prefix"] = key.prefix
        await self._count(request, key)
        caller = Caller(key.owner_id, key.id, key.prefix, key.scopes, key.limits, request.scope["request_id"])
        if scope not in key.scopes:
            await self._note(caller.entry("access", request.url.path, outcome="FORBIDDEN", scope=scope))
            raise RequestRefused(
                "FORBIDDEN", f"this key lacks the scope {scope!r}; it has: {', '.join(sorted(key.scopes))}"
            )
        return caller

    async def _find(self, given: str) -> Key | None:
        digest = digest_key(given, self._pepper)
        known = self._known.get(digest)
        if known is not None and time.monotonic() - known[0] < KNOWN_SECONDS:
            return known[1]
        key = await run_in_threadpool(self._look_up, given)
        if key is not None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[digest] = (time.monotonic(), key)
        return key

    def _look_up(self, given: str) -> Key | None:
        with self._workspace.database.transaction() as connection:
            key = find_key(connection, given, pepper=self._pepper)
            if key is not None:
                tracking.run(connection, "touch_key", id=key.id)
            return key

    async def _count(self, request: HTTPConnection, key: Key) -> None:
        """Raises: RequestRefused RATE_LIMITED."""
        most = key.limits.requests_per_minute or self._workspace.settings.api_requests_per_minute
        item = RateLimitItemPerMinute(most)
        is_within = self._limiter.hit(item, "key", key.prefix)
        reset, remaining = self._limiter.get_window_stats(item, "key", key.prefix)
        seconds = max(1, round(reset - time.time()))
        # https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
        request.scope["answer_headers"] |= {
            "RateLimit-Policy": f'"key";q={most};w=60',
            "RateLimit": f'"key";r={max(0, remaining)};t={seconds}',
        }
        if not is_within:
            request.scope["answer_headers"]["Retry-After"] = str(seconds)
            raise RequestRefused("RATE_LIMITED", f"this key may make {most} requests a minute. Wait {seconds} s.")

    async def _count_failure(self, request: HTTPConnection, address: str, key: Key | None) -> None:
        """Guessing takes too long to be of use, and is told. Raises: RequestRefused RATE_LIMITED."""
        item = RateLimitItemPerMinute(self._workspace.settings.api_failures_per_minute)
        if not self._limiter.hit(item, "failures", address):
            request.scope["answer_headers"]["Retry-After"] = "60"
            raise RequestRefused("RATE_LIMITED", "too many refused keys from this address. Wait a minute.")
        why = "unknown" if key is None else "revoked or expired"
        owner, actor = (None, "anonymous") if key is None else (key.owner_id, f"key {key.prefix}")
        request_id = request.scope["request_id"]
        entry = Entry(
            owner, actor, "access", request.url.path, "UNAUTHORIZED", {"key": why, "from": address}, request_id
        )
        await self._note(entry)

    async def _note(self, entry: Entry) -> None:
        def write() -> None:
            with self._workspace.database.transaction() as connection:
                audit.note(connection, entry)

        await run_in_threadpool(write)


def open_storage(settings: Settings) -> Storage:
    """Where requests are counted: this process, or Redis for several."""
    if settings.redis_url is None:
        return MemoryStorage()
    return storage_from_string(settings.redis_url.get_secret_value())  # type: ignore[return-value]


@dataclass(frozen=True)
class Visit:
    """One request that was let in."""

    caller: Caller
    workspace: Workspace
    request: Request
    response: Response
    after: BackgroundTasks

    @property
    def database(self) -> Database:
        """Where the caller's rows are."""
        return self.workspace.database

    def own(self, pipeline_id: uuid.UUID) -> dict[str, object]:
        """What queries about a pipeline of the caller ask for."""
        return {"owner_id": self.caller.owner_id, "pipeline_id": pipeline_id}


def needs(scope: str) -> Callable[..., Awaitable[Visit]]:
    """A dependency that lets in who has a scope."""

    async def admit(
        request: Request,
        response: Response,
        after: BackgroundTasks,
        given: Annotated[str | None, Security(HEADER)] = None,
    ) -> Visit:
        gate: Gate = request.app.state.gate
        caller = await gate.admit(request, given, scope)
        return Visit(caller, request.app.state.workspace, request, response, after)

    return admit


PipelineReader = Annotated[Visit, Depends(needs("pipelines:read"))]
PipelineWriter = Annotated[Visit, Depends(needs("pipelines:write"))]
BatchReader = Annotated[Visit, Depends(needs("batches:read"))]
BatchWriter = Annotated[Visit, Depends(needs("batches:write"))]
SnapshotReader = Annotated[Visit, Depends(needs("snapshots:read"))]
MetricsReader = Annotated[Visit, Depends(needs("metrics:read"))]
Admin = Annotated[Visit, Depends(needs("admin"))]
