"""X-API-Key -> the caller, or a refusal: no key, a wrong one, one without the scope, one that asks too often."""

import datetime as dt
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from data_pipeline.errors import RequestRefused
from data_pipeline.flow.caller import Caller
from data_pipeline.flow.workspace import Workspace
from data_pipeline.persist import audit, tracking
from data_pipeline.persist.audit import Entry
from data_pipeline.persist.database import Database
from data_pipeline.persist.keys import Key, find_key, load_pepper
from data_pipeline.serve.api.cache import Cache
from data_pipeline.serve.api.counts import open_counts
from data_pipeline.serve.api.known_keys import KnownKeys

HEADER = "X-API-Key"


class Gate:
    """Who may come in, and how often."""

    def __init__(self, workspace: Workspace, cache: Cache) -> None:
        self._workspace = workspace
        self._pepper = load_pepper(workspace.home)
        self._known = KnownKeys(cache, self._pepper)
        self._counts = open_counts(workspace.settings)

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

    def forget(self, prefix: str) -> None:
        """A key was revoked or replaced: the next request looks it up again."""
        self._known.forget(prefix)

    async def _find(self, given: str) -> Key | None:
        known = None if self._known.is_shared else self._known.find(given)
        return known or await run_in_threadpool(self._look_up, given)

    def _look_up(self, given: str) -> Key | None:
        known = self._known.find(given) if self._known.is_shared else None
        if known is not None:
            return known
        with self._workspace.database.transaction() as connection:
            key = find_key(connection, given, pepper=self._pepper)
            if key is not None:
                tracking.run(connection, "touch_key", id=key.id)
        if key is not None:
            self._known.keep(given, key)
        return key

    async def _count(self, request: HTTPConnection, key: Key) -> None:
        """Raises: RequestRefused RATE_LIMITED."""
        most = key.limits.requests_per_minute or self._workspace.settings.api_requests_per_minute
        counted = await self._counts.hit(most, "key", key.prefix)
        # https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
        request.scope["answer_headers"] |= {
            "RateLimit-Policy": f'"key";q={most};w=60',
            "RateLimit": f'"key";r={counted.remaining};t={counted.seconds}',
        }
        if not counted.is_within:
            request.scope["answer_headers"]["Retry-After"] = str(counted.seconds)
            words = f"this key may make {most} requests a minute. Wait {counted.seconds} s."
            raise RequestRefused("RATE_LIMITED", words)

    async def _count_failure(self, request: HTTPConnection, address: str, key: Key | None) -> None:
        """Guessing takes too long to be of use, and is told. Raises: RequestRefused RATE_LIMITED."""
        most = self._workspace.settings.api_failures_per_minute
        if not (await self._counts.hit(most, "failures", address)).is_within:
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

    async def admit(request: Request, response: Response, after: BackgroundTasks) -> Visit:
        gate: Gate = request.app.state.gate
        caller = await gate.admit(request, request.headers.get(HEADER), scope)
        return Visit(caller, request.app.state.workspace, request, response, after)

    return admit


PipelineReader = Annotated[Visit, Depends(needs("pipelines:read"))]
PipelineWriter = Annotated[Visit, Depends(needs("pipelines:write"))]
BatchReader = Annotated[Visit, Depends(needs("batches:read"))]
BatchWriter = Annotated[Visit, Depends(needs("batches:write"))]
SnapshotReader = Annotated[Visit, Depends(needs("snapshots:read"))]
MetricsReader = Annotated[Visit, Depends(needs("metrics:read"))]
Admin = Annotated[Visit, Depends(needs("admin"))]
