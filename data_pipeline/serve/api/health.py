"""For whoever watches the process: `/healthz` says that it lives, `/readyz` that it can work. Neither takes a key."""

import asyncio
import time
from collections.abc import Mapping

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from data_pipeline.flow import health
from data_pipeline.flow.health import ASKED_OF_DATABASE, NOT_KNOWN, Part
from data_pipeline.flow.workspace import Workspace
from data_pipeline.serve.api.cache import Cache

log = structlog.get_logger("data_pipeline.api")

router = APIRouter(tags=["health"])
DATABASE_SECONDS = 1.0
FRESH_SECONDS = 1.0
"""Anybody may ask; the parts are asked once a second at most."""


class HealthOut(BaseModel):
    """The process is alive."""

    status: str = "ok"


class PartOut(BaseModel):
    """Something that the work leans on."""

    ok: bool
    detail: str


class ReadinessOut(BaseModel):
    """Whether the installation can do its work now."""

    ok: bool
    parts: dict[str, PartOut]


class Readiness:
    """What the parts last said."""

    def __init__(self, workspace: Workspace, cache: Cache) -> None:
        self._workspace = workspace
        self._cache = cache
        self._asking = asyncio.Lock()
        self._database: asyncio.Task[dict[str, Part]] | None = None
        self._known: tuple[float, Mapping[str, Part]] | None = None

    async def find(self) -> Mapping[str, Part]:
        """Every part."""
        async with self._asking:
            if self._known is None or time.monotonic() - self._known[0] > FRESH_SECONDS:
                parts = {**await self._ask_database(), **await run_in_threadpool(health.check_machine, self._workspace)}
                if self._cache.is_shared:
                    parts["redis"] = await run_in_threadpool(health.attempt, self._cache.ping)
                self._known = time.monotonic(), parts
            return self._known[1]

    async def _ask_database(self) -> dict[str, Part]:
        """One question at a time: while it is not answered, nobody asks again."""
        if self._database is None:
            self._database = asyncio.create_task(run_in_threadpool(health.check_database, self._workspace))
        done, _ = await asyncio.wait({self._database}, timeout=DATABASE_SECONDS)
        if not done:
            late = Part(ok=False, detail=f"no answer within {DATABASE_SECONDS:g} s")
            return {**dict.fromkeys(ASKED_OF_DATABASE, NOT_KNOWN), "database": late}
        answered, self._database = self._database, None
        return answered.result()


@router.get("/healthz", summary="Is it alive")
async def healthz() -> HealthOut:
    """Leans on nothing: a database that is away is no reason to start this process again."""
    return HealthOut()


@router.get("/readyz", summary="Can it work", responses={503: {"model": ReadinessOut, "description": "Not now."}})
async def readyz(request: Request, response: Response) -> ReadinessOut:
    """Every part with what was found; 503 when one is bad."""
    readiness: Readiness = request.app.state.readiness
    parts = {name: PartOut(ok=part.ok, detail=part.detail) for name, part in (await readiness.find()).items()}
    bad = {name: part.detail for name, part in parts.items() if not part.ok}
    if bad:
        log.warning("not ready", parts=bad)
        response.status_code = 503
    return ReadinessOut(ok=not bad, parts=parts)
